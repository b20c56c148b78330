from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from djlib.bucketing.corrections import Correction, Reading, read_corrections
from djlib.tables.io import read_table

BUCKETS = ["Peak", "Warm up", "Frühschicht", "10-12 Uhr", "DnB"]
KNOWN = pd.DataFrame(
    {
        "track_id": ["007", "120000001", "120000002", "t3", "-5", "+44"],
        "artist": ["Robyn", "Björk", "Björk", "NA", "-", "null"],
        "title": ["Be Mine", "Jóga", "Hunter", "x", "y", "z"],
    }
)


def read(
    rows: dict[str, list[str]] | pd.DataFrame, *, allow_new: bool = False, is_multi: bool = False
) -> Reading:
    table = pd.DataFrame(rows)
    lines = list(range(2, 2 + len(table)))
    return read_corrections(
        table, KNOWN, BUCKETS, lines=lines, allow_new=allow_new, is_multi=is_multi
    )


def answer(cell: str, *, allow_new: bool = False, is_multi: bool = False) -> Reading:
    """What a cell in the column `correct_bucket` of a known track is read as."""
    rows = {"track_id": ["t3"], "correct_bucket": [cell]}
    return read(rows, allow_new=allow_new, is_multi=is_multi)


def taken(reading: Reading) -> dict[str, str]:
    return {c.track_id: "|".join(c.buckets) for c in reading.taken}


def said(reading: Reading) -> str:
    return "\n".join(map(str, reading.problems))


def test_a_clean_file_is_taken_without_a_word() -> None:
    found = read({"track_id": ["007", "t3", "-5"], "correct_bucket": ["Peak", "", "DnB"]})
    assert taken(found) == {"007": "Peak", "-5": "DnB"}
    assert (found.problems, found.unanswered) == ([], 1)


@pytest.mark.parametrize("empty", ["", " ", "|", " | "])
def test_a_row_without_an_answer_says_nothing(empty: str) -> None:
    found = answer(empty)
    assert (found.taken, found.problems, found.unanswered) == ([], [], 1)


def test_the_edited_predictions_tell_what_was_answered_to() -> None:
    found = read(
        {
            "track_id": ["007", "t3"],
            "predicted_bucket": ["Peak|DnB", "Peak"],
            "model_version": ["v1", "v1"],
            "correct_bucket": ["DnB|Peak", "DnB"],
        },
        is_multi=True,
    )
    assert [c.confirms for c in found.taken] == [True, False]
    assert found.taken[0] == Correction("007", ("DnB", "Peak"), "Peak|DnB", "v1")


def test_the_last_word_on_a_track_wins_and_is_said() -> None:
    found = read({"track_id": ["t3"] * 3, "correct_bucket": ["Peak", "DnB", "DnB"]})
    assert taken(found) == {"t3": "DnB"}
    assert said(found) == "line 3, correct_bucket 'DnB': replaces 'Peak' further up (note)"


def test_a_refused_last_word_leaves_the_one_before() -> None:
    found = read({"track_id": ["t3"] * 2, "correct_bucket": ["Peak", "Polka"]})
    assert taken(found) == {"t3": "Peak"}
    assert [p.line for p in found.refused] == [3]


def test_an_unknown_track_is_refused_with_its_line() -> None:
    found = read({"track_id": ["t3", "t4"], "correct_bucket": ["Peak", "Peak"]})
    assert taken(found) == {"t3": "Peak"}
    assert [(p.line, p.column, p.value) for p in found.refused] == [(3, "track_id", "t4")]


@pytest.mark.parametrize("damaged", ["7", "7.0", "7,00", "0007", " 007 ", "\ufeff007", "\ufeff7"])
def test_an_id_that_a_spreadsheet_took_for_a_number_is_repaired(damaged: str) -> None:
    found = read({"track_id": [damaged], "correct_bucket": ["Peak"]})
    assert taken(found) == {"007": "Peak"}


def test_a_repair_is_said() -> None:
    found = read({"track_id": ["7"], "correct_bucket": ["Peak"]})
    assert said(found) == "line 2, track_id '7': a spreadsheet changed the id '007' (repaired)"


@pytest.mark.parametrize("damaged", ["1.2E+08", "1,2E+08", "1E+08", "1.20e+08"])
def test_an_id_in_scientific_notation_is_found_by_artist_and_title(damaged: str) -> None:
    rows = {"track_id": [damaged], "artist": ["BJÖRK"], "title": ["Hunter"]}
    found = read({**rows, "correct_bucket": ["Peak"]})
    assert taken(found) == {"120000002": "Peak"}
    assert found.problems[0].outcome == "repaired"


@pytest.mark.parametrize("title", ["Isobel", ""])
def test_an_id_in_scientific_notation_that_nothing_tells_is_refused(title: str) -> None:
    rows = {"track_id": ["1.2E+08"], "artist": ["Björk" if title else ""], "title": [title]}
    found = read({**rows, "correct_bucket": ["Peak"]})
    assert found.taken == []
    assert "a spreadsheet damaged the id" in said(found)


def test_a_number_that_could_be_two_ids_is_refused() -> None:
    known = pd.DataFrame({"track_id": ["07", "007"], "artist": ["A", "B"], "title": ["x", "y"]})
    edited = pd.DataFrame({"track_id": ["7"], "correct_bucket": ["Peak"]})
    assert read_corrections(edited, known, BUCKETS, lines=[2]).taken == []
    named = edited.assign(artist="b", title="Y")
    assert taken(read_corrections(named, known, BUCKETS, lines=[2])) == {"007": "Peak"}


def test_an_id_that_is_no_number_is_never_guessed() -> None:
    rows = {"track_id": ["t03"], "artist": ["NA"], "title": ["x"], "correct_bucket": ["Peak"]}
    assert read(rows).taken == []


def test_the_same_track_known_twice_is_one_track() -> None:
    known = pd.concat([KNOWN.head(2), KNOWN], ignore_index=True)
    rows = {"track_id": ["1.2E+08"], "artist": ["Björk"], "title": ["Hunter"]}
    edited = pd.DataFrame({**rows, "correct_bucket": ["Peak"]})
    assert taken(read_corrections(edited, known, BUCKETS, lines=[2])) == {"120000002": "Peak"}


@pytest.mark.parametrize(("defused", "track_id"), [("'-5", "-5"), ("'+44", "+44"), ("-5", "-5")])
def test_formulas_that_were_defused_are_read_as_what_they_were(defused: str, track_id: str) -> None:
    assert taken(read({"track_id": [defused], "correct_bucket": ["Peak"]})) == {track_id: "Peak"}


def test_a_bucket_that_was_defused_is_the_bucket() -> None:
    edited = pd.DataFrame({"track_id": ["t3"], "correct_bucket": ["'=Peak="]})
    assert taken(read_corrections(edited, KNOWN, ["=Peak=", "DnB"], lines=[2])) == {"t3": "=Peak="}


@pytest.mark.parametrize(
    ("cell", "bucket"),
    [
        ("peak", "Peak"),
        (" WARM  UP ", "Warm up"),
        ("Fr?hschicht", "Frühschicht"),
        ("Fr\ufffdhschicht", "Frühschicht"),
    ],
)
def test_a_bucket_written_otherwise_is_read_and_said(cell: str, bucket: str) -> None:
    found = answer(cell)
    assert taken(found) == {"t3": bucket}
    assert f"read as {bucket!r}" in said(found)


def test_a_bucket_of_other_unicode_is_the_bucket() -> None:
    assert taken(answer("Fru\u0308hschicht")) == {"t3": "Frühschicht"}


NESTED = ["Categories / Hip Hop", "Mood / Late, deep", "Sets / Jan 2013", "A / Warm", "B / Warm",
          "Ooops", "7.3.", "Jan 2013"]  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "bucket"),
    [
        ("Hip Hop", "Categories / Hip Hop"),
        ("hip hop", "Categories / Hip Hop"),
        ("categories/hip hop", "Categories / Hip Hop"),
        ("Categories, Hip Hop", "Categories / Hip Hop"),
        ("Categories > Hip Hop", "Categories / Hip Hop"),
        ("Categories - Hip Hop", "Categories / Hip Hop"),
        ("Jan-13", "Jan 2013"),
        ("2013-01-01 00:00:00", "Jan 2013"),
        ("01-Jan-13", "Jan 2013"),
        ("1-Jan-2013", "Jan 2013"),
        ("07-Mar", "7.3."),
        ("07-03-2026", "7.3."),
    ],
)
def test_a_bucket_is_found_as_people_and_spreadsheets_write_it(typed: str, bucket: str) -> None:
    edited = pd.DataFrame({"track_id": ["t3"], "correct_bucket": [typed]})
    found = read_corrections(edited, KNOWN, NESTED, lines=[2])
    assert taken(found) == {"t3": bucket}
    assert f"read as {bucket!r}" in said(found)


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("Warm", "it may be 'A / Warm' or 'B / Warm'; write the whole name"),
        ("Hip Hopp", "did you mean 'Categories / Hip Hop'?"),
        ("Zouk", "no such bucket; --new-bucket makes it one"),
    ],
)
def test_what_is_not_clear_is_asked_about(typed: str, reason: str) -> None:
    edited = pd.DataFrame({"track_id": ["t3"], "correct_bucket": [typed]})
    found = read_corrections(edited, KNOWN, NESTED, lines=[2])
    assert not found.taken
    assert reason in said(found)


@pytest.mark.parametrize("doubt", ["?", "???", "????", "P?ak"])
def test_question_marks_for_ascii_letters_are_doubt_not_damage(doubt: str) -> None:
    assert answer(doubt).taken == []


def test_two_buckets_that_differ_by_case_are_told_apart_only_exactly() -> None:
    def one(cell: str) -> dict[str, str]:
        edited = pd.DataFrame({"track_id": ["t3"], "correct_bucket": [cell]})
        return taken(read_corrections(edited, KNOWN, ["Peak", "PEAK"], lines=[2]))

    assert one("PEAK") == {"t3": "PEAK"}
    assert one("peak") == {}


@pytest.mark.parametrize("allow_new", [False, True])
@pytest.mark.parametrize(
    "cell", ["#NAME?", "#REF!", "#N/A", "10-Dec", "12-Oct-24", "Dec-10", "Peak|#VALUE!"]
)
def test_what_a_spreadsheet_made_of_a_bucket_is_never_a_bucket(cell: str, allow_new: bool) -> None:
    found = answer(cell, allow_new=allow_new, is_multi=True)
    assert found.taken == []
    assert "a spreadsheet" in said(found)


def test_an_unknown_bucket_is_refused_with_the_nearest_name() -> None:
    found = answer("Peek")
    assert found.taken == []
    assert "did you mean 'Peak'? --new-bucket makes it one" in said(found)
    assert "did you mean" not in said(answer("Zydeco"))


def test_a_new_bucket_is_taken_when_allowed_and_then_known() -> None:
    rows = {"track_id": ["t3", "007"], "correct_bucket": ["Zydeco", "zydeco"]}
    found = read(rows, allow_new=True)
    assert taken(found) == {"t3": "Zydeco", "007": "Zydeco"}
    assert [p.reason for p in found.problems] == ["a new bucket", "read as 'Zydeco'"]


def test_a_new_bucket_that_looks_like_another_says_so() -> None:
    found = answer("Peek", allow_new=True)
    assert taken(found) == {"t3": "Peek"}
    assert "it looks like 'Peak'" in said(found)


def test_several_buckets_are_for_models_that_give_several() -> None:
    assert taken(answer("DnB| Peak|dnb", is_multi=True)) == {"t3": "DnB|Peak"}
    refused = answer("DnB|Peak")
    assert refused.taken == []
    assert "several buckets" in said(refused)


def test_one_unknown_bucket_of_several_refuses_the_row() -> None:
    assert answer("DnB|Polka", is_multi=True).taken == []


def test_nothing_of_the_callers_is_changed() -> None:
    edited = pd.DataFrame({"track_id": ["7"], "correct_bucket": ["peak"]})
    before, known = edited.copy(deep=True), KNOWN.copy(deep=True)
    read_corrections(edited, KNOWN, BUCKETS, lines=[2])
    pd.testing.assert_frame_equal(edited, before)
    pd.testing.assert_frame_equal(KNOWN, known)


IDS = st.one_of(st.text(max_size=8), st.sampled_from([*KNOWN["track_id"], "7", "1.2E+08"]))
ANSWERS = st.one_of(st.text(max_size=8), st.sampled_from([*BUCKETS, "peak", "", "#NAME?"]))


@given(rows=st.lists(st.tuples(IDS, ANSWERS), max_size=6))
@settings(deadline=None, max_examples=100)
def test_every_row_is_used_refused_or_empty(rows: list[tuple[str, str]]) -> None:
    found = read({"track_id": [t for t, _ in rows], "correct_bucket": [b for _, b in rows]})
    used = len(rows) - found.unanswered - len(found.refused)
    assert len({p.line for p in found.refused}) == len(found.refused)
    assert min(used, 1) <= len(found.taken) <= used
    assert {c.track_id for c in found.taken} <= set(KNOWN["track_id"])
    assert {b for c in found.taken for b in c.buckets} <= set(BUCKETS)


def test_a_file_that_went_through_a_spreadsheet_comes_back(tmp_path: Path) -> None:
    file = tmp_path / "predictions.csv"
    lines = [
        "track_id;artist;title;predicted_bucket;confidence;status;correct_bucket",
        "7;Robyn;Be Mine;Peak;0,81;ok;frühschicht",
        "1,2E+08;Björk;Jóga;Peak;0,4;unsure;Warm up",
        "t3;NA;x;Peak;0,4;unsure;",
        "'+44;null;z;Peak;0,4;unsure;#NAME?",
    ]
    file.write_bytes(b"\xef\xbb\xbf" + "\r\n".join(lines).encode())
    table = read_table(file, schema="corrections", duplicates="keep", line_column="line")
    found = read_corrections(table, KNOWN, BUCKETS, lines=table["line"].tolist())
    assert taken(found) == {"007": "Frühschicht", "120000001": "Warm up"}
    assert [p.line for p in found.refused] == [5]
    assert found.unanswered == 1
