"""The buckets given, drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .explanation import contributions, nearest, song
from .text import (
    bar,
    credit,
    heading,
    here,
    leaves,
    line,
    next_steps,
    percent,
    problems,
    quoted,
    sizes,
    table,
)

if TYPE_CHECKING:
    from djlib.bucketing.explain import Explanation
    from djlib.workflows.buckets.assign import AssignReport

_SHOWN = 12
_NOTHING_SURE = (
    "Nothing is sure yet. What helps: tempo, key and genre in the tags, more tracks in each",
    "bucket, corrections. A lower --threshold calls more of them sure, and more of those wrong.",
)
_WORTH_A_RATE = 1000


def buckets_assigned(report: AssignReport) -> None:
    """Draw the answers and what to do next."""
    answers(report)
    if report.written and report.rows:
        unsure = () if report.statuses["ok"] else _NOTHING_SURE
        next_steps(*unsure, *correcting(report.written[0]))


def correcting(predictions: str) -> tuple[str, ...]:
    """What a person does with a file of predictions."""
    file = quoted(here(predictions))
    return (
        f"djlib review {file}    asks about them, one key a track",
        "Or open them in a spreadsheet, write the right bucket into 'correct_bucket' where",
        f"one is wrong, save it as CSV, then: djlib feedback {file}",
        "djlib export --to rekordbox    makes playlists of the sure ones",
    )


def answers(report: AssignReport) -> None:
    """Draw the first answers, how sure the model is and what was written."""
    if not report.rows:
        _nothing_to_answer(report)
        return
    sure = report.statuses["ok"]
    heading(f"{report.rows:,} tracks, sure of {sure:,} ({percent(sure / report.rows)})")
    if len(report.versions) > 1:
        shared = " and ".join(f"{n:,} by {version}" for version, n in report.versions.items())
        line(f"Answered {shared}. Once you have fed the file back, 'djlib report' compares them.")
    _first_rows(report)
    _confidence(report)
    heading("Buckets given")
    sizes(dict(report.buckets.most_common()))
    problems(report.problems)
    for explanation, row in zip(report.explanations, report.first_rows, strict=False):
        _explained(explanation, row)
    if report.written:
        rate = f" at {report.rows_per_second:,.0f} tracks a second"
        heading("Written" + (rate if report.rows >= _WORTH_A_RATE else ""))
        for path in report.written:
            line(f"  {here(path)}")


def _nothing_to_answer(report: AssignReport) -> None:
    if report.already_sorted:
        line(f"All {report.already_sorted:,} tracks are sorted already: nothing to assign.")
        line("--rows all answers for them too.")
    else:
        line(f"{report.source} holds no tracks: nothing to assign.")
        problems(report.problems)


def _first_rows(report: AssignReport) -> None:
    table(
        ["artist", "title", "bucket", "confidence", "status", "reason"],
        [
            (*credit(row["artist"], row["title"]), leaves(row["predicted_bucket"]),
             f"{bar(row['confidence'], 5)} {row['confidence']:.2f}", row["status"], row["reason"])
            for row in report.first_rows[:_SHOWN]
        ],
        widths={"artist": 14, "title": 20, "bucket": 18},
    )  # fmt: skip


def _confidence(report: AssignReport) -> None:
    heading("How sure")
    most = max(report.confidence)
    table(
        ["confidence", "tracks", ""],
        [
            (f"{i / 10:.1f} to {(i + 1) / 10:.1f}", f"{n:,}", bar(n / most, 30))
            for i, n in enumerate(report.confidence)
            if n
        ],
        right="tracks",
    )
    a = report.abstention
    if a.precision is not None:
        line(
            f"From confidence {a.threshold:.2f} on: right {percent(a.precision)} of the time when "
            f"cross-validated, for {percent(a.coverage)} of the tracks. 'ok' are those that "
            "also fit a bucket."
        )
    elif a.target is not None:
        line(f"No threshold gives {percent(a.target)} precision: everything is unsure.")
    counts = ", ".join(f"{n:,} {status}" for status, n in report.statuses.most_common())
    line(f"Statuses: {counts}.")


def _explained(explanation: Explanation, row: dict[str, str]) -> None:
    heading(f"{song(row['artist'], row['title'])}: {' and '.join(explanation.given)}")
    contributions(explanation)
    nearest(explanation)
