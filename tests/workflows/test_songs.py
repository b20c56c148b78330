"""Two tables that number different songs alike: nothing said of one counts for the other."""

from __future__ import annotations

import pandas as pd
import pytest

from djlib.bucketing.corrections import Correction
from djlib.workflows.core.song_identity import (
    disambiguate_track_ids,
    is_other_song,
    other_songs,
    song_name,
)

ROBYN = {"track_id": "7", "artist": "Robyn", "title": "Be Mine"}
JAE = {"track_id": "7", "artist": "Moodymann", "title": "Shades of Jae"}


@pytest.mark.parametrize(
    ("artist", "title"),
    [
        ("ROBYN", "be  mine"),
        ("Robyn", "Be Mine! (Original Mix)"),
        ("Robin", "Be Mien"),
        ("R?byn", "Be M?ne"),
        ("??????", "????"),
        ("", ""),
        ("", "Robyn - Be Mine"),
    ],
)
def test_a_song_stays_itself_when_people_mend_it_or_programs_damage_it(
    artist: str, title: str
) -> None:
    assert not is_other_song(ROBYN, {"artist": artist, "title": title})


def test_another_song_is_another_song() -> None:
    assert is_other_song(ROBYN, JAE)
    assert is_other_song({"title": "Be Mine"}, {"title": "Shades of Jae"})
    assert is_other_song(ROBYN, {"artist": "Robyn", "title": "Dancing On My Own"})


def test_rows_of_another_song_are_found_by_place() -> None:
    table = pd.DataFrame([{**ROBYN, "track_id": "1"}, ROBYN, {**ROBYN, "track_id": "9"}])
    known = pd.DataFrame([{**ROBYN, "track_id": "1"}, JAE])

    assert other_songs(table, known) == {1: song_name(JAE)}
    assert other_songs(table[["track_id"]], known) == {}


def test_a_correction_of_another_song_is_kept_under_an_id_of_its_own() -> None:
    said = {
        "7": (Correction("7", ("Peak",)), {**ROBYN, "bpm": 124.0}),
        "8": (Correction("8", ("Warm",)), {**ROBYN, "track_id": "8"}),
    }
    apart = disambiguate_track_ids(said, pd.DataFrame([JAE, {**ROBYN, "track_id": "8"}]))

    assert list(apart) == ["7 (corrected before)", "8"]
    correction, row = apart["7 (corrected before)"]
    assert (correction.buckets, correction.track_id) == (("Peak",), row["track_id"])
    assert row["bpm"] == 124.0
    assert disambiguate_track_ids(said, pd.DataFrame([ROBYN])) == said
