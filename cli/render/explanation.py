"""Why a track or a record got its answer, drawn; and what the model goes by."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .text import bar, count, heading, line, percent, table

if TYPE_CHECKING:
    from djlib.bucketing.analysis.importance import Loss
    from djlib.bucketing.explain import Edit, Explanation, WhatIf
    from djlib.workflows.buckets.explain import ExplainReport, History, ImportanceReport
    from djlib.workflows.keepers.explain import ListingExplained

_HALF = 8
_LONGEST_NAME = 60
_SENTENCE = "the tags, read as one sentence"
_SCALES = {
    "share of votes": (
        "share of your tracks in it",
        "share of the votes",
        "The sum is the share of the model's votes for this bucket. Calibration turns it into",
    ),
    "score": (
        "before anything is known of the track",
        "score",
        "The highest score wins. It is no percentage; calibration turns the scores into",
    ),
}
"""Of a scale: what the sum starts from, what it is called, what it means."""
_STRANGE = {
    "artist": "is by an artist the model never learned from",
    "day": "was added after everything the model learned from",
}
_NAMELESS = "names no artist"
_WORTH_SAYING = 0.02
"""What something strange about a track must cost its confidence to be told."""


def explained(found: Explanation) -> None:
    """Draw the choices, what each field added, the nearest tracks and what would change it."""
    heading("Likeliest")
    table(
        ["bucket", "", ""],
        [(bucket, bar(chance, 20), f"{chance:.2f}") for bucket, chance in found.choices],
    )
    contributions(found)
    nearest(found)
    if found.what_if is not None:
        heading("What would change it")
        _what_if(found.what_if)


def contributions(found: Explanation) -> None:
    """Draw what each field added to the vote for the first choice, and that it adds up."""
    from djlib.bucketing.field_words import field_name

    start, called, meaning = _SCALES[found.vote_scale]
    heading(f"What speaks for {found.bucket}")
    most = max(map(abs, found.contributions.values()), default=0.0) or 1.0
    rows = [("start", start, f"{found.base:.3f}", "")]
    for field, part in sorted(found.contributions.items(), key=lambda pair: -abs(pair[1])):
        value = _SENTENCE if field == "sentence" else found.values[field]
        value = "(missing)" if field in found.missing else value
        rows.append((field_name(field), value, f"{part:+.3f}", both_ways(part / most)))
    rows.append(("sum", called, f"{found.votes:.3f}", ""))
    table(["field", "holds", "adds", "against | for"], rows, right="adds")
    line(f"{meaning}")
    line(f"the confidence, {found.confidence:.2f}.")
    for name, otherwise in found.if_familiar.items():
        if otherwise > found.confidence + _WORTH_SAYING:
            why = _NAMELESS if name in found.missing else _STRANGE[name]
            line(f"The track {why}; otherwise it would be {otherwise:.2f}.")


def nearest(found: Explanation) -> None:
    """List the labelled tracks that the model finds most alike."""
    if not found.nearest:
        return
    heading("Most like it among your sorted tracks")
    table(
        ["track", "bucket", "alike"],
        [
            (song(near.artist, near.title), near.buckets, percent(near.similarity))
            for near in found.nearest
        ],
        right="alike",
    )


def song(artist: str, title: str) -> str:
    """A track as a person names it, on one line."""
    from djlib.bucketing.field_words import shortened

    parts = (shortened(text, _LONGEST_NAME) for text in (artist, title))
    return " - ".join(filter(None, parts)) or "(no title)"


def both_ways(share: float) -> str:
    """A share from -1 to 1 as a bar to the left or the right of a line."""
    return f"{bar(-share, _HALF)[::-1]}|{bar(share, _HALF)}"


def _what_if(found: WhatIf) -> None:
    from djlib.bucketing.field_words import field_name, joined

    if found.edits:
        changes = joined([_edit(edit) for edit in found.edits])
        line(f"With {changes} it would be {found.bucket} ({found.confidence:.2f}).")
    elif found.asked:
        names = joined([field_name(field) for field in found.asked], "or")
        several = ", and no two of them," * (len(found.asked) > 1)
        line(f"No other {names}{several} would: {found.n_tried:,} values were tried.")
    else:
        line("Nothing a tag could say: the model reads neither tempo, key, genre, year nor label.")


def _edit(edit: Edit) -> str:
    from djlib.bucketing.field_words import field_name

    name = field_name(edit.field)
    after = f"{name} {edit.after}" if edit.after else f"no {name}"
    return f"{after} instead of {edit.before}" if edit.before else f"{after} (it has none)"


_BY = {
    "correction": "your last correction",
    "library": "your own playlists",
    "prediction": "the last answer; you have not said otherwise",
}


def track_explained(report: ExplainReport) -> None:
    """Draw one answer taken apart."""
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


def track_history(report: History) -> None:
    """Draw every answer for a track, the corrections, and who has the last word."""
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


def model_explained(report: ImportanceReport) -> None:
    """Draw what the model leans on."""
    from djlib.bucketing.field_words import field_name, joined

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


def listing_explained(report: ListingExplained) -> None:
    """Draw why a record was shown and what the model thinks of it now."""
    heading(f"{report.name or 'A record without a name'} ({report.listing_id})")
    _shown(report.shown)
    if report.keeper is not None:
        line("You kept it." if report.keeper else "You passed it.")
    heading("What the model thinks now" if report.version else "Before any answers")
    line(f"{bar(report.mean)} {report.mean:.2f}, give or take {report.uncertainty:.2f}")
    for reason in report.reasons:
        line(f"  {reason}")


def _shown(shown: dict[str, Any] | None) -> None:
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
