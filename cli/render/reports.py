"""Which function draws a report; a report of a kind not listed is shown as names and values."""

from __future__ import annotations

from importlib import import_module
from typing import Any

_DRAWN_BY = {
    "AssignReport": "assignments.buckets_assigned",
    "BatchReport": "keepers.batch_chosen",
    "BatchReviewReport": "keepers.batch_reviewed",
    "CallsReport": "calls.calls_scanned",
    "CheckReport": "library.library_checked",
    "CompareReport": "compare.comparison",
    "DuplicatesReport": "library.duplicates_found",
    "ExplainReport": "explanation.track_explained",
    "ExportReport": "exports.playlists_exported",
    "FeedbackReport": "feedback.bucket_feedback",
    "History": "explanation.track_history",
    "ImportanceReport": "explanation.model_explained",
    "JobReport": "jobs.job_done",
    "KeeperReport": "keepers.keeper_report",
    "LabelReport": "library.labels_checked",
    "ListingExplained": "explanation.listing_explained",
    "ListingsReport": "keepers.listings_scanned",
    "MapReport": "keepers.map_drawn",
    "MonitorReport": "jobs.models_monitored",
    "Progress": "progress.progress",
    "RatingReport": "calls.rating_report",
    "Recommendations": "calls.calls_recommended",
    "ReviewReport": "feedback.predictions_reviewed",
    "ScanReport": "library.library_scanned",
    "SimilarReport": "keepers.similar_records",
    "SimulateReport": "simulate.simulation",
    "Status": "status.standing",
    "TagReport": "exports.tags_written",
    "TrainReport": "training.training_report",
    "TrendsReport": "trends.trends_found",
    "UndoReport": "exports.export_undone",
    "WarmReport": "keepers.collection_learned",
}
"""By the name of a report's class, so that none is loaded that is not shown."""


def draw(report: Any) -> None:
    """Draw a report for people."""
    from djlib.tables.plain_json import to_plain

    from .text import facts

    drawn_by = _DRAWN_BY.get(type(report).__name__)
    if drawn_by is None:
        facts(to_plain(report))
        return
    module, function = drawn_by.split(".")
    getattr(import_module(f".{module}", __package__), function)(report)
