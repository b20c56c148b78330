"""Trends, drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .text import count, heading, leaves, line, percent, sparks, table

if TYPE_CHECKING:
    from djlib.bucketing.analysis.drift import FieldDrift
    from djlib.bucketing.analysis.trends import ShareTrend
    from djlib.workflows.buckets.trends import TrendsReport

_SHOWN = 15
_GENRES = 6
_WIDEST = 24
_FALLS_UNDER = 0.01


def trends_found(report: TrendsReport) -> None:
    """Draw what was added, shares over time, and what drifted."""
    first, last = report.periods[0], report.periods[-1]
    heading(f"{report.dated:,} tracks added from {first} to {last}, by {report.unit}")
    line(f"added  {sparks(_merged(report.added))}")
    if report.dated < report.tracks:
        line(f"{count(report.tracks - report.dated, 'track')} without a readable date left out.")
    if report.n_days < 10:
        line(f"They were added on {report.n_days} days only: hardly any trend can be told.")
    _shares("Buckets", "bucket", report.buckets, _SHOWN)
    if not report.buckets:
        line("No dated track is sorted into a bucket: shares of buckets are not shown.")
    _shares("Genres", "genre", report.genres, _GENRES)
    _tempo(report)
    _drift(report)
    if report.written:
        heading("Written")
        line(f"  {report.written}")


def _shares(title: str, what: str, found: Sequence[ShareTrend], most: int) -> None:
    if not found:
        return
    told = sorted(found, key=lambda t: (t.direction == "cannot tell", -t.n))
    shown = told[:most]
    heading(f"{title} over time")
    table(
        [what, "tracks", "share over time", "first third", "last third", ""],
        [
            (
                leaves(t.name),
                f"{t.n:,}",
                sparks(_merged([s if n else None for s, n in zip(t.share, t.of, strict=True)])),
                percent(t.early),
                percent(t.late),
                _said(t),
            )
            for t in shown
        ],
        right="tracks,first third,last third",
        widths={what: 30},
    )
    if len(found) > len(shown):
        left = len(found) - len(shown)
        n_told = sum(t.direction != "cannot tell" for t in told[most:])
        line(f"and {left} more, {n_told} of them with a trend; --json lists all")


def _said(trend: ShareTrend) -> str:
    """What can be said of a trend: `rises (p = 0.01); new: from 2021-03`."""
    words: list[str] = [trend.direction]
    if trend.p_value is None:
        words = ["too few tracks"]
    elif trend.direction != "cannot tell":
        words = [f"{trend.direction} (p {_p(trend.p_value)})"]
    if trend.is_new:
        words.append(f"new: from {trend.first}")
    if trend.is_quiet:
        words.append(f"quiet: until {trend.last}")
    return "; ".join(words)


def _p(p_value: float) -> str:
    return "< 0.01" if p_value < _FALLS_UNDER else f"= {p_value:.3f}"


def _tempo(report: TrendsReport) -> None:
    tempo = report.tempo
    if tempo is None:
        return
    heading("Tempo")
    line(f"median  {sparks(_merged(tempo.median), from_zero=False)}")
    told = f"{tempo.direction} (p {_p(tempo.p_value)})"
    line(f"{tempo.early:.0f} in the first third, {tempo.late:.0f} in the last: {told}.")


def _drift(report: TrendsReport) -> None:
    heading(f"The {report.n_recent:,} tracks since {report.since} against those before")
    table(
        ["field", "distance", "by chance", "PSI", "", "what moved most"],
        [
            (
                f.field,
                _figure(f.distance),
                _figure(f.by_chance),
                _figure(f.psi),
                _verdict(f),
                _moved(f),
            )
            for f in report.drift
        ],
        right="distance,by chance,PSI",
        widths={"what moved most": 70},
    )
    told = report.confidence
    if told:
        line(
            f"The model's confidence: {percent(told.before)} before, {percent(told.since)} since: "
            f"{told.verdict} (p {_p(told.p_value)}, {told.n_since} recent predictions)."
        )
    # New tracks are always of later years.
    drifted = any(f.verdict == "drifted" for f in report.drift if f.field != "year")
    if drifted or (told and told.verdict == "falls"):
        line("New tracks are unlike what the model learned: sort or correct some, then feedback.")


def _verdict(field: FieldDrift) -> str:
    if field.p_value is None:
        return f"too few ({min(field.n_before, field.n_since)})"
    said = {"drifted": "drifted", "hardly": "moved a little", "cannot tell": "cannot tell"}
    return f"{said[field.verdict]} (p {_p(field.p_value)})"


def _moved(field: FieldDrift) -> str:
    if field.verdict == "cannot tell":
        return ""
    return ", ".join(f"{m.value} {percent(m.before)} to {percent(m.since)}" for m in field.moved)


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _merged(values: Sequence[float | None]) -> list[float | None]:
    """At most 24 values, neighbours as their mean, so that they fit a line."""
    size = -(-len(values) // _WIDEST) or 1
    parts = [values[i : i + size] for i in range(0, len(values), size)]
    known = [[value for value in part if value is not None] for part in parts]
    return [sum(part) / len(part) if part else None for part in known]
