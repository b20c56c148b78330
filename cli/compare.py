"""`djlib compare`: models side by side."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from . import _options as o

if TYPE_CHECKING:
    from ._session import Session


@o.in_session(wait=False)
def compare(
    session: Session,
    models: Annotated[
        list[str] | None,
        typer.Argument(
            help="Models by name, or saved versions: an id, 'current', 'previous'. "
            "Default: the best model and simple_ml.",
            show_default=False,
        ),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option("--data", help="A table or library; default: what training would use."),
    ] = None,
    kind: Annotated[
        Literal["stratified", "artist", "both"],
        typer.Option("--kind", help="Test on new tracks, on tracks of new artists, or both."),
    ] = "both",
    folds: Annotated[
        int | None,
        typer.Option("--folds", min=2, max=50, help="Folds of the cross-validation (5)."),
    ] = None,
    repeats: Annotated[
        int, typer.Option("--repeats", min=1, max=50, help="Times over, with other folds.")
    ] = 1,
    curve: Annotated[
        bool, typer.Option("--curve", help="Also learn from fewer labels: 50, 100, 200 and so on.")
    ] = False,
    report: o.Page = None,
    markdown: Annotated[
        Path | None,
        typer.Option(
            "--markdown", dir_okay=False, help="Write the tables as Markdown, e.g. report.md."
        ),
    ] = None,
    against: Annotated[
        str | None,
        typer.Option(
            "--against",
            help="Hold the others against this model, or 'baseline' for the best simple one. "
            "Default: the first named.",
            rich_help_panel=o.ADVANCED,
        ),
    ] = None,
    baselines: Annotated[
        bool,
        typer.Option(
            "--baselines/--no-baselines",
            help="Also show simple models: base rates, genre, artist, text.",
            rich_help_panel=o.ADVANCED,
        ),
    ] = True,
    several: o.Several = None,
    seed: o.Seed = None,
) -> None:
    """Compare models on the same folds of your library.

    Example: djlib compare --report report.html
    """
    from djlib.bucketing.comparison.model_comparison import ComparisonOptions
    from djlib.workflows.buckets.compare import compare_on_library, write_comparison

    session.use(seed=seed)
    chosen = session.settings.buckets
    rules = ComparisonOptions(
        kinds=("stratified", "artist") if kind == "both" else (kind,),
        n_folds=folds or chosen.folds,
        repeats=repeats,
        min_tracks=chosen.min_tracks,
        seed=session.settings.seed,
    )
    found = compare_on_library(
        session.workspace,
        session.settings,
        models or (),
        source=data,
        rules=rules,
        against=against,
        baselines=baselines,
        curve=curve,
        several=several,
        talk=session.talk,
    )
    written = write_comparison(found, page=report, markdown=markdown)
    session.show(found)
    for path in written:
        session.talk.say(f"Written: {path}")
    if not written:
        session.talk.say("With charts: djlib compare --report report.html")
