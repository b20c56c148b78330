"""`djlib select-batch`: the next records worth a look."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import _options as o

if TYPE_CHECKING:
    from ._session import Session


@o.in_session()
def select_batch(
    session: Session,
    source: Annotated[
        Path | None, typer.Argument(help="A file of listings; default: what was scanned.")
    ] = None,
    k: Annotated[int | None, typer.Option("--k", help="How many to ask about (20).")] = None,
    mode: Annotated[
        str | None,
        typer.Option("--mode", help="Who learns: strong, or faithful, the recipe as given."),
    ] = None,
    dial: Annotated[
        str | None,
        typer.Option("--dial", help="Lean to accuracy, balanced, diverse or novel ones."),
    ] = None,
    pool: Annotated[
        str | None,
        typer.Option("--pool", help="Listings to look at: all, or a number drawn at random."),
    ] = None,
    adaptive: Annotated[
        bool | None,
        typer.Option(
            "--adaptive/--fixed",
            help="Explore by what exploring earned, or by the schedule.",
            show_default=False,
            rich_help_panel=o.ADVANCED,
        ),
    ] = None,
    ab: Annotated[
        str | None,
        typer.Option(
            "--ab",
            metavar="OTHER",
            help="Let another one choose half of it, and see whose you keep: faithful, strong, "
            "random (no choice at all), or a version.",
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Default: data/batch.csv.")
    ] = None,
    dry_run: o.DryRun = False,
    seed: o.Seed = None,
) -> None:
    """Choose the next records worth a look.

    Some that you should like, some to learn from; write 1 or 0 beside each and feed it back.

    Example: djlib select-batch --k 20
    """
    from djlib.workflows.keepers.select_batch import select_listings

    keepers = {"k": k, "mode": mode, "dial": dial, "pool": pool, "adaptive": adaptive}
    session.use(seed=seed, keepers=keepers)
    report = select_listings(
        session.workspace,
        session.settings,
        source,
        output=output,
        ab=ab,
        talk=session.talk,
        dry_run=dry_run,
    )
    session.show(report)
