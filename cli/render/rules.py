"""Rules behind buckets, drawn."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from .text import bar, heading, leaves, line, next_steps, percent, problems, quoted, table

if TYPE_CHECKING:
    from djlib.bucketing.crate_rules.rules import Fit
    from djlib.workflows.buckets.rules import CrateRule, RulesReport


def rules_found(report: RulesReport, most: int | None, source: Path | None) -> None:
    """Draw one rule with the tracks behind it, or a line for each bucket."""
    if report.listed is None:
        _overview(report, source)
    else:
        _rule(report, report.rules[0])
        _listed(report, most)
    problems(report.problems)


def _overview(report: RulesReport, source: Path | None) -> None:
    heading(f"{len(report.rules)} buckets, {report.tracks:,} sorted tracks")
    rows = [
        (
            leaves(found.bucket),
            f"{found.fit.size:,}",
            f"{bar(seen.recall, 5)} {percent(seen.recall)}" if seen else "",
            f"{bar(seen.precision or 0, 5)} {percent(seen.precision)}" if seen else "",
            str(found.rule),
        )
        for found in report.rules
        for seen in [found.cross_validated if found.holds else None]
    ]
    names = ["bucket", "tracks", "finds", "right", "rule"]
    table(names, rows, right="tracks", widths={"bucket": 20, "rule": 200})
    line("Finds: how much of the bucket. Right: how much of what fits is in it. On new tracks.")
    if any(found.rule.alternatives and not found.holds for found in report.rules):
        line("Without figures: no better than chance on new tracks.")
    first = " ".join(quoted(str(word)) for word in (report.rules[0].bucket, source) if word)
    next_steps(f"djlib rules {first}    shows the whole rule and the tracks behind it")


def _rule(report: RulesReport, found: CrateRule) -> None:
    heading(f"{found.bucket}: {found.fit.size:,} of {report.tracks:,} sorted tracks")
    if not found.rule.alternatives:
        line("No short rule describes this bucket: nothing that can be said of it in a few words")
        line(
            "about tempo, key, genre, year, artist, label, length or title says more than it costs."
        )
        return
    for number, (words, fit) in enumerate(zip(found.rule.lines, found.alternatives, strict=True)):
        line(f"  {'OR ' if number else ''}{words}")
        line(f"     {_in_words(fit)}")
    heading("How well it describes")
    _figures(found)
    if not found.holds:
        line("On new tracks such a rule is no better than chance: do not rely on it.")


def _in_words(fit: Fit) -> str:
    others = f"{fit.extra:,} other{'s'[: fit.extra != 1]} would slip in"
    return f"{fit.right:,} of {fit.size:,} tracks; {others if fit.extra else 'no other fits'}"


def _figures(found: CrateRule) -> None:
    kinds = {"on these tracks": found.fit, "on new tracks": found.cross_validated}
    rows = [
        (
            kind,
            f"{bar(fit.recall)} {percent(fit.recall)}",
            f"{bar(fit.precision or 0)} {percent(fit.precision)}",
        )
        for kind, fit in kinds.items()
        if fit
    ]
    table(["", "of the bucket found", "of what fits, in it"], rows)


def _listed(report: RulesReport, most: int | None) -> None:
    assert report.listed is not None
    if report.rules[0].rule.alternatives:
        _tracks("Would slip in", report.listed.extra, most, "bucket")
        _tracks("Missed", report.listed.missed, most)
        _tracks("Not sorted yet, and it fits", report.listed.unsorted, most)


def _tracks(title: str, tracks: list[dict[str, Any]], most: int | None, *more: str) -> None:
    if not tracks:
        return
    heading(f"{title} ({len(tracks):,})")
    shown = tracks[:most]
    names = ["artist", "title", "genres", "bpm", "key", "year", *more]
    if shown:
        rows = [[_cell(row.get(name)) for name in names] for row in shown]
        widths = {"artist": 24, "title": 30, "genres": 20}
        table(names, rows, right="bpm,year", widths=widths)
    if len(tracks) > len(shown):
        line(f"and {len(tracks) - len(shown):,} more; --all lists them")


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return "" if value != value else f"{value:.0f}"
    return str(value or "")
