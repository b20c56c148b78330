"""`djlib recommend`: the open calls worth a look."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import _options as o

if TYPE_CHECKING:
    from ._session import Session


@o.in_session()
def recommend(
    session: Session,
    user: Annotated[str, typer.Option("--user", "-u", help="For whom.")] = "me",
    top: Annotated[int | None, typer.Option("--top", help="How many (10).")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Default: data/recommendations.csv.")
    ] = None,
    dry_run: o.DryRun = False,
    seed: o.Seed = None,
) -> None:
    """Show the open calls you would want to see.

    Each with a reason; write a rating beside it and feed it back.

    Example: djlib recommend --user mara --top 10
    """
    from djlib.workflows.opportunities.recommend import recommend_calls

    session.use(seed=seed, opportunities={"top": top})
    report = recommend_calls(
        session.workspace,
        session.settings,
        user,
        output=output,
        talk=session.talk,
        dry_run=dry_run,
    )
    session.show(report)
