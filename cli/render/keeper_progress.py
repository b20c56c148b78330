"""How the keepers' progress looks in a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .keepers import side_by_side
from .text import heading, line, percent, table

if TYPE_CHECKING:
    from djlib.evaluation.off_policy import Estimate, OffPolicyReport
    from djlib.evaluation.proportions import Ratio, Share, SharesCompared
    from djlib.workflows.keepers.report import BatchLine, KeeperProgress

_SHOWN = 12
_AIM = {
    "reached": "reached",
    "cannot tell": "too few answers to tell",
    "not reached": "not reached; where few records are keepers, nobody reaches it",
}
_PROBABILITIES = {"chosen": "what it chose", "by chance": "what chance drew"}


def keeper_progress(found: KeeperProgress) -> None:
    """Draw the batches, what they say together, how honest it was, and what was tried."""
    _batches(found)
    _together(found)
    _honesty(found)
    _off_policy(found.off_policy)
    for test in found.tests:
        side_by_side(test)


def _batches(found: KeeperProgress) -> None:
    heading(f"Records: {found.labels:,} answered, {found.keepers:,} kept")
    if not found.batches:
        line("No batch was chosen yet: djlib select-batch")
        return
    headings = ["batch", "day", "chosen by", "answered", "liked", "to learn", "chance", "foreseen"]
    shown = found.batches[-_SHOWN:]
    table(headings, [_row(batch) for batch in shown], right="batch,answered")
    if len(found.batches) > len(shown):
        line(f"and {len(found.batches) - len(shown)} before them; --json has all")
    line("Shares are what you kept; foreseen: the mean probability before the answers.")


def _row(batch: BatchLine) -> list[str]:
    who = " and ".join(batch.sides) if batch.sides else batch.version or "no answers yet"
    parts = [_share(part) for part in (batch.exploit, batch.explore, batch.by_chance)]
    answered = f"{batch.answered} of {batch.asked}"
    return [f"{batch.number + 1}", batch.at[:10], who, answered, *parts, percent(batch.said)]


def _share(share: Share) -> str:
    return f"{percent(share.share)} of {share.n}" if share.n else "-"


def _together(found: KeeperProgress) -> None:
    from djlib.workflows.keepers.report import AIM

    if not any(batch.answered for batch in found.batches):
        return
    heading("All batches together")
    line(f"  What it thought you like, you kept {_interval(found.exploit)}.")
    line(f"  The aim is {percent(AIM[0])} to {percent(AIM[1])}: {_AIM[found.aim]}.")
    if found.trend:
        line(f"  {_trend(found.trend)}")
    if found.explore.n:
        line(f"  What it asked to learn from, you kept {_interval(found.explore)}.")
    if found.by_chance.n:
        line(f"  Of records drawn by chance (the base rate) you kept {_interval(found.by_chance)}.")
    if found.lift:
        line(f"  Lift over the base rate: {_times(found.lift)}.")
    elif not found.by_chance.hits:
        line(
            "  How rare your keepers are is not known yet, so no lift can be said: let chance draw"
        )
        line("  some, with djlib select-batch --ab random")
    if found.over_explore and not found.lift:
        line(f"  Beside what it asks to learn from, you keep {_times(found.over_explore)}.")


def _trend(found: SharesCompared) -> str:
    words = {
        "better": "it gets better",
        "worse": "it gets worse; a pool that is asked about empties of keepers",
        "cannot tell": "no difference that can be told from chance",
    }
    return (
        f"Of that {percent(found.first.share)} in the earlier half of the batches and "
        f"{percent(found.second.share)} in the later: {words[found.verdict]}."
    )


def _interval(share: Share) -> str:
    return (
        f"{percent(share.share)} of {share.n:,} (95 %: {percent(share.low)} to "
        f"{percent(share.high)})"
    )


def _times(ratio: Ratio) -> str:
    high = "any" if ratio.high is None else f"{ratio.high:.1f}"
    return f"{ratio.value:.1f} times as often (95 %: {ratio.low:.1f} to {high})"


def _honesty(found: KeeperProgress) -> None:
    if not found.honesty:
        return
    heading("Can its probabilities be trusted? Said before each answer was learned")
    for name, words in _PROBABILITIES.items():
        if name in found.honesty:
            one = found.honesty[name]
            line(
                f"  On {words} ({one.n:,}): off by {one.error:.3f} (ECE; luck alone makes "
                f"{one.luck:.3f}), Brier {one.brier:.3f}."
            )


def _off_policy(found: OffPolicyReport) -> None:
    heading("What the present model would have found, from choices left to chance")
    if found.refused:
        line(f"  Cannot be said: {found.refused}. djlib select-batch --ab random leaves more.")
        return
    parts = {"IPS": found.ips, "SNIPS": found.snips, "DR": found.dr}
    for name, estimate in parts.items():
        if estimate:
            line(f"  {name:<6} {_estimate(estimate)}")
    line(
        f"  From {found.n:,} choices, {found.matches:,} of which it could have made, worth "
        f"{found.ess:.0f} (effective sample size); {found.clipped:,} weights were cut. Those "
        f"choices themselves: {100 * found.logged:.0f} %."
    )


def _estimate(found: Estimate) -> str:
    return f"{100 * found.value:.0f} % kept (95 %: {100 * found.low:.0f} to {100 * found.high:.0f})"
