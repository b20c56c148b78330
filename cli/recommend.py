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
    closing: Annotated[
        float | None, typer.Option("--closing", min=0, help="Only what closes within so many days.")
    ] = None,
    place: Annotated[
        str, typer.Option("--place", help="Only here, or online: 'Berlin, Germany'.")
    ] = "",
    kind: Annotated[
        list[str] | None,
        typer.Option("--kind", help="Only residency, grant, job, ...; may be given again."),
    ] = None,
    free: Annotated[bool, typer.Option("--free", help="Nothing that names an entry fee.")] = False,
    calendar: Annotated[
        Path | None, typer.Option("--ics", help="Also write the deadlines as a calendar.")
    ] = None,
    dry_run: o.DryRun = False,
    seed: o.Seed = None,
) -> None:
    """Show the open calls you would want to see.

    Each with a reason; write a rating beside it and feed it back.

    Example: djlib recommend --closing 7 --free --ics deadlines.ics
    """
    from djlib.opportunities.call_facts import Wanted
    from djlib.workflows.opportunities.recommend import recommend_calls

    session.use(seed=seed, opportunities={"top": top})
    report = recommend_calls(
        session.workspace,
        session.settings,
        user,
        output=output,
        calendar=calendar,
        wanted=Wanted(closing, place, tuple(kind or ()), free),
        talk=session.talk,
        dry_run=dry_run,
    )
    session.show(report)
