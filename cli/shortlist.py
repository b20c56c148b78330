"""`djlib shortlist`: every record ranked, to shop from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import _options as o

if TYPE_CHECKING:
    from ._session import Session


@o.in_session()
def shortlist(
    session: Session,
    top: Annotated[int, typer.Option("--top", min=1, help="How many to show.")] = 20,
    max_price: Annotated[
        float | None, typer.Option("--max-price", min=0, help="Nothing dearer than this.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Default: data/shortlist.csv.")
    ] = None,
    wantlist: Annotated[
        Path | None,
        typer.Option("--wantlist", help="Also write the first ones as a Discogs wantlist."),
    ] = None,
) -> None:
    """Rank every record that is open, to shop from.

    One row a record, at its cheapest offer: how likely you keep it, price and link.

    Example: djlib shortlist --max-price 25 --wantlist wantlist.csv
    """
    from djlib.workflows.keepers.shortlist import shortlist as ranked

    report = ranked(
        session.workspace,
        session.settings,
        top=top,
        max_price=max_price,
        output=output,
        wantlist=wantlist,
        talk=session.talk,
    )
    session.show(report)
