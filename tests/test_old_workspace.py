"""A workspace made by commit 3e0324c is served, learned from and taken back as it was there.

`old_workspace/workspace.tar.xz` holds the workspace and what that commit said of it;
`old_workspace/build.py` says how it came about. Only commands and public names are used here, so
that the code may move as it likes.
"""

from __future__ import annotations

import json
import os
import pickle
import shutil
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import djlib as library
from tests.cli.running import as_json, done, edit, refused, rows, write_rows
from tests.old_workspace.build import ARCHIVE, DAY, LEARNERS, RENAMED, answer

TRACKS = "given/tracks.csv"
PICKLES = {learner: Path(f"models/{learner}_model.pkl") for learner in LEARNERS}


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The archive, to be copied from."""
    folder = tmp_path_factory.mktemp("old")
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(folder, filter="data")
    yield folder
    shutil.rmtree(folder)  # sixty megabytes, nearly all of them zeros in pickles


@pytest.fixture(scope="module")
def said(unpacked: Path) -> dict[str, Any]:
    """What commit 3e0324c said of the workspace."""
    found: dict[str, Any] = json.loads((unpacked / "expected.json").read_text(encoding="utf-8"))
    return found


@pytest.fixture
def old(
    unpacked: Path, said: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """The workspace, as if it had been made where it lies now; the tests are in it."""
    for variable in [v for v in os.environ if v.startswith("DJLIB_")]:
        monkeypatch.delenv(variable)
    folder = tmp_path / "crates"
    # What is linked is only ever replaced as a whole.
    shutil.copytree(unpacked / "crates/models", folder / "models", copy_function=os.link)
    ignore = shutil.ignore_patterns("models")
    shutil.copytree(unpacked / "crates", folder, ignore=ignore, dirs_exist_ok=True)
    for file in [*folder.glob("data/**/*.json"), *folder.glob("data/**/*.jsonl")]:
        text = file.read_text(encoding="utf-8")
        file.write_text(text.replace(said["folder"], folder.as_posix()), encoding="utf-8")
    monkeypatch.chdir(folder)
    return folder


def is_within(known: Any, found: Any, *, but: tuple[str, ...] = ()) -> bool:
    """Whether all that is known is found again; there may be more, and `but` may be else."""
    if isinstance(known, dict) and isinstance(found, dict):
        return all(
            name in found and is_within(value, found[name], but=but)
            for name, value in known.items()
            if name not in but
        )
    if isinstance(known, list) and isinstance(found, list):
        pairs = zip(known, found, strict=False)
        return len(known) == len(found) and all(is_within(a, b, but=but) for a, b in pairs)
    if isinstance(known, float):
        return bool(found == pytest.approx(known, abs=1e-6))
    return bool(known == found)


def versions(learner: str) -> list[dict[str, Any]]:
    """All versions, newest first."""
    listed: list[dict[str, Any]] = as_json("models", "list", "--learner", learner)
    return listed


def in_use(learner: str) -> str:
    """The version served."""
    return next(str(v["id"]) for v in versions(learner) if v["current"])


def proposals() -> list[list[Any]]:
    """The buckets of all tracks, as `old_workspace/build.py` asked for them."""
    done("assign-buckets", TRACKS, "--output", "asked.csv")
    texts = ("track_id", "predicted_bucket", "status")
    numbers = ("confidence", "second_probability")
    table = rows(Path("asked.csv"))
    return [[*(r[c] for c in texts), *(float(r[c]) for c in numbers)] for r in table]


def picks(*words: str) -> list[list[Any]]:
    """The next batch."""
    shown = ("listing_id", "selection_strategy", "mean", "uncertainty_at_selection")
    return [
        [row[name] for name in shown]
        for row in as_json("select-batch", "--dry-run", *words)["rows"]
    ]


def recommended() -> dict[str, list[list[Any]]]:
    """The calls for each person, and how likely they are liked."""
    lists = {
        user: as_json("recommend", "--dry-run", "--user", user)["rows"]
        for user in ("mara", "ben", "zoe")
    }
    return {u: [[r["opportunity_id"], r["chance"]] for r in made] for u, made in lists.items()}


def assert_proposed(known: list[list[str]], found: list[list[Any]]) -> None:
    assert [row[:3] for row in found] == [row[:3] for row in known]
    figures = np.array([row[3:] for row in known], dtype=float)
    # Written with four digits: the last may be rounded the other way on another machine.
    assert np.array([row[3:] for row in found]) == pytest.approx(figures, abs=1.01e-4)


def assert_picked(known: list[list[Any]], found: list[list[Any]]) -> None:
    assert is_within(known, found)


def assert_recommended(known: dict[str, list[list[Any]]], found: dict[str, Any]) -> None:
    """The same model: its favourite is the same. Which others stand beside it has changed, since
    lists are spread over sources and chances are held to what the ratings can carry."""
    for user, calls in known.items():
        assert found[user][0][0] == calls[0][0], user
        before, now = {call for call, _ in calls}, {call for call, _ in found[user]}
        assert len(before & now) >= len(before) / 2, user


ASKED: dict[str, tuple[Callable[[], Any], Callable[[Any, Any], None]]] = {
    "bucket": (proposals, assert_proposed),
    "keeper": (picks, assert_picked),
    "opportunity": (recommended, assert_recommended),
}


@pytest.mark.parametrize("learner", LEARNERS)
def test_every_version_is_there_and_whole(old: Path, said: dict[str, Any], learner: str) -> None:
    assert len(said["versions"][learner]) > 1
    assert is_within(said["versions"][learner], versions(learner))
    problems = [v["problems"] for v in as_json("models", "verify", "--learner", learner)]
    assert problems == [[]] * len(said["versions"][learner])


@pytest.mark.parametrize("learner", LEARNERS)
def test_it_serves_what_it_served_and_rolls_back(
    old: Path, said: dict[str, Any], learner: str
) -> None:
    ask, assert_same = ASKED[learner]
    served = said["served"][learner]
    assert len(served) == len(said["versions"][learner])
    for number, (version, known) in enumerate(served.items()):
        if number:
            done("models", "rollback", "--learner", learner)
        assert in_use(learner) == version
        assert_same(known, ask())
    assert "no sound version" in refused("models", "rollback", "--learner", learner)


def test_bucket_models_load_through_python(unpacked: Path, said: dict[str, Any]) -> None:
    table = library.read_table(unpacked / "crates" / TRACKS, problems=[]).head(12)
    places = {
        version: f"crates/models/versions/bucket/{version}/model"
        for version in said["probabilities"]
    }
    known = said["probabilities"] | {"soft_vote": said["soft_vote"]}
    assert {kind for kind, _ in known.values()} == {
        "HybridBucketAssigner", "SimpleMLBucketAssigner",
    }  # fmt: skip
    for name, (kind, chances) in known.items():
        model = getattr(library, kind).load(unpacked / places.get(name, name))
        assert model.predict_proba(table) == pytest.approx(np.array(chances), abs=1e-6), name


def test_the_pickle_is_known_and_opens_once_it_was_written_anew(
    old: Path, said: dict[str, Any]
) -> None:
    table = library.read_table(TRACKS, problems=[]).head(12)
    for learner, file in PICKLES.items():
        done("models", "promote", "current", "--learner", learner)
        assert type(pickle.loads(file.read_bytes())).__module__.startswith("djlib.")
    done("models", "rollback", "--learner", "bucket")
    model = pickle.loads(PICKLES["bucket"].read_bytes())
    kind, chances = said["probabilities"][in_use("bucket")]
    assert type(model).__name__ == kind
    assert model.predict_proba(table) == pytest.approx(np.array(chances), abs=1e-6)
    assert not list(Path("models").glob("*.kept-*")), "taken for a stranger's"
    for learner in LEARNERS:
        done("models", "verify", "--learner", learner)


def test_old_corrections_and_renames_are_learned_again(old: Path, said: dict[str, Any]) -> None:
    before = said["versions"]["bucket"][0]
    trained = as_json("train", "--promote")
    again = ("tracks", "kept_aside", "corrections", "buckets", "is_multi")
    assert before["corrections"] >= 4
    assert trained["parent"] == before["id"]
    assert [trained[name] for name in again] == [before[name] for name in again]
    was, now = RENAMED.split("=")
    assert now in trained["buckets"]
    assert was not in trained["buckets"]
    assert trained["comparison"]["n"] == before["kept_aside"]
    assert in_use("bucket") == trained["version"]
    done("models", "rollback", "--learner", "bucket")
    assert in_use("bucket") == before["id"]


def test_a_correction_goes_on_from_the_old_model(old: Path, said: dict[str, Any]) -> None:
    before = said["versions"]["bucket"][0]
    assert before["update"] == "fast"
    proposed = rows()[0]
    row = {"track_id": proposed["track_id"], "correct_bucket": proposed["second_bucket"]}
    learned = as_json("feedback", write_rows(old / "more.csv", [row]), "--promote")
    training = learned["training"]
    assert training["update"] == "fast"
    assert training["measured_by"] == before["measured_by"]
    assert training["changed_labels"] == before["changed_labels"] + 1
    assert training["corrections"] == before["corrections"] + 1


def test_a_forest_is_trained_with_the_trees_of_the_settings(old: Path) -> None:
    done("train", "--model", "simple_ml", "--no-promote")
    newest = versions("bucket")[0]
    assert not newest["current"]
    assert newest["parameters"]["n_estimators"] == 6


def test_old_answers_are_never_asked_about_and_learned_on_from(
    old: Path, said: dict[str, Any]
) -> None:
    before = said["versions"]["keeper"][0]
    log = (old / "data/events/keeps.jsonl").read_text(encoding="utf-8").splitlines()
    answered = {json.loads(line)["listing_id"] for line in log}
    assert len(answered) == before["labels"]
    batch = as_json("select-batch")
    assert batch["answered"] == before["labels"]
    assert not answered & {row["listing_id"] for row in batch["rows"]}
    edit(lambda _, row: row.update(keeper=answer(row)), Path("data/batch.csv"))
    learned = as_json("feedback", "data/batch.csv", "--promote")
    assert learned["labels"] == before["labels"] + len(batch["rows"])
    assert learned["batch_number"] == before["batch_number"] + 1
    back = as_json("feedback", "--undo")
    assert back["labels"] == before["labels"]


def test_old_ratings_are_learned_again_and_taken_back(old: Path, said: dict[str, Any]) -> None:
    before, first = said["versions"]["opportunity"]
    trained = as_json("train", "--opportunities")
    assert (trained["ratings"], trained["users"]) == (before["ratings"], before["users"])
    newest = versions("opportunity")[0]
    assert (newest["id"], newest["parent"]) == (trained["version"], before["id"])
    assert newest["data_fingerprint"] == before["data_fingerprint"]
    # The same ratings, and how each call stood when it was rated: the same answers.
    assert_recommended(said["served"]["opportunity"][before["id"]], recommended())
    assert as_json("feedback", "--undo")["ratings"] == first["ratings"] < before["ratings"]


def test_reports_tell_of_what_was_before(old: Path, said: dict[str, Any]) -> None:
    assert [opinion["score"] for opinion in said["report"]["opinions"]] == [3, 5]
    assert is_within(said["report"], as_json("report"))
    assert is_within(said["review"], as_json("review"), but=("file",))
    track = said["explained"]["track_id"]
    assert said["explained"]["corrected"]
    assert is_within(said["explained"], as_json("explain", track, "--history"), but=("source",))


def test_exports_are_undone(old: Path, said: dict[str, Any]) -> None:
    first, second = said["exports"]
    file = Path("crates.xml")
    assert is_within(said["history"], as_json("history", "list"), but=("path", "target", "files"))
    assert file.read_text(encoding="utf-8") == second != first
    done("history", "undo", "2")
    assert file.read_text(encoding="utf-8") == first
    done("history", "undo", "1")
    assert not file.exists()


def test_jobs_know_what_is_done_and_that_nothing_is_new(old: Path, said: dict[str, Any]) -> None:
    known = said["jobs"]
    assert is_within(known, as_json("jobs", "history"))
    again = as_json("jobs", "run", "daily", "--slot", DAY)
    before = [step for step in again["steps"] if step["job"] != "remind"]
    assert {step["outcome"] for step in before} == {"finished"}
    assert len(again["steps"]) == len(known) + 1  # reminding of calls is new
    fresh = as_json("jobs", "run", "retrain", "--slot", "2026-12-01")
    said_then = {step["learner"]: step["said"] for step in fresh["steps"]}
    assert said_then == {name: f"nothing new since version {in_use(name)}" for name in LEARNERS}


def test_sources_that_broke_are_remembered_and_one_file_is_kept(old: Path) -> None:
    place = Path("data/quarantine")
    told, newer = sorted(place.iterdir(), key=lambda file: file.stat().st_mtime)
    found = as_json("scan", "given/bargain.csv")
    (watched,) = found["watched"]
    assert (watched["source"], watched["state"]) == ("Harbour Press", "broken")
    assert [Path(file).name for file in found["removed"]] == [newer.name]
    assert told.exists()
    assert len(list(place.iterdir())) == 2


def test_the_dial_of_the_settings_counts(old: Path, said: dict[str, Any]) -> None:
    known = said["served"]["keeper"][in_use("keeper")]
    assert said["other_dial"] != known
    settings = Path("djlib.toml")
    settings.write_text(settings.read_text().replace('dial = "novel"', 'dial = "accuracy"'))
    assert_picked(said["other_dial"], picks())


@pytest.mark.parametrize(
    ("key", "wrong"),
    [("dial", '"loud"'), ("trees", "0"), ("keep_aside", "0"), ("retune_most", "99")],
)
def test_old_names_of_settings_are_read(old: Path, key: str, wrong: str) -> None:
    done("models", "list")
    settings = Path("djlib.toml")
    lines = [
        f"{key} = {wrong}" if line.startswith(f"{key} =") else line
        for line in settings.read_text().splitlines()
    ]
    settings.write_text("\n".join(lines))
    assert wrong.strip('"') in refused("models", "list", code=2)
