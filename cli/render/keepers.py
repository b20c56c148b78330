"""Records drawn: what was scanned, chosen, answered, learned, and what is like them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from .text import (
    bar,
    count,
    credit,
    heading,
    here,
    line,
    next_steps,
    percent,
    problems,
    quoted,
    table,
)

if TYPE_CHECKING:
    from djlib.workflows.keepers.ab_test import KeeperTest
    from djlib.workflows.keepers.feedback import KeeperReport, Rate
    from djlib.workflows.keepers.review import BatchReviewReport
    from djlib.workflows.keepers.scan import ListingsReport
    from djlib.workflows.keepers.select_batch import BatchReport
    from djlib.workflows.keepers.shortlist import ShortlistReport
    from djlib.workflows.keepers.similar import SimilarReport
    from djlib.workflows.keepers.taste_map import MapReport
    from djlib.workflows.keepers.warm_start import WarmReport


_PARTS = {
    "exploit": "should like (exploit)",
    "explore": "to learn from (explore)",
    "uniform": "drawn by chance",
    "all": "all",
}


def keeper_report(report: KeeperReport) -> None:
    """Draw what was taken, how often you kept, and what to do next."""
    if report.undone:
        line("The last feedback is taken back.")
    if report.source:
        kept = sum(keep.keeper for keep in report.taken)
        heading(f"{count(len(report.taken), 'answer')} taken, {kept} of them kept")
        line(
            f"{report.changed} change an earlier answer; {report.known} were known already; "
            f"{report.unanswered} left empty; {len(report.refused)} refused."
        )
    problems(report.problems, title="Refused or worth a look")
    if report.all_rates["all"].answers:
        _rates(report)
    if report.ab:
        side_by_side(report.ab)
    if not report.version:
        why = "Nothing taken for good (--dry-run)" if report.dry_run else "Nothing new to learn"
        line(f"\n{why}: the model stays as it is.")
        return
    line(f"\nVersion {report.version}, {report.labels:,} answers, batch {report.batch_number}.")
    next_steps(
        "djlib select-batch                        chooses the next ones",
        "djlib feedback --undo                     takes this feedback back",
        "djlib models rollback --learner keeper    goes back to the version before",
    )


def _rates(report: KeeperReport) -> None:
    heading("How many you keep")
    table(
        ["asked as", "in this file", "so far"],
        [
            (words, _rate(report.rates[part]), _rate(report.all_rates[part]))
            for part, words in _PARTS.items()
            if report.all_rates[part].answers
        ],
    )
    likes = "What it thinks you like, you keep"
    if report.lift is not None:
        line(f"{likes} {report.lift:.1f} times as often as records drawn by chance (lift).")
    elif report.over_explore is not None:
        line(f"{likes} {report.over_explore:.1f} times as often as what it asks to learn.")


def _rate(rate: Rate) -> str:
    if rate.share is None:
        return "-"
    return f"{bar(rate.share, 5)} {percent(rate.share)} of {rate.answers:,}"


def side_by_side(test: KeeperTest) -> None:
    """Draw whose records are kept more, how sure that is, and what to do about it."""
    heading(f"Two ways of choosing side by side (A/B), {_n_batches(test.batches)}")
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


def _n_batches(n: int) -> str:
    return f"{n:,} batch{'es'[: 2 * (n != 1)]} answered"


def listings_scanned(report: ListingsReport) -> None:
    """Draw how many listings were found and what to do with them."""
    heading(f"{count(report.found, 'listing')} found, {report.new:,} of them new here")
    line(f"{report.listings:,} in all, {report.owned:,} owned, {report.wanted:,} wanted.")
    if report.answers:
        line(f"{report.answers:,} rows of it say whether you keep them; a scan learns no answers.")
    problems(report.problems)
    if report.written:
        line(f"\nWritten: {here(report.written)}")
    is_one = Path(report.source).exists()  # several are named with commas between
    file = quoted(here(report.source)) if is_one else "FILE"
    next_steps(
        *[f"djlib train {file}    learns the answers that stand in it"] * bool(report.answers),
        *["djlib train --keepers    learns from what you own and want"]
        * bool(report.owned + report.wanted),
        "djlib select-batch       chooses the next records worth a look",
    )


def collection_learned(report: WarmReport) -> None:
    """Draw what was learned from and what to do next."""
    heading(f"Learned from {report.keepers:,} keepers and {report.passed:,} passed records")
    if report.guessed:
        line(f"{report.guessed:,} other listings stand for what you pass, until you are asked.")
    line(f"{report.known:,} were known already. Version {report.version}.")
    problems(report.problems)
    next_steps("djlib select-batch    chooses the next records worth a look")


def batch_reviewed(report: BatchReviewReport) -> None:
    """Draw where the answers to a batch stand and what to do next."""
    share = report.answered / report.listings if report.listings else 1.0
    heading(f"{report.answered:,} of {report.listings:,} records answered, {report.keepers:,} kept")
    line(f"{bar(share, 30)} {percent(share)}")
    if report.kept:
        line(f"Parts of the file could not be read; a copy of it as it was: {report.kept}")
    file = quoted(here(report.file))
    steps = [f"djlib feedback {file}    learns from your answers"] * bool(report.answered)
    steps += [f"djlib review {file}    goes on where you stopped"] * bool(report.left)
    if steps:
        next_steps(*steps)


def batch_chosen(report: BatchReport) -> None:
    """Draw the batch and how to answer it."""
    parts = ", ".join(f"{n} {part}" for part, n in (report.ab or report.split).items())
    heading(f"{count(len(report.rows), 'record')} out of {report.pool:,}: {parts}")
    labelled = any(row["label"] for row in report.rows)
    table(
        ["", "artist", "title", *(["label"] if labelled else []), "keep?", "reason"],
        [
            (
                row["selection_strategy"],
                *credit(row["artist"], row["title"]),
                *([row["label"]] if labelled else []),
                f"{bar(row['mean'], 5)} {row['mean']:.2f}",
                row["reason"],
            )
            for row in report.rows
        ],
        widths={"artist": 20, "title": 24, "label": 16},
    )
    line(
        f"Batch {report.batch_number}, exploration rate {report.exploration_rate:.0%}; "
        f"{report.answered:,} listings were answered before."
    )
    if report.ab:
        line("Two chose in turns (A/B). Feed your answers back: whose do you keep more?")
    problems(report.problems)
    if report.kept:
        line(f"The older batch held answers nobody took in: kept as {here(report.kept)}")
    if report.written:
        file = quoted(here(report.written))
        line(f"Written: {here(report.written)}")
        next_steps(
            f"djlib review {file}    asks about them, one key a record",
            "Or open it in a spreadsheet, write 1 (keep) or 0 into 'keeper', save it as CSV, then",
            f"djlib feedback {file}    learns from your answers",
        )


_SAID = {1: "kept", 0: "passed", None: ""}


def records_ranked(report: ShortlistReport) -> None:
    """Draw the first records of the list and where all of them stand."""
    heading(f"{count(report.records, 'record')} ranked, of {count(report.listings, 'listing')}")
    table(
        ["", "artist", "title", "keep?", "price", "offers"],
        [
            (
                str(row["rank"]),
                row["artist"],
                row["title"],
                f"{bar(row['chance'], 5)} {row['chance']:.2f}",
                "-" if row["price"] != row["price"] else f"{row['price']:g} {row['currency']}",
                str(row["offers"]),
            )
            for row in report.rows
        ],
    )
    if not report.version:
        line("Nothing is learned yet, so this order means nothing: 'djlib select-batch' first.")
    if report.written:
        line(f"All of them, with links: {here(report.written)}")
    if report.wantlist:
        line(f"Wantlist: {here(report.wantlist)}")
        if report.without_release:
            line(f"{report.without_release:,} of them name no Discogs release and are left out.")


def similar_records(report: SimilarReport) -> None:
    """Draw the records, the nearest first."""
    heading(f"Like {report.name} ({report.listing_id})")
    table(
        ["record", "label", "close", "", "both have"],
        [
            (
                one.name,
                one.label,
                f"{bar(max(one.closeness, 0), 5)} {one.closeness:.2f}",
                _SAID[one.keeper],
                ", ".join(one.shares) or "-",
            )
            for one in report.near
        ],
        widths={"label": 20},
    )
    if not report.version:
        line("Nothing is learned yet: this goes by what is written on the records alone.")


def map_drawn(report: MapReport) -> None:
    """Say where the map is."""
    line(f"{report.records:,} records, {report.layout}: open {here(report.written)} in a browser.")
