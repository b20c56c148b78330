"""`djlib simulate`: policies played on a labelled pool."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import _options as o

if TYPE_CHECKING:
    from ._session import Session


@o.in_session(wait=False)
def simulate(
    session: Session,
    pool: Annotated[Path, typer.Argument(help="Listings with `keeper`, 1 or 0, in every row.")],
    policies: Annotated[
        list[str] | None,
        typer.Argument(
            help="Who plays: random, greedy, greedy_sbert, linucb, lints, faithful, strong, "
            "oracle; strong_greedy never explores. Default: random, greedy, faithful, strong.",
            show_default=False,
        ),
    ] = None,
    batches: Annotated[int, typer.Option("--batches", min=1, help="Batches of a game.")] = 10,
    k: Annotated[int, typer.Option("--k", min=1, help="Listings in a batch.")] = 20,
    start: Annotated[
        int, typer.Option("--start", min=1, help="Random answers that are there to start.")
    ] = 20,
    candidates: Annotated[
        str,
        typer.Option("--candidates", help="Random listings each batch is chosen from, or 'all'."),
    ] = "1000",
    seeds: Annotated[
        int, typer.Option("--seeds", min=1, max=1000, help="Games each, with other luck.")
    ] = 5,
    report: o.Page = None,
    resume: Annotated[
        Path | None,
        typer.Option(
            "--resume", dir_okay=False, help="Keep games in this file; go on after a stop."
        ),
    ] = None,
    transfer: Annotated[
        str | None,
        typer.Option(
            "--transfer",
            metavar="GENRE",
            help="Also: what answers of this genre are worth for the others.",
            rich_help_panel=o.ADVANCED,
        ),
    ] = None,
    few_shot: Annotated[
        bool,
        typer.Option(
            "--few-shot",
            help="Also: how fast a new artist is learned.",
            rich_help_panel=o.ADVANCED,
        ),
    ] = False,
) -> None:
    """Try policies on labelled listings.

    Example: djlib simulate listings.csv strong random --report report.html
    """
    from djlib.bandit.simulation.episode import SimulationOptions
    from djlib.workflows.keepers.simulate import candidates_of, simulate_policies, write_page

    found = simulate_policies(
        pool,
        policies or (),
        rules=SimulationOptions(
            batches=batches, k=k, start=start, candidates=candidates_of(candidates)
        ),
        seeds=seeds,
        genre=transfer,
        artists=few_shot,
        resume=resume,
        talk=session.talk,
    )
    session.show(found)
    if report:
        session.talk.say(f"Written: {write_page(found, report)}")
