"""`djlib models`: what is served, going back, and what is refused."""

from __future__ import annotations

import json
import pickle
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest

from djlib.settings import Workspace, load_settings
from djlib.workflows.buckets.train import train_buckets
from djlib.workflows.core.progress import NullReporter
from tests.cli.running import as_json, djlib, done, files, refused, rows

PICKLE = Path("models/bucket_model.pkl")
LEDGER = Path("models/bucket_registry.json")


@pytest.fixture(scope="module")
def _two(_learned: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with two versions, the second one served; they differ in what they learned."""
    made = Workspace(tmp_path_factory.mktemp("two") / "crates")
    shutil.copytree(_learned, made.root)
    part_of_it = (made.root / "library.csv").read_text().splitlines()[:90]
    (made.root / "less.csv").write_text("\n".join(part_of_it) + "\n")
    settings = load_settings(made.root, {})
    train_buckets(made, settings, made.root / "less.csv", talk=NullReporter(), promotion="always")
    return made.root


@pytest.fixture
def two(_two: Path, fresh: Path) -> tuple[str, str]:
    """The ids of two versions, the second one served."""
    shutil.copytree(_two, fresh, dirs_exist_ok=True)
    second, first = as_json("models", "list")
    return str(first["id"]), str(second["id"])


def in_use() -> str:
    return next(str(v["id"]) for v in as_json("models", "list") if v["current"])


def part(version: str, name: str) -> Path:
    return Path("models/versions/bucket") / version / name


def test_versions_are_listed_newest_first_with_the_one_in_use(two: tuple[str, str]) -> None:
    listed = as_json("models", "list")
    said = done("models", "list").stdout

    assert [(v["id"], v["current"]) for v in listed] == [(two[1], True), (two[0], False)]
    assert [v["problem"] for v in listed] == ["", ""]
    assert f"->  {two[1]}" in said
    assert f"    {two[0]}" in said


def test_an_empty_shelf_says_what_to_do(fresh: Path) -> None:
    assert "djlib train" in done("models", "list").stdout
    assert "djlib train" in refused("models", "show")
    assert "djlib train" in refused("models", "rollback")


def test_a_version_is_shown_by_its_card(two: tuple[str, str]) -> None:
    assert f"# bucket model {two[1]}" in done("models", "show").stdout
    assert f"# bucket model {two[0]}" in done("models", "show", "previous").stdout
    assert as_json("models", "show", two[0])["id"] == two[0]
    assert "no version '2020'" in refused("models", "show", "2020")


def test_rollback_changes_what_the_next_run_serves(two: tuple[str, str]) -> None:
    def answers() -> tuple[set[str], list[str]]:
        done("assign-buckets")
        given = rows()
        return {r["model_version"] for r in given}, [
            r["predicted_bucket"] + r["confidence"] for r in given
        ]

    second = answers()
    assert second[0] == {two[1]}
    assert f"Back to version {two[0]}." in done("models", "rollback").stdout
    first = answers()
    assert first[0] == {two[0]}
    assert first[1] != second[1]
    assert PICKLE.read_bytes() == part(two[0], PICKLE.name).read_bytes()
    assert "no sound version was current before" in refused("models", "rollback")
    assert as_json("models", "promote", two[1])["id"] == two[1]
    assert answers() == second


def test_the_pickle_is_the_model_for_other_programs(two: tuple[str, str]) -> None:
    model = pickle.loads(PICKLE.read_bytes())

    assert model.predict({"bpm": 120, "genres": "House"}) in model.classes_


def test_feedback_after_a_rollback_is_compared_with_what_is_served(two: tuple[str, str]) -> None:
    done("models", "rollback")

    assert as_json("train")["parent"] == two[0]


def test_verify_compares_every_file(two: tuple[str, str]) -> None:
    assert [v["problems"] for v in as_json("models", "verify")] == [[], []]
    done("models", "verify", "current")
    card = part(two[0], "card.md")
    card.write_text(card.read_text() + "better than it was\n")

    result = djlib("models", "verify", "--json")
    assert result.exit_code == 1
    found = {v["id"]: v["problems"] for v in json.loads(result.stdout)}
    assert found[two[1]] == []
    assert "card.md" in found[two[0]][0]
    assert djlib("models", "verify", two[1]).exit_code == 0


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda content: content[: len(content) // 2], "cut off or foreign"),
        (lambda content: content[:-1] + b"!", "was edited or is foreign"),
        (lambda content: pickle.dumps({"not": "ours"}), "cut off or foreign"),
        (lambda content: b"", "cut off or foreign"),
    ],
    ids=["truncated", "edited", "foreign", "emptied"],
)
def test_a_damaged_current_model_is_refused_and_a_promotion_repairs_it(
    two: tuple[str, str], damage: Any, said: str
) -> None:
    PICKLE.write_bytes(damage(PICKLE.read_bytes()))
    line = refused("assign-buckets")

    assert said in line
    assert f"last good version: {two[1]}" in line
    assert f"djlib models promote {two[1]}" in line
    assert djlib("models", "verify").exit_code == 1
    assert djlib("doctor").exit_code == 1
    done("models", "promote", two[1])
    done("assign-buckets")
    assert {r["model_version"] for r in rows()} == {two[1]}


@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("model/parts.skops", "truncated"),
        ("model/parts.skops", "edited"),
        ("model/parts.skops", "gone"),
        ("model/settings.json", "edited"),
        ("model/labelled.parquet", "edited"),
        ("metadata.json", "truncated"),
    ],
)
def test_a_damaged_version_is_refused_and_the_last_good_one_named(
    two: tuple[str, str], name: str, how: str
) -> None:
    file = part(two[1], name)
    content = file.read_bytes()
    if how == "gone":
        file.unlink()
    else:
        edited = content[:40] + bytes([content[40] ^ 1]) + content[41:]
        file.write_bytes(content[:-20] if how == "truncated" else edited)
    line = refused("assign-buckets")

    assert f"{two[1]} is refused" in line
    assert f"last good version: {two[0]}; `djlib models rollback` returns to it" in line
    assert two[1] in refused("models", "promote", two[1])
    done("models", "rollback")
    done("assign-buckets")
    assert {r["model_version"] for r in rows()} == {two[0]}


@pytest.mark.parametrize("name", ["metadata.json", "model/parts.skops"])
def test_feedback_does_not_stumble_over_a_damaged_version(two: tuple[str, str], name: str) -> None:
    done("assign-buckets")
    part(two[1], name).write_bytes(b"{}")
    text = Path("data/bucket_predictions.csv").read_text()
    Path("data/bucket_predictions.csv").write_text(text.replace("Z,\n", "Z,Peak time\n", 1))

    line = refused("feedback", "data/bucket_predictions.csv")
    assert f"last good version: {two[0]}" in line
    done("models", "rollback")
    assert len(as_json("feedback", "data/bucket_predictions.csv")["taken"]) == 1


def test_training_anew_is_a_way_out_of_a_damaged_model(two: tuple[str, str]) -> None:
    part(two[1], "model/parts.skops").write_bytes(b"")
    said = done("train").stdout

    assert "Not compared: the model in use cannot be loaded" in said
    done("assign-buckets")
    assert {r["model_version"] for r in rows()} == {in_use()}


@pytest.mark.parametrize("content", ["", "{", '{"format": 1}', "[]"])
def test_a_damaged_ledger_is_refused_and_written_anew_by_a_promotion(
    two: tuple[str, str], content: str
) -> None:
    LEDGER.write_text(content)
    line = refused("assign-buckets")

    assert "bucket_registry.json is damaged" in line
    assert f"djlib models promote {two[1]}" in line
    result = djlib("doctor")
    assert result.exit_code == 1
    assert "bucket_registry.json is damaged" in " ".join(result.stdout.split())
    done("models", "promote", two[1])
    done("assign-buckets")
    assert in_use() == two[1]


def test_old_versions_are_pruned_but_never_the_one_in_use_or_the_way_back(
    two: tuple[str, str],
) -> None:
    for seed in ("1", "2", "3"):
        done("train", "--no-promote", "--seed", seed)
    newest = [v["id"] for v in as_json("models", "list")]

    assert djlib("models", "prune", "--keep", "1", answer="n\n").exit_code == 1
    assert len(as_json("models", "list")) == 5
    gone = as_json("models", "prune", "--keep", "1", "--yes")["deleted"]
    assert set(gone) == set(newest[1:3])
    assert {v["id"] for v in as_json("models", "list")} == {newest[0], *two}
    assert "Nothing to delete." in done("models", "prune", "--yes").stdout


def test_the_question_before_pruning_is_no_result(two: tuple[str, str]) -> None:
    said = djlib("models", "prune", "--keep", "1", "--json", answer="y\n")

    assert "Delete all versions" in said.stderr
    assert json.loads(said.stdout[said.stdout.index("{") :]) == {"deleted": []}


def test_a_version_is_handed_over_as_a_zip(two: tuple[str, str]) -> None:
    done("models", "export", "current", "crates.zip")
    with zipfile.ZipFile("crates.zip") as archive:
        names = archive.namelist()

    assert any(name.endswith("card.md") for name in names)
    assert all(name.startswith(f"bucket-{two[1]}/") for name in names)
    before = files()
    assert "crates.zip exists already" in refused(
        "models", "export", "current", "crates.zip", code=2
    )
    assert files() == before
