"""How an A/B test of two ways of choosing looks in a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from djlib.workflows.keepers.ab_test import KeeperTest


def side_by_side(test: KeeperTest) -> None:
    """Draw whose records are kept more, how sure that is, and what to do about it."""
    from ._render import bar, heading, line, percent, table

    heading(f"Two ways of choosing side by side (A/B), {_batches(test.batches)}")
    rows = [
        (letter, side, f"{bar(share.share or 0, 5)} {percent(share.share)} of {share.n:,}")
        for letter, side, share in zip("AB", test.sides, test.kept, strict=True)
    ]
    table(["", "chose", "kept"], rows)
    if not test.looks:
        line("Nothing is answered yet.")
        return
    line(_difference(test))
    line(_said(test))
    if test.is_uneven:
        line("One side's records were answered far more often: the test tells little.")


def _difference(test: KeeperTest) -> str:
    look = test.looks[-1]
    said = f"B beside A: {100 * look.difference:+.1f} points"
    if look.interval is None:
        return f"{said}; it has moved so much that there is no interval."
    low, high = look.interval
    return (
        f"{said}, 95 % interval {100 * low:+.1f} to {100 * high:+.1f}, however often you look; "
        f"p = {look.p_value:.3f}."
    )


def _said(test: KeeperTest) -> str:
    if test.winner:
        return f"Decided with feedback {test.decided_at} of {len(test.looks)}: {test.winner}."
    if test.leader is None:
        return "Not decided: neither leads."
    more = f"; about {test.needed:,} more answers of each would tell" if test.needed else ""
    return f"Not decided: {test.leader} leads so far{more}."


def _batches(n: int) -> str:
    return f"{n:,} batch{'es'[: 2 * (n != 1)]} answered"
