"""Tables of versions, drawn learner by learner."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from .text import heading, percent, table

if TYPE_CHECKING:
    from djlib.registry import Version

_FAST = {"fast": "ok (figures of its parent)"}


def versions_of_each(versions: list[Version]) -> None:
    """Draw the versions, a table for each learner that has any."""
    for name in dict.fromkeys(version.learner for version in versions):
        _TABLES.get(name, _other_versions)([v for v in versions if v.learner == name])


def _bucket_versions(versions: list[Version]) -> None:
    table(
        ["", "version", "tracks", "buckets", "right", "calibration error", "state"],
        [
            (
                "->" if v.is_current else "",
                v.id,
                str(v.metadata.get("tracks", "-")),
                str(len(v.metadata.get("buckets", ()))),
                percent(_figure(v, "accuracy")),
                f"{_figure(v, 'calibration_error') or 0:.3f}",
                v.problem or _FAST.get(v.metadata.get("update", ""), "ok"),
            )
            for v in versions
        ],
        right="tracks,buckets,right,calibration error",
    )


def _keeper_versions(versions: list[Version]) -> None:
    shown = ("mode", "batch_number", "labels", "keepers")
    _versions(
        "Records worth keeping",
        ["mode", "batches", "answers", "kept"],
        [(v, [str(v.metadata.get(name, "-")) for name in shown]) for v in versions],
        right="batches,answers,kept",
    )


def _opportunity_versions(versions: list[Version]) -> None:
    shown = ("users", "ratings", "liked")
    _versions(
        "Open calls",
        ["people", "ratings", "liked", "AUC"],
        [(v, [*(str(v.metadata.get(n, "-")) for n in shown), _area(v)]) for v in versions],
        right="people,ratings,liked,AUC",
    )


def _other_versions(versions: list[Version]) -> None:
    _versions(versions[0].learner.capitalize(), [], [(v, []) for v in versions], right="")


def _versions(
    title: str, headings: list[str], rows: list[tuple[Version, list[str]]], *, right: str
) -> None:
    """A table of one learner's versions: each with the cells under `headings`."""
    heading(title)
    table(
        ["", "version", *headings, "state"],
        [("->" if v.is_current else "", v.id, *cells, v.problem or "ok") for v, cells in rows],
        right=right,
    )


def _area(version: Version) -> str:
    found = (version.metrics.get("newest") or {}).get("auc")
    return "-" if found is None else f"{found:.2f}"


def _figure(version: Version, name: str) -> float | None:
    value = version.metrics.get("stratified", {}).get(name)
    return None if value is None else float(value)


_TABLES: dict[str, Callable[[list[Version]], None]] = {
    "bucket": _bucket_versions,
    "keeper": _keeper_versions,
    "opportunity": _opportunity_versions,
}
