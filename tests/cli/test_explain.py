from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.render.explanation import contributions
from djlib.bucketing.explain import Explanation
from djlib.synthetic.tables import synthetic_library
from djlib.tables.io import write_table
from tests.cli.running import (
    PREDICTIONS,
    Row,
    as_json,
    djlib,
    done,
    edit,
    files,
    refused,
    rows,
    write_rows,
)
from tests.conftest import QUICK


def unsorted() -> list[Row]:
    return [row for row in rows(Path("library.csv")) if not row["bucket"]]


def test_an_answer_is_the_one_that_assign_buckets_gives(learned: Path) -> None:
    done("assign-buckets")
    for row in rows()[:3]:
        found = as_json("explain", row["track_id"])
        assert found["explanation"]["given"] == [row["predicted_bucket"]]
        confidence = pytest.approx(float(row["confidence"]), abs=1e-4)
        assert found["explanation"]["confidence"] == confidence
        assert (found["status"], found["reason"]) == (row["status"], row["reason"])
        assert (found["version"], found["track_id"]) == (row["model_version"], row["track_id"])


def test_the_reported_change_really_changes_the_answer(learned: Path) -> None:
    track = next(row for row in unsorted() if row["bpm"] and row["genres"])
    found = as_json("explain", track["track_id"])["explanation"]
    assert found["what_if"]["edits"]
    changed = track | {one["field"]: one["after"] for one in found["what_if"]["edits"]}
    write_rows(Path("changed.csv"), [changed])
    now = as_json("explain", track["track_id"], "--data", "changed.csv")["explanation"]
    assert now["bucket"] == found["what_if"]["bucket"] != found["bucket"]
    assert now["confidence"] == pytest.approx(found["what_if"]["confidence"])


def test_a_person_sees_choices_fields_neighbours_and_the_change(learned: Path) -> None:
    track = unsorted()[0]
    said = done("explain", track["track_id"]).stdout
    for words in ("Likeliest", "What speaks for ", "Most like it", "What would change it", "start"):
        assert words in said
    assert track["title"][:20] in said
    found = as_json("explain", track["track_id"])["explanation"]
    assert f"{found['votes']:.3f}" in said
    assert sum(found["contributions"].values()) + found["base"] == pytest.approx(found["votes"])


@pytest.mark.parametrize(
    ("missing", "otherwise", "told"),
    [
        ((), {"artist": 0.6, "day": 0.4}, ["by an artist the model never learned from", "0.60"]),
        (("artist",), {"artist": 0.6}, ["names no artist", "0.60"]),
        ((), {"day": 0.9}, ["was added after everything the model learned from", "0.90"]),
        ((), {"artist": 0.1, "day": 0.41}, []),
    ],
)
def test_what_is_strange_about_a_track_is_told_where_it_costs(
    missing: tuple[str, ...],
    otherwise: dict[str, float],
    told: list[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = Explanation(
        bucket="Warm", confidence=0.4, given=("Warm",), choices=(("Warm", 0.4),),
        vote_scale="score", votes=1.0, base=0.5, contributions={"artist": 0.5},
        values={"artist": ""}, nearest=(), missing=missing, if_familiar=otherwise,
    )  # fmt: skip
    contributions(found)
    said = capsys.readouterr().out
    assert all(words in said for words in told)
    assert said.count("otherwise it would be") == bool(told)


def test_nothing_is_written(learned: Path) -> None:
    before = files()
    done("explain", unsorted()[0]["track_id"])
    done("explain", unsorted()[0]["track_id"], "--history")
    done("explain", "--model")
    assert files() == before


def test_top_is_how_many_choices_and_neighbours(learned: Path) -> None:
    found = as_json("explain", unsorted()[0]["track_id"], "--top", "1")["explanation"]
    assert (len(found["choices"]), len(found["nearest"])) == (1, 1)
    many = as_json("explain", unsorted()[0]["track_id"], "--top", "50")["explanation"]
    assert (len(many["choices"]), len(many["nearest"])) == (4, 50)


def test_a_sorted_track_is_told_with_what_was_learned_from_it(learned: Path) -> None:
    track = next(row for row in rows(Path("library.csv")) if row["bucket"])
    found = as_json("explain", track["track_id"])
    assert found["sorted_into"] == [track["bucket"]]
    assert f"You put it in {track['bucket']}" in done("explain", track["track_id"]).stdout


def test_of_several_tracks_none_is_explained(learned: Path) -> None:
    result = djlib("explain", "e")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert len([line for line in result.stderr.splitlines() if line.startswith("  t0")]) == 10
    assert "name one by its id" in result.stderr


def test_a_track_that_is_nowhere(learned: Path) -> None:
    assert "no track with the id or the words 'polka'" in refused("explain", "polka")


def test_without_a_model_the_next_step_is_named(fresh: Path) -> None:
    (fresh / "mine.csv").write_text("track_id,bpm\n1,120\n")
    assert "djlib train" in refused("explain", "1", "--data", "mine.csv")
    assert "djlib train" in refused("explain", "--model")


@pytest.mark.parametrize(
    "arguments",
    [[], ["x", "--model"], ["--model", "--history"], ["x", "--chart", "a.png"], ["--history"]],
)
def test_what_is_asked_must_be_one_thing(learned: Path, arguments: list[str]) -> None:
    assert "name one track" in refused("explain", *arguments, code=2)


def test_a_hostile_title_is_shown_as_it_is(learned: Path) -> None:
    title = "[bold]=cmd|'/C calc'![/bold] \x1b[31m " + "x" * 20_000
    hostile = unsorted()[0] | {"track_id": "odd", "title": title, "key": "off"}
    write_rows(Path("odd.csv"), [hostile])
    said = done("explain", "odd", "--data", "odd.csv").stdout
    assert "[bold]=cmd|'/C calc'![/bold]" in said
    assert "\x1b[31m" not in said
    assert max(map(len, said.splitlines())) < 250


def test_a_track_of_which_nothing_is_known(learned: Path) -> None:
    write_rows(Path("bare.csv"), [{"track_id": "bare", "title": ""}])
    found = as_json("explain", "bare", "--data", "bare.csv")
    assert found["status"] == "missing_data"
    assert found["explanation"]["missing"] == ["bpm", "key", "genres"]
    said = done("explain", "bare", "--data", "bare.csv").stdout
    assert "(no title)" in said
    assert said.count("(missing)") == 3


def test_several_buckets_a_track(learned: Path) -> None:
    table = synthetic_library(120, buckets=4, seed=3, multi=0.6)
    write_table(table, "several.csv")
    done("train", "several.csv", "--promote")
    found = [as_json("explain", t, "--data", "several.csv") for t in table["track_id"].head(6)]
    assert max(len(one["sorted_into"]) for one in found) > 1
    for one in (each["explanation"] for each in found):
        assert one["bucket"] in one["given"]
        assert one["base"] + sum(one["contributions"].values()) == pytest.approx(one["votes"])


def test_history_over_two_versions_and_a_rollback(learned: Path) -> None:
    first = as_json("assign-buckets")["model_version"]
    track_id = rows()[0]["track_id"]
    wanted = rows()[0]["second_bucket"]

    def correct(number: int, row: Row) -> None:
        row["correct_bucket"] = wanted if number == 0 else ""

    edit(correct)
    second = as_json("feedback", PREDICTIONS, "--promote")["training"]["version"]
    as_json("assign-buckets", "library.csv")
    done("models", "rollback")
    as_json("assign-buckets", "library.csv", "--output", "third.csv")

    told = as_json("explain", track_id, "--history")

    assert [one["version"] for one in told["said"]] == [first, second, first]
    assert [one["at"] for one in told["said"]] == sorted(one["at"] for one in told["said"])
    assert told["said"][0]["bucket"] == told["said"][2]["bucket"]
    assert Path(told["said"][1]["source"]).name == "library.csv"
    assert [one["buckets"] for one in told["corrected"]] == [[wanted]]
    assert told["corrected"][0]["predicted"] == told["said"][0]["bucket"]
    assert (told["in_force"], told["by"]) == ([wanted], "correction")
    states = {one["id"]: one["state"] for one in told["versions"]}
    assert states == {first: "current", second: "kept"}
    assert len({one["fingerprint"] for one in told["versions"]}) == 2
    said = done("explain", track_id, "--history").stdout
    assert f"It counts as {wanted}: your last correction." in said
    assert said.count(first) == 3


def test_a_deleted_version_is_still_told_of(learned: Path) -> None:
    gone = as_json("assign-buckets")["model_version"]
    track_id = rows()[0]["track_id"]
    for _ in range(3):
        done("train", "--promote")
    done("models", "prune", "--keep", "1", "--yes")
    (told,) = as_json("explain", track_id, "--history")["versions"]
    assert (told["id"], told["state"], told["tracks"]) == (gone, "deleted", None)
    assert len(told["fingerprint"]) == 16


def test_a_track_no_library_holds_any_more_keeps_its_history(learned: Path) -> None:
    write_rows(Path("passing.csv"), [unsorted()[0] | {"track_id": "gone"}])
    done("assign-buckets", "passing.csv")
    told = as_json("explain", "gone", "--history")
    assert len(told["said"]) == 1
    assert told["by"] == "prediction"
    assert "no track" in refused("explain", "goner", "--history")


def test_a_track_nobody_was_asked_about_has_no_history(learned: Path) -> None:
    assert "No run of assign-buckets" in done("explain", rows(Path("library.csv"))[0]["track_id"],
                                              "--history").stdout  # fmt: skip


def test_what_the_model_leans_on_is_measured_on_tracks_kept_aside(learned: Path) -> None:
    found = as_json("explain", "--model", "--chart", "fields.svg")
    assert {one["field"] for one in found["fields"]} == {"bpm", "key", "genres"}
    kept_aside = json.loads(Path("metrics.json").read_text())["training"]["kept_aside"]
    assert found["n_tracks"] == kept_aside >= 10
    assert found["moved"] == {}
    assert found["written"] == ["fields.svg"]
    assert Path("fields.svg").read_text("utf-8").startswith("<?xml")
    said = done("explain", "--model").stdout
    assert f"Measured on {kept_aside} tracks kept aside" in said


def test_without_tracks_kept_aside_it_says_what_it_shows_instead(learned: Path) -> None:
    Path("djlib.toml").write_text(QUICK + "test_share = 0\n")
    done("train", "--promote")
    found = as_json("explain", "--model", "--chart", "moved.html")
    assert found["fields"] == []
    assert set(found["moved"]) == {"bpm", "key", "genres"}
    assert Path("moved.html").is_file()
    assert "No test tracks are kept aside yet" in done("explain", "--model").stdout


def test_another_version_can_be_asked(learned: Path) -> None:
    first = as_json("models", "show")["id"]
    done("train", "--promote", "--several", "--seed", "5")
    track_id = unsorted()[0]["track_id"]
    assert as_json("explain", track_id, "--version", "previous")["version"] == first
    assert as_json("explain", "--model", "--version", first[:18])["version"] == first
    assert "no version 'nope'" in refused("explain", track_id, "--version", "nope")
