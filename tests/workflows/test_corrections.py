"""The log of corrections: what goes in comes back, and the last word counts."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from djlib.bucketing.corrections import Correction
from djlib.errors import InputError
from djlib.settings import Workspace
from djlib.workflows.buckets.corrections import corrections_so_far, log_corrections, n_logged

ROW = {"track_id": "7", "artist": "Mó", "title": "-", "bpm": math.nan, "year": 1999.0, "mood": "x"}


def log(here: Workspace, *said: Correction) -> None:
    log_corrections(
        here, list(said), {c.track_id: {**ROW, "track_id": c.track_id} for c in said}, "f"
    )


def test_corrections_come_back_with_the_columns_of_their_track(tmp_path: Path) -> None:
    here = Workspace(tmp_path)
    log(here, Correction("7", ("Peak", "Late"), "Warm", "v1"))

    correction, track = corrections_so_far(here)["7"]
    assert correction == Correction("7", ("Peak", "Late"), "Warm", "v1")
    assert track == {"track_id": "7", "artist": "Mó", "title": "-", "bpm": None, "year": 1999.0}


def test_labels_of_the_table_are_not_logged(tmp_path: Path) -> None:
    here = Workspace(tmp_path)
    rows = {"7": {**ROW, "bucket": "Old", "buckets": "Old"}}
    log_corrections(here, [Correction("7", ("New",))], rows, "f")

    assert not {"bucket", "buckets"} & set(corrections_so_far(here)["7"][1])


@settings(deadline=None, max_examples=25)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.text(min_size=1, max_size=5)), max_size=12))
def test_replaying_gives_the_last_word_on_each_track(
    tmp_path_factory: pytest.TempPathFactory, said: list[tuple[str, str]]
) -> None:
    here = Workspace(tmp_path_factory.mktemp("log"))
    for track_id, bucket in said:
        log(here, Correction(track_id, (bucket,)))

    found = {t: c.buckets[0] for t, (c, _) in corrections_so_far(here).items()}
    assert found == dict(said)
    assert n_logged(here) == len(said)


@pytest.mark.parametrize("gone", ["track_id", "correct_buckets", "track"])
def test_a_correction_that_lacks_a_part_is_refused_by_number(tmp_path: Path, gone: str) -> None:
    here = Workspace(tmp_path)
    log(here, Correction("7", ("Peak",)), Correction("8", ("Late",)))
    file = here.events / "corrections.jsonl"
    first, second = file.read_text().splitlines()
    broken = json.loads(second)
    del broken[gone]
    file.write_text(f"{first}\n{json.dumps(broken)}\n")

    with pytest.raises(InputError, match=rf"correction 2 lacks '{gone}'; mend or remove its line"):
        corrections_so_far(here)
