"""`djlib report`, and what feedback says on the way there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.running import PREDICTIONS, Row, as_json, djlib, done, edit, refused, rows


@pytest.fixture
def fed(learned: Path) -> list[Row]:
    """A workspace where three predictions were corrected, with an opinion."""
    done("assign-buckets")

    def correct(number: int, row: Row) -> None:
        row["correct_bucket"] = row["second_bucket"] if number < 3 else ""

    table = edit(correct)
    done("feedback", PREDICTIONS, "--all-seen", "--satisfaction", "4", "--note", "good [so far]")
    return table


def test_a_person_sees_versions_buckets_and_their_own_words(fed: list[Row]) -> None:
    said = done("report").stdout

    assert "->" in said
    assert f"of {len(fed)}" in said
    assert "4.0 of 5 (1)" in said
    assert "Predictions you let stand, by bucket (target 80 %)" in said
    assert "4 of 5: good [so far]" in said
    assert max(map(len, said.splitlines())) <= 110


def test_programs_get_everything(fed: list[Row]) -> None:
    found = as_json("report")
    first, second = found["versions"]

    assert (first["looked"]["corrected"], first["looked"]["shown"]) == (3, len(fed))
    assert first["accepted"]["share"] == pytest.approx(1 - 3 / len(fed))
    assert (second["update"], second["is_current"]) == ("fast", True)
    assert {"confusions", "buckets"} == set(found["changes"])
    assert found["target"] == 0.8
    assert found["ab"] == []


def test_a_chart_is_drawn_and_a_wrong_suffix_refused_first(fed: list[Row]) -> None:
    pytest.importorskip("matplotlib", reason="charts are an extra")
    done("report", "--chart", "progress.svg")
    assert "<svg" in Path("progress.svg").read_text()
    assert "a chart is one of" in refused("report", "--chart", "progress.pdf", code=2)


def test_two_versions_side_by_side_from_proposal_to_advice(fed: list[Row]) -> None:
    said = done("assign-buckets", "--ab", "previous").stdout
    assert "Once you have fed the file back, 'djlib report' compares them." in said
    assert "then this tells more" in done("report").stdout

    def correct(number: int, row: Row) -> None:
        row["correct_bucket"] = row["second_bucket"] if number % 4 == 0 else ""

    edit(correct)
    done("feedback", PREDICTIONS, "--all-seen")
    said = done("report").stdout
    assert "Two versions side by side (A/B)" in said
    assert "Fisher's exact p" in said
    assert "Cannot tell yet: look at about" in said


def test_feedback_says_how_it_learned_and_what_changed(learned: Path) -> None:
    done("assign-buckets")

    def correct(number: int, row: Row) -> None:
        row["correct_bucket"] = row["second_bucket"] if number < 6 else ""

    table = edit(correct)
    said = done("feedback", PREDICTIONS, "--all-seen").stdout
    assert f"Of the {len(table)} predictions you looked at you let {len(table) - 6} stand" in said
    assert "Memory check, no measure of quality: of the 6 tracks newly corrected, 0 were" in said
    assert "Learned the fast way: 6 labels changed since version" in said


def test_a_rename_is_said_with_the_way_back(learned: Path) -> None:
    done("assign-buckets")
    old = rows()[0]["predicted_bucket"]
    said = done("feedback", "--rename", f"{old}=Sunrise").stdout

    assert f"'{old}' is called 'Sunrise' from now on." in said
    assert "Learned and measured anew: there is a new bucket: Sunrise." in said
    assert f'Back: djlib feedback --rename "Sunrise={old}"' in said
    assert (
        f"'{old}' is called 'Sunrise' already."
        in done("feedback", "--rename", f"{old}=Sunrise").stdout
    )
    assert "no bucket 'Nowhere' to rename" in refused("feedback", "--rename", "Nowhere=x")


def test_corrections_that_look_like_a_rename_say_how_to_rename(learned: Path) -> None:
    done("assign-buckets")
    old = rows()[0]["predicted_bucket"]

    def correct(number: int, row: Row) -> None:
        row["correct_bucket"] = "Sunrise" if row["predicted_bucket"] == old else ""

    edit(correct)
    said = done("feedback", PREDICTIONS, "--dry-run").stdout
    assert f'djlib feedback --rename "{old}=Sunrise"' in said


def test_a_score_alone_is_noted_and_nothing_is_learned(learned: Path) -> None:
    said = done("feedback", "--satisfaction", "3").stdout

    assert "Noted: 3 of 5 for version" in said
    assert "Nothing new to learn: the model stays as it is." in said
    assert "corrections taken" not in said
    assert djlib("feedback", "--satisfaction", "6").exit_code == 2
    assert "nothing to learn: name a file" in refused("feedback", code=2)
