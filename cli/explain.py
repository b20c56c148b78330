"""`djlib explain`: why a track gets its bucket, what was said of it before, what the model uses."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import _options as o

if TYPE_CHECKING:
    from djlib.bucketing.analysis.importance import Loss
    from djlib.workflows.buckets.explain import ExplainReport, History, ImportanceReport

_BY = {
    "correction": "your last correction",
    "library": "your own playlists",
    "prediction": "the last answer; you have not said otherwise",
}


def explain(
    track: Annotated[
        str | None, typer.Argument(help="A track's id, or a piece of its artist and title.")
    ] = None,
    history: Annotated[
        bool, typer.Option("--history", help="Every answer it ever got, and your corrections.")
    ] = False,
    model: Annotated[
        bool, typer.Option("--model", help="Not a track: which fields the model leans on.")
    ] = False,
    chart: Annotated[
        Path | None,
        typer.Option("--chart", help="With --model: draw it; .png, .svg or .html."),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option("--data", help="Look for the track here; default: what was scanned."),
    ] = None,
    version: Annotated[
        str, typer.Option("--version", help="Ask another version: its id, or 'previous'.")
    ] = "current",
    top: Annotated[
        int, typer.Option("--top", min=1, max=50, help="How many choices and nearest tracks.")
    ] = 3,
    json: o.Json = False,
    workspace: o.Workspace = None,
    verbose: o.Verbose = False,
) -> None:
    """Say why a track gets its bucket or a record was chosen.

    And what would change that. Nothing is written but the chart.

    Example: djlib explain "shades of jae"
    """
    from djlib.errors import UsageError
    from djlib.workflows.keepers.explain import is_listing

    from ._session import Session

    if (track is None) != model or (model and history) or (chart and not model):
        raise UsageError("name one track, with or without --history; or --model, with --chart FILE")
    session = Session(workspace, as_json=json, verbose=verbose)
    if track is None:
        from djlib.workflows.buckets.explain import explain_model

        found = explain_model(
            session.workspace, session.settings, version=version, chart=chart, talk=session.talk
        )
        session.show(found, render_model)
    elif not history and is_listing(session.workspace, track):
        from djlib.workflows.keepers.explain import explain_listing

        from ._listing_explained import render_listing

        session.show(explain_listing(session.workspace, session.settings, track), render_listing)
    elif history:
        from djlib.workflows.buckets.explain import track_history

        session.show(
            track_history(session.workspace, track, data, talk=session.talk), render_history
        )
    else:
        from djlib.workflows.buckets.explain import ExplainOptions, explain_track

        options = ExplainOptions(data, version, top)
        report = explain_track(
            session.workspace, session.settings, track, options=options, talk=session.talk
        )
        session.show(report, render)


def render(report: ExplainReport) -> None:
    """Draw one answer taken apart."""
    from ._explanation import explained, song
    from ._render import heading, line

    found = report.explanation
    heading(f"{song(report.artist, report.title)}: {' and '.join(found.given)}")
    line(f"{report.status}: {report.reason}")
    if report.sorted_into:
        own = " and ".join(report.sorted_into)
        learned = "has" if report.learned else "has not"
        line(f"You put it in {own}; this version {learned} learned from that.")
    explained(found)
    line()
    line(f"Track {report.track_id}, version {report.version}.")


def render_history(report: History) -> None:
    """Draw every answer for a track, the corrections, and who has the last word."""
    from ._explanation import song
    from ._render import count, heading, line, table

    heading(f"{song(report.artist, report.title)} (track {report.track_id})")
    if report.in_force:
        line(f"It counts as {' and '.join(report.in_force)}: {_BY[report.by]}.")
    if report.said:
        heading("What was said")
        table(
            ["when", "bucket", "confidence", "status", "version", "of"],
            [
                (s.at, s.bucket, f"{s.confidence:.2f}", s.status, s.version, Path(s.source).name)
                for s in report.said
            ],
            right="confidence",
        )
    else:
        line("No run of assign-buckets has answered for it yet.")
    if report.corrected:
        heading("What you said")
        table(
            ["when", "bucket", "instead of", "in"],
            [(c.at, "|".join(c.buckets), c.predicted, c.source) for c in report.corrected],
        )
    if report.versions:
        heading("Who said it")
        table(
            ["version", "state", "tracks", "trained", "labels"],
            [
                (
                    v.id,
                    v.state,
                    "" if v.tracks is None else f"{v.tracks:,}",
                    v.trained_at,
                    v.fingerprint,
                )
                for v in report.versions
            ],
            right="tracks",
        )
    if report.runs_gone:
        line(f"The answers of {count(report.runs_gone, 'earlier run')} were not kept.")


def render_model(report: ImportanceReport) -> None:
    """Draw what the model leans on."""
    from djlib.bucketing.field_words import field_name, joined

    from ._render import heading, line

    heading(f"What version {report.version} leans on")
    if report.fields:
        _fields(report)
    else:
        _moved(report)
    if report.made_of_others:
        names = joined([field_name(field) for field in report.made_of_others])
        line(f"The {names} (the tags read as one sentence) counts with the fields it is made of.")
    _evidence(report)
    for path in report.written:
        line(f"Written: {path}")


def _evidence(report: ImportanceReport) -> None:
    from ._render import heading, table

    rows = [(bucket, _by_field(evidence)) for bucket, evidence in report.evidence.items()]
    if any(words for _, words in rows):
        heading("What speaks most for a bucket")
        table(["bucket", ""], rows, widths={"": 200})


def _by_field(evidence: Iterable[tuple[str, str, float]]) -> str:
    """`genre jungle, drum & bass; label Miyaqua`: without words of a longer name among them."""
    from djlib.bucketing.field_words import field_name

    named: dict[str, list[str]] = {}
    for field, value, _ in evidence:
        named.setdefault(field_name(field), []).append(value)
    return "; ".join(
        f"{field} {', '.join(v for v in values if not _is_part(v, values))}"
        for field, values in named.items()
    )


def _is_part(word: str, names: list[str]) -> bool:
    return any(word != name and word in name.split() for name in names)


def _fields(report: ImportanceReport) -> None:
    from djlib.bucketing.field_words import field_name

    from ._render import bar, line, table

    most = max(*(one.accuracy.mean for one in report.fields), 1e-9)
    table(
        ["field", "fewer right in 100", "", "left blank", "log-loss"],
        [
            (
                field_name(one.field),
                _per_hundred(one.accuracy),
                bar(one.accuracy.mean / most),
                f"{100 * one.blank_accuracy:.1f}",
                f"{one.log_loss.mean:+.3f}",
            )
            for one in sorted(report.fields, key=lambda one: -one.accuracy.mean)
        ],
        right="left blank,log-loss",
    )
    line(
        f"Measured on {report.n_tracks:,} tracks kept aside, never learned from: how many fewer in"
    )
    line("100 are right when a field is shuffled among them (95 % interval). Fields that say the")
    line("same stand in for each other, so both may look idle.")


def _per_hundred(lost: Loss) -> str:
    return f"{100 * lost.mean:.1f} ({100 * lost.low:.1f} to {100 * lost.high:.1f})"


def _moved(report: ImportanceReport) -> None:
    from djlib.bucketing.field_words import field_name

    from ._render import bar, line, table

    most = max(*report.moved.values(), 1e-9)
    rows = [
        (field_name(field), f"{moved:.3f}", bar(moved / most))
        for field, moved in report.moved.items()
    ]
    table(["field", "moves the vote by", ""], rows, right="moves the vote by")
    line("No test tracks are kept aside yet, so this is only how far each field moves the vote of")
    line(
        f"the {report.n_tracks:,} tracks learned from ({report.vote_scale}), not what it is worth."
    )
