"""How the choice of one record looks in a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from djlib.workflows.keepers.explain import ListingExplained


def render_listing(report: ListingExplained) -> None:
    """Draw why a record was shown and what the model thinks of it now."""
    from ._render import bar, heading, line

    heading(f"{report.name or 'A record without a name'} ({report.listing_id})")
    _shown(report.shown)
    if report.keeper is not None:
        line("You kept it." if report.keeper else "You passed it.")
    heading("What the model thinks now" if report.version else "Before any answers")
    line(f"{bar(report.mean)} {report.mean:.2f}, give or take {report.uncertainty:.2f}")
    for reason in report.reasons:
        line(f"  {reason}")


def _shown(shown: dict[str, Any] | None) -> None:
    from ._render import line

    if shown is None:
        line("It was never shown to you.")
        return
    line(
        f"Shown {str(shown['at'])[:10]} in batch {shown['batch_number']} as "
        f"{shown['selection_strategy']}:"
    )
    for reason in str(shown["reason"]).split(" | "):
        line(f"  {reason}")
    line(
        f"Then: {shown['mean']:.2f} give or take {shown['uncertainty']:.2f}; it had a chance of "
        f"{shown['propensity']:.3f} to be picked; "
        f"{shown['exploration_rate']:.0%} of the batch explored."
    )
