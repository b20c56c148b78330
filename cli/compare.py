"""`djlib compare`: models side by side."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from . import _options as o

if TYPE_CHECKING:
    from djlib.bucketing.comparison.model_comparison import FoldKindResult
    from djlib.workflows.buckets.comparison import CompareReport


_BAR = 5


def compare(
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
    json: o.Json = False,
    workspace: o.Workspace = None,
    verbose: o.Verbose = False,
) -> None:
    """Compare models on the same folds of your library.

    Example: djlib compare --report report.html
    """
    from djlib.bucketing.comparison.model_comparison import ComparisonOptions
    from djlib.workflows.buckets.compare import compare_on_library, write_comparison

    from ._session import Session

    session = Session(workspace, as_json=json, verbose=verbose, seed=seed)
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
    session.show(found, comparison)
    for path in written:
        session.talk.say(f"Written: {path}")
    if not written:
        session.talk.say("With charts: djlib compare --report report.html")


def comparison(report: CompareReport) -> None:
    """Draw the verdict, the figures of each model and what the differences are worth."""
    from djlib.workflows.buckets.compare_words import headline, meta, sentences

    from ._render import heading, line, problems

    problems(report.problems)
    heading(headline(report))
    line(meta(report))
    for sentence in sentences(report):
        line(f"- {sentence}")
    for found in report.rounds:
        _round(report, found)
    _saved(report)
    _curve(report)


def _round(report: CompareReport, found: FoldKindResult) -> None:
    from djlib.workflows.buckets.compare_words import DUEL_HEADINGS, KINDS, columns, duel_row

    from ._render import bar, heading, table

    shown = [column for column in columns(report.is_multi) if column.is_brief]
    heading(f"On {KINDS[found.kind]}")
    rows = [
        [s.name, f"{bar(s.figures['accuracy'], _BAR)} {shown[0].write(s)}"]
        + [column.write(s) for column in shown[1:]]
        + [f"{s.fit_s:.2f} + {s.predict_s:.2f}"]
        for s in found.results
        if not s.failed
    ]
    names = [*(column.heading for column in shown), "fit + predict s"]
    table(["model", *names], rows, right=",".join(names[1:]))
    if found.comparisons:
        heading(f"Held against {found.against}")
        right = ",".join(DUEL_HEADINGS[2:5])
        table(list(DUEL_HEADINGS), [duel_row(d) for d in found.comparisons], right=right)


def _saved(report: CompareReport) -> None:
    from djlib.workflows.buckets.compare_words import saved

    from ._render import heading, table

    if report.saved:
        heading("As saved, on tracks kept aside that none has learned from")
        table(["model", "right", "difference (95 %)", "verdict"], saved(report))


def _curve(report: CompareReport) -> None:
    from ._render import bar, heading, percent, table

    if report.curve:
        heading("With fewer labels")
        rows = [
            (p.name, f"{p.labels:,}", f"{bar(p.accuracy)} {percent(p.accuracy)}",
             f"{p.log_loss:.3f}")
            for p in report.curve
        ]  # fmt: skip
        table(["model", "labels", "right", "log-loss"], rows, right="labels,log-loss")
