"""How one answer of a model, taken apart, looks in a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from djlib.bucketing.explain import Edit, Explanation, WhatIf

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
    from ._render import bar, heading, table

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

    from ._render import heading, line, table

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
    from ._render import heading, percent, table

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
    from ._render import bar

    return f"{bar(-share, _HALF)[::-1]}|{bar(share, _HALF)}"


def _what_if(found: WhatIf) -> None:
    from djlib.bucketing.field_words import field_name, joined

    from ._render import line

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
