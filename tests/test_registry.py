"""The registry: nothing is lost, nothing foreign is loaded, and the way back always works."""

from __future__ import annotations

import itertools
import json
import logging
import os
import pickle
import shutil
import signal
import time
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import numpy as np
import pytest
import skops.io
from sklearn.linear_model import LogisticRegression

from djlib.errors import (
    BusyError,
    DjlibError,
    ModelError,
    NotFoundError,
    NotTrainedError,
    UsageError,
)
from djlib.registry import Registry, Version, draft, shelf
from djlib.registry import manifest as archives
from djlib.tables.locks import workspace_lock
from tests.processes import ended, start

pytestmark = pytest.mark.slow


class TinyModel:
    """A name in a JSON part and a fitted classifier in a skops part."""

    def __init__(self, name: str, classifier: LogisticRegression | None = None) -> None:
        self.name = name
        self.classifier = classifier or LogisticRegression().fit([[0.0], [1.0]], ["Warm up", name])

    def save(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "settings.json").write_text(json.dumps({"name": self.name}))
        skops.io.dump(self.classifier, folder / "classifier.skops")

    @classmethod
    def load(cls, folder: Path) -> Self:
        name = json.loads((folder / "settings.json").read_text())["name"]
        return cls(name, skops.io.load(folder / "classifier.skops"))


class Planted:
    """Runs a command when unpickled."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> Any:
        return os.system, (f"touch {self.marker}",)


def save(registry: Registry[TinyModel], name: str, **options: Any) -> Version:
    return registry.save(TinyModel(name), metadata={"n_tracks": 600}, **options)


@pytest.fixture
def registry(tmp_path: Path) -> Registry[TinyModel]:
    return Registry(tmp_path / "models", "bucket", TinyModel.load, lock_wait_s=20)


@pytest.fixture
def three(registry: Registry[TinyModel]) -> list[Version]:
    return [save(registry, name) for name in ("A", "B", "C")]


def tamper(path: Path) -> None:
    """Change one byte, keep the size."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


# --- saving and reading back ---------------------------------------------------------------


def test_no_model_yet_says_to_train(registry: Registry[TinyModel]) -> None:
    for ask in (registry.current, registry.load, registry.rollback):
        with pytest.raises(NotTrainedError, match="djlib train"):
            ask()
    assert registry.versions() == []
    assert registry.history() == []
    assert not registry.folder.joinpath("versions").exists()


def test_saved_model_comes_back_and_is_current(registry: Registry[TinyModel]) -> None:
    version = save(registry, "Peak", parent=None)
    loaded = registry.load()
    points = np.linspace(-1, 2, 7).reshape(-1, 1)
    expected = TinyModel("Peak").classifier.predict_proba(points)
    np.testing.assert_array_equal(loaded.classifier.predict_proba(points), expected)
    assert registry.current() == version
    assert version.is_current
    assert version.problem == ""


def test_version_tells_what_it_is(registry: Registry[TinyModel]) -> None:
    first = save(registry, "A")
    told = {"metrics": {"accuracy": np.float64(0.7)}, "parameters": {"trees": 200}}
    version = registry.save(TinyModel("B"), metadata=told, parent=first.id)
    written = json.loads((version.folder / "metadata.json").read_text())
    assert written == version.metadata
    assert version.metrics == {"accuracy": 0.7}
    assert version.parent == first.id
    assert version.created_at.endswith("Z")
    assert version.id.startswith(version.created_at.replace("-", "").replace(":", "")[:8])
    libraries = {"python", "djlib", "numpy", "pandas", "scikit-learn", "skops"}
    assert set(written["libraries"]) == libraries
    assert written["learner"] == "bucket"


def test_card_is_for_people(registry: Registry[TinyModel]) -> None:
    told = {
        "n_tracks": 600,
        "buckets": {"Warm up": 154, "Früh | spät": 35},
        "data_fingerprint": "ab12",
        "metrics": {"stratified": {"accuracy": 0.7123, "per_bucket": {"Warm up": 0.9}}},
        "parameters": {"trees": 200},
    }
    version = registry.save(TinyModel("A"), metadata=told, parent="20260101T000000Z-00000000")
    card = (version.folder / "card.md").read_text()
    for line in (
        f"# bucket model {version.id}",
        "- n tracks: 600",
        "- buckets: Warm up (154), Früh | spät (35)",
        "| stratified: accuracy | 0.712 |",
        "| trees | 200 |",
        "- `djlib models rollback` returns to the version that was current before.",
    ):
        assert line in card.splitlines() or line in card
    assert "per bucket" not in card
    assert "20260101T000000Z-00000000" in card


def test_metadata_of_the_registry_itself_is_not_to_be_given(
    registry: Registry[TinyModel],
) -> None:
    with pytest.raises(UsageError, match="'id'"):
        registry.save(TinyModel("A"), metadata={"id": "mine"})
    assert registry.versions() == []


def test_attachments_are_kept_and_checked(registry: Registry[TinyModel]) -> None:
    version = save(registry, "A", attachments={"test_rows.csv": b"track_id\nt1\n"})
    assert registry.attachment("current", "test_rows.csv") == b"track_id\nt1\n"
    with pytest.raises(NotFoundError, match="test_rows.csv"):
        registry.attachment("current", "other.csv")
    with pytest.raises(NotFoundError):
        registry.attachment("current", "../metadata.json")
    tamper(version.folder / "attachments" / "test_rows.csv")
    with pytest.raises(ModelError, match="test_rows.csv was changed"):
        registry.attachment("current", "test_rows.csv")


@pytest.mark.parametrize("name", ["", "..", "a/b", "/etc/passwd", "a\\b"])
def test_attachment_names_stay_inside(registry: Registry[TinyModel], name: str) -> None:
    with pytest.raises(UsageError, match="plain file name"):
        save(registry, "A", attachments={name: b""})


def test_pickle_for_other_programs_is_the_current_model(
    registry: Registry[TinyModel], three: list[Version]
) -> None:
    assert registry.pickle_path.name == "bucket_model.pkl"
    assert pickle.loads(registry.pickle_path.read_bytes()).name == "C"
    registry.rollback()
    assert pickle.loads(registry.pickle_path.read_bytes()).name == "B"


def test_saving_without_promoting_leaves_the_current_one(registry: Registry[TinyModel]) -> None:
    first, second = save(registry, "A"), save(registry, "B", promote=False)
    assert registry.current().id == first.id
    assert not second.is_current
    assert registry.load(second.id).name == "B"
    assert [v.id for v in registry.versions()] == [second.id, first.id]


def test_versions_not_yet_promoted_are_named(registry: Registry[TinyModel]) -> None:
    version = save(registry, "A", promote=False)
    with pytest.raises(NotTrainedError, match=f"promote {version.id}"):
        registry.load()


def test_learners_share_a_folder(registry: Registry[TinyModel]) -> None:
    other = Registry(registry.folder, "keeper", TinyModel.load)
    save(registry, "A")
    other.save(TinyModel("K"), metadata={})
    assert (registry.load().name, other.load().name) == ("A", "K")
    assert len(registry.versions()) == len(other.versions()) == 1


@pytest.mark.parametrize("learner", ["", "../x", "Bucket", "a/b"])
def test_learner_is_a_plain_word(tmp_path: Path, learner: str) -> None:
    with pytest.raises(UsageError, match="lower-case word"):
        Registry(tmp_path, learner, TinyModel.load)


# --- models that must not be stored --------------------------------------------------------


class Unpicklable(TinyModel):
    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.rule = lambda x: x


class Linked(TinyModel):
    def save(self, folder: Path) -> None:
        super().save(folder)
        (folder / "link").symlink_to("/etc/hosts")


class Halved(TinyModel):
    def save(self, folder: Path) -> None:
        super().save(folder)
        part = folder / "classifier.skops"
        part.write_bytes(part.read_bytes()[:100])


class Disguised(TinyModel):
    """Its skops part is a pickle that runs a command."""

    def save(self, folder: Path) -> None:
        super().save(folder)
        marker = folder.parent.parent / "marker"
        (folder / "classifier.skops").write_bytes(pickle.dumps(Planted(marker)))


class Escaping(TinyModel):
    def save(self, folder: Path) -> None:
        super().save(folder)
        with zipfile.ZipFile(folder / "more.zip", "w") as archive:
            archive.writestr("../../outside", "x")


class Bomb(TinyModel):
    def save(self, folder: Path) -> None:
        super().save(folder)
        with zipfile.ZipFile(folder / "more.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("zeros", bytes(65 * 2**20))


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (Unpicklable, "cannot be pickled"),
        (Linked, "saved a link"),
        (Halved, "does not come back"),
        (Disguised, "does not come back"),
        (Escaping, "a path outside itself"),
        (Bomb, "times its size"),
    ],
)
def test_model_that_cannot_be_kept_safely_is_not_stored(
    registry: Registry[TinyModel], kind: type[TinyModel], reason: str
) -> None:
    good = save(registry, "A")
    with pytest.raises(ModelError, match=reason):
        registry.save(kind("B"), metadata={})
    assert registry.load().name == "A"
    assert [p.name for p in good.folder.parent.iterdir()] == [good.id]


def test_model_that_does_not_pass_the_check_is_not_stored(registry: Registry[TinyModel]) -> None:
    def must_be_c(model: TinyModel) -> None:
        if model.name != "C":
            raise AssertionError("other predictions than before")

    save(registry, "C", check=must_be_c)
    with pytest.raises(ModelError, match="other predictions than before"):
        save(registry, "D", check=must_be_c)
    assert registry.load().name == "C"


def test_archives_larger_than_the_limit_are_refused(
    registry: Registry[TinyModel], monkeypatch: pytest.MonkeyPatch
) -> None:
    save(registry, "A")
    monkeypatch.setattr(archives, "MOST_BYTES", 100)
    with pytest.raises(ModelError, match="unpacks to"):
        registry.load()


def test_full_disk_is_one_clear_error(
    registry: Registry[TinyModel], monkeypatch: pytest.MonkeyPatch
) -> None:
    save(registry, "A")

    def refuse(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", refuse)
        with pytest.raises(DjlibError, match="No space left on device"):
            save(registry, "B")
    assert registry.load().name == "A"


# --- asking for a version ------------------------------------------------------------------


def test_versions_are_found_by_id_beginning_and_name(
    registry: Registry[TinyModel], three: list[Version]
) -> None:
    a, b, c = three
    assert registry.get(a.id).id == a.id
    assert registry.get(a.id[:-3] if a.id[:-3] != b.id[:-3] else a.id).id == a.id
    assert registry.get("current").id == c.id
    assert registry.get("previous").id == b.id
    assert [v.id for v in registry.versions()] == [c.id, b.id, a.id]


def test_unknown_or_unclear_version_names_the_known_ones(
    registry: Registry[TinyModel], three: list[Version]
) -> None:
    with pytest.raises(NotFoundError, match=three[0].id):
        registry.get("1999")
    with pytest.raises(NotFoundError, match="'2' fits 3 versions"):
        registry.get("2")
    with pytest.raises(NotFoundError):
        registry.get("")


def test_previous_of_the_first_is_not_there(registry: Registry[TinyModel]) -> None:
    save(registry, "A")
    with pytest.raises(NotFoundError, match="no bucket model was current before"):
        registry.get("previous")


# --- promoting and going back --------------------------------------------------------------


def test_rollback_changes_what_is_served_and_goes_further_back(
    registry: Registry[TinyModel], three: list[Version]
) -> None:
    served = [registry.load().name]
    for _ in range(2):
        registry.rollback()
        served.append(registry.load().name)
    assert served == ["C", "B", "A"]
    with pytest.raises(NotFoundError, match="no sound version was current before"):
        registry.rollback()
    assert registry.load().name == "A"


def test_promote_after_rollback_starts_from_there(
    registry: Registry[TinyModel], three: list[Version]
) -> None:
    registry.rollback()
    registry.rollback()
    save(registry, "D")
    assert registry.rollback().id == three[0].id


def test_promoting_an_old_one_can_be_taken_back(
    registry: Registry[TinyModel], three: list[Version]
) -> None:
    registry.promote(three[0].id)
    assert registry.load().name == "A"
    assert registry.rollback().id == three[2].id
    assert registry.rollback().id == three[1].id


def test_promoting_the_current_one_changes_nothing(
    registry: Registry[TinyModel], three: list[Version]
) -> None:
    registry.promote("current")
    assert registry.rollback().id == three[1].id


def test_history_tells_when_from_to_and_why(
    registry: Registry[TinyModel], three: list[Version]
) -> None:
    registry.rollback("worse at the weekend")
    told = registry.history()
    assert [(p.from_version, p.to_version) for p in told[-2:]] == [
        (three[1].id, three[2].id),
        (three[2].id, three[1].id),
    ]
    assert told[0].from_version is None
    assert told[-1].reason == "worse at the weekend"
    assert told[-1].when.endswith("Z")


def test_rollback_passes_over_damaged_versions(
    registry: Registry[TinyModel], three: list[Version]
) -> None:
    tamper(three[1].folder / "model" / "settings.json")
    assert registry.rollback().id == three[0].id


def test_promoting_a_damaged_version_is_refused(
    registry: Registry[TinyModel], three: list[Version]
) -> None:
    tamper(three[0].folder / "model" / "settings.json")
    with pytest.raises(ModelError, match=f"settings.json was changed.*{three[2].id}"):
        registry.promote(three[0].id)
    assert registry.load().name == "C"


# --- damage --------------------------------------------------------------------------------

FILES = (
    "model/settings.json",
    "model/classifier.skops",
    "attachments/rows.csv",
    "bucket_model.pkl",
    "metadata.json",
    "card.md",
    "manifest.json",
)


def test_list_of_files_to_damage_is_complete(registry: Registry[TinyModel]) -> None:
    version = save(registry, "A", attachments={"rows.csv": b"a,b"})
    there = {p.relative_to(version.folder).as_posix() for p in version.folder.rglob("*.*")}
    assert there == set(FILES)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("damage", [tamper, lambda p: p.write_bytes(b""), Path.unlink])
def test_any_changed_emptied_or_missing_file_is_refused_with_the_way_back(
    registry: Registry[TinyModel], name: str, damage: Callable[[Path], None]
) -> None:
    good = save(registry, "A")
    bad = save(registry, "B", attachments={"rows.csv": b"a,b"})
    damage(bad.folder / name)
    message = rf"{bad.id} is refused: {name}.*{good.id}; `djlib models rollback`"
    with pytest.raises(ModelError, match=message):
        registry.load()
    [(checked, problems)] = registry.verify(bad.id)
    assert checked.id == bad.id
    assert any(name in problem for problem in problems)
    registry.rollback()
    assert registry.load().name == "A"


def test_added_file_or_link_is_refused(registry: Registry[TinyModel]) -> None:
    version = save(registry, "A")
    added = version.folder / "model" / "extra.json"
    added.write_text("{}")
    with pytest.raises(ModelError, match=r"model/extra.json was added.*djlib train"):
        registry.load()
    added.unlink()
    part = version.folder / "model" / "settings.json"
    shutil.move(part, registry.folder / "elsewhere.json")
    part.symlink_to(registry.folder / "elsewhere.json")
    with pytest.raises(ModelError, match=r"settings.json is missing"):
        registry.load()


def test_what_a_file_manager_leaves_does_no_harm(registry: Registry[TinyModel]) -> None:
    version = save(registry, "A")
    (version.folder / "model" / ".DS_Store").write_bytes(b"icons")
    assert registry.load().name == "A"


def test_damaged_versions_are_listed_with_their_problem(
    registry: Registry[TinyModel], three: list[Version]
) -> None:
    shutil.rmtree(three[0].folder)
    (three[1].folder / "metadata.json").write_text("[")
    problems = [v.problem for v in registry.versions()]
    assert problems[0] == ""
    assert "metadata.json has 1 bytes" in problems[1]
    assert problems[2] == "its folder is gone"
    assert [bool(p) for _, p in registry.verify()] == [False, True, True]


def test_damage_that_keeps_the_size_is_found_by_verify(
    registry: Registry[TinyModel], three: list[Version]
) -> None:
    tamper(three[0].folder / "model" / "classifier.skops")
    assert [p for _, p in registry.verify()] == [[], [], ["model/classifier.skops was changed"]]


def test_last_good_version_may_be_one_that_was_never_current(
    registry: Registry[TinyModel],
) -> None:
    first, second = save(registry, "A"), save(registry, "B", promote=False)
    tamper(first.folder / "card.md")
    with pytest.raises(ModelError, match=f"`djlib models promote {second.id}`"):
        registry.load()


def test_model_this_djlib_cannot_read_is_refused(registry: Registry[TinyModel]) -> None:
    save(registry, "A")

    def refuse(folder: Path) -> TinyModel:
        raise KeyError("trees")

    newer = Registry(registry.folder, "bucket", refuse)
    with pytest.raises(ModelError, match="cannot be read .KeyError"):
        newer.load()


def test_model_of_another_scikit_learn_is_refused(
    registry: Registry[TinyModel], monkeypatch: pytest.MonkeyPatch
) -> None:
    good = save(registry, "A")
    with monkeypatch.context() as patched:
        patched.setattr(draft, "library_versions", lambda: {"scikit-learn": "1.2.3"})
        save(registry, "B")
    with pytest.raises(ModelError, match=rf"scikit-learn 1\.2\.3.*djlib train.*{good.id}"):
        registry.load()
    assert registry.rollback().id == good.id


# --- the pickle beside the versions --------------------------------------------------------


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (tamper, "edited or is foreign"),
        (lambda p: p.write_bytes(p.read_bytes()[:40]), "has 40 bytes"),
        (lambda p: p.write_bytes(pickle.dumps({"mine": 1})), "bytes, not"),
    ],
)
def test_foreign_pickle_is_refused_and_promoting_repairs_it(
    registry: Registry[TinyModel], damage: Callable[[Path], None], reason: str
) -> None:
    version = save(registry, "A")
    damage(registry.pickle_path)
    with pytest.raises(ModelError, match=f"{reason}.*`djlib models promote {version.id}`"):
        registry.load()
    assert reason in registry.verify()[0][1][0]
    registry.promote(version.id)
    assert registry.load().name == "A"
    assert len(registry.history()) == 1


def test_a_pickle_that_is_gone_is_written_anew(registry: Registry[TinyModel]) -> None:
    save(registry, "A")
    registry.pickle_path.unlink()
    assert registry.load().name == "A"
    assert pickle.loads(registry.pickle_path.read_bytes()).name == "A"


def test_what_is_to_be_served_is_saved_and_served_in_one_step(
    registry: Registry[TinyModel], monkeypatch: pytest.MonkeyPatch
) -> None:
    save(registry, "A")

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(type(registry), "_replace_pickle", killed)
        with pytest.raises(KeyboardInterrupt):
            save(registry, "B")
    assert registry.load().name == "B"
    assert pickle.loads(registry.pickle_path.read_bytes()).name == "B"


def test_pickle_of_another_version_is_put_right(
    registry: Registry[TinyModel], three: list[Version], caplog: pytest.LogCaptureFixture
) -> None:
    shutil.copy(three[0].folder / "bucket_model.pkl", registry.pickle_path)
    with caplog.at_level(logging.INFO):
        assert registry.load().name == "C"
    assert "put right" in caplog.text
    assert pickle.loads(registry.pickle_path.read_bytes()).name == "C"


def test_older_versions_load_whatever_the_pickle_is(
    registry: Registry[TinyModel], three: list[Version]
) -> None:
    registry.pickle_path.unlink()
    assert registry.load(three[0].id).name == "A"


def test_planted_pickle_never_runs(registry: Registry[TinyModel], tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    version = save(registry, "A")
    evil = pickle.dumps(Planted(marker))
    for place in (
        registry.pickle_path,
        version.folder / "bucket_model.pkl",
        version.folder / "model" / "classifier.skops",
    ):
        place.write_bytes(evil)
        for use in (registry.load, registry.verify, registry.versions, registry.current):
            try:
                use()
            except ModelError:
                continue
        with pytest.raises(ModelError):
            registry.load()
    with pytest.raises(ModelError):
        registry.promote(version.id)
    assert not marker.exists()
    pickle.loads(evil)
    assert marker.exists(), "the planted file must be able to run, or this proves nothing"


def test_file_of_the_person_is_kept_at_the_first_promotion(registry: Registry[TinyModel]) -> None:
    registry.folder.mkdir()
    registry.pickle_path.write_bytes(b"my own model")
    save(registry, "A")
    [kept] = registry.folder.glob("bucket_model.pkl.kept-*")
    assert kept.read_bytes() == b"my own model"
    assert registry.load().name == "A"


# --- versions whose pickle names classes that have moved ------------------------------------


class Moved(TinyModel):
    """What `TinyModel` was called when older versions were saved."""


@contextmanager
def older_layout() -> Iterator[None]:
    """What is saved meanwhile is of an older layout of the code."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (shelf, draft):
            patch.setattr(module, "FORMAT", draft.FORMAT - 1)
        yield


def save_old(registry: Registry[TinyModel], name: str, **options: Any) -> Version:
    with older_layout():
        return registry.save(Moved(name), metadata={"n_tracks": 600}, **options)


def opened(registry: Registry[TinyModel]) -> TinyModel:
    """What another program sees."""
    model: TinyModel = pickle.loads(registry.pickle_path.read_bytes())
    return model


def bytes_of(version: Version) -> dict[str, bytes]:
    files = (p for p in version.folder.rglob("*") if p.is_file())
    return {p.relative_to(version.folder).as_posix(): p.read_bytes() for p in files}


def test_an_old_pickle_is_served_until_it_is_promoted_then_written_anew(
    registry: Registry[TinyModel], tmp_path: Path
) -> None:
    old = save_old(registry, "A")
    before = bytes_of(old)
    assert registry.load().name == "A"
    assert not registry.verify()[0][1]
    assert type(opened(registry)) is Moved
    for _ in range(2):
        registry.promote("current")
        assert type(opened(registry)) is TinyModel
        assert registry.load().name == opened(registry).name == "A"
        assert not registry.verify()[0][1]
    assert bytes_of(old) == before, "a version never changes"
    assert len(registry.history()) == 1
    assert not list(registry.folder.glob("*.kept-*"))
    with zipfile.ZipFile(registry.export("current", tmp_path / "old.zip")) as archive:
        assert sorted(archive.namelist()) == sorted(f"bucket-{old.id}/{name}" for name in before)
    ledger = json.loads((registry.folder / "bucket_registry.json").read_text())
    assert len(ledger["rewritten"]) == 1, "the same bytes are on record once"


def test_rolling_back_to_an_old_version_writes_its_pickle_anew(
    registry: Registry[TinyModel], three: list[Version]
) -> None:
    save_old(registry, "D")
    save(registry, "E")
    assert registry.rollback().metadata["n_tracks"] == 600
    assert (type(opened(registry)), opened(registry).name) == (TinyModel, "D")
    shutil.copy(three[0].folder / "bucket_model.pkl", registry.pickle_path)  # a run was cut off
    assert registry.load().name == "D"
    assert (type(opened(registry)), opened(registry).name) == (TinyModel, "D")
    tamper(registry.pickle_path)
    with pytest.raises(ModelError, match="edited or is foreign"):
        registry.load()


def test_pruning_forgets_the_pickles_written_anew(registry: Registry[TinyModel]) -> None:
    old = save_old(registry, "A")
    registry.promote("current")
    for name in "BCD":
        save(registry, name)
    ledger = registry.folder / "bucket_registry.json"
    assert [entry["id"] for entry in json.loads(ledger.read_text())["rewritten"]] == [old.id]
    assert old.id in registry.prune(keep=1)
    assert json.loads(ledger.read_text())["rewritten"] == []


def test_an_old_ledger_is_read(registry: Registry[TinyModel]) -> None:
    save_old(registry, "A")
    path = registry.folder / "bucket_registry.json"
    ledger = json.loads(path.read_text())
    del ledger["rewritten"]
    path.write_text(json.dumps(ledger))
    assert registry.load().name == "A"


def test_an_old_version_that_cannot_be_read_is_not_promoted(
    registry: Registry[TinyModel],
) -> None:
    old, new = save_old(registry, "A"), save(registry, "B")

    def gone(folder: Path) -> TinyModel:
        raise KeyError("trees")

    broken = Registry(registry.folder, "bucket", gone)
    with pytest.raises(ModelError, match=rf"{old.id} cannot be read .*{new.id}, which is current"):
        broken.rollback()
    assert registry.current().id == new.id
    assert opened(registry).name == "B"


# --- the ledger ----------------------------------------------------------------------------

LOSSES: list[Callable[[Path], object]] = [
    Path.unlink,
    lambda p: p.write_bytes(b""),
    lambda p: p.write_bytes(p.read_bytes()[:200]),
    lambda p: p.write_text('{"format": 1, "entries": [], "trail": ["x"], "promotions": []}'),
    lambda p: p.write_text("[1]"),
    lambda p: p.write_bytes(b"\xff\x00"),
]


@pytest.mark.parametrize("lose", LOSSES)
def test_lost_ledger_is_never_taken_for_an_empty_one(
    registry: Registry[TinyModel], lose: Callable[[Path], object]
) -> None:
    first = save(registry, "A")
    second = save(registry, "B")
    tamper(first.folder / "model" / "settings.json")
    lose(registry.folder / "bucket_registry.json")
    for use in (registry.load, registry.versions, lambda: save(registry, "C")):
        with pytest.raises(ModelError, match=f"`djlib models promote {second.id}`"):
            use()
    registry.promote(second.id)
    assert registry.load().name == "B"
    assert registry.get(first.id).problem
    save(registry, "C")
    assert registry.rollback().id == second.id


def test_ledger_of_a_later_djlib_is_left_alone(registry: Registry[TinyModel]) -> None:
    version = save(registry, "A")
    path = registry.folder / "bucket_registry.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "format": 99}))
    before = path.read_bytes()
    with pytest.raises(ModelError, match="update djlib"):
        registry.promote(version.id)
    assert path.read_bytes() == before


def test_version_the_registry_did_not_write_is_refused(
    registry: Registry[TinyModel], three: list[Version]
) -> None:
    planted = three[0].folder.with_name("20200101T000000Z-0000000a")
    shutil.copytree(three[0].folder, planted)
    assert registry.versions()[-1].id == planted.name
    assert "did not finish" in registry.versions()[-1].problem
    for use in (registry.load, registry.promote):
        with pytest.raises(ModelError, match=planted.name):
            use(planted.name)
    assert planted.name in registry.prune(keep=10)
    assert not planted.exists()


# --- thinning out and handing over ---------------------------------------------------------


def test_prune_keeps_the_newest_the_current_and_the_way_back(
    registry: Registry[TinyModel],
) -> None:
    ids = [save(registry, name).id for name in "ABCDE"]
    registry.promote(ids[1])
    assert sorted(registry.prune(keep=1)) == sorted([ids[0], ids[2], ids[3]])
    assert {v.id for v in registry.versions()} == {ids[1], ids[4]}
    assert registry.load().name == "B"
    assert registry.rollback().id == ids[4]
    assert {p.name for p in (registry.folder / "versions" / "bucket").iterdir()} == {
        ids[1],
        ids[4],
    }
    assert registry.prune(keep=5) == []
    assert registry.prune(keep=0) == []
    with pytest.raises(UsageError, match="keep"):
        registry.prune(-1)


def test_prune_keeps_what_a_rollback_would_really_return_to(
    registry: Registry[TinyModel], three: list[Version]
) -> None:
    tamper(three[1].folder / "card.md")
    assert registry.prune(keep=0) == [three[1].id]
    assert registry.rollback().id == three[0].id


def test_export_is_a_zip_of_the_version(
    registry: Registry[TinyModel], three: list[Version], tmp_path: Path
) -> None:
    target = registry.export("previous", tmp_path / "shared.zip")
    with zipfile.ZipFile(target) as archive:
        names = archive.namelist()
        card = archive.read(f"bucket-{three[1].id}/card.md").decode()
    assert len(names) == len(FILES) - 1
    assert three[1].id in card
    before = target.read_bytes()
    with pytest.raises(UsageError, match="exists already"):
        registry.export("current", target)
    assert target.read_bytes() == before
    tamper(three[2].folder / "card.md")
    with pytest.raises(ModelError):
        registry.export("current", tmp_path / "damaged.zip")
    assert not (tmp_path / "damaged.zip").exists()


# --- many at once, and the sudden end ------------------------------------------------------


def test_saves_at_the_same_time_get_ids_of_their_own(registry: Registry[TinyModel]) -> None:
    with ThreadPoolExecutor(4) as pool:
        saved = list(pool.map(lambda n: save(registry, f"same {n % 2}").id, range(8)))
    assert len(set(saved)) == 8
    assert {v.id for v in registry.versions()} == set(saved)
    assert not any(problems for _, problems in registry.verify())
    assert len(registry.history()) == 8


def test_a_change_waits_and_then_says_who_is_at_work(registry: Registry[TinyModel]) -> None:
    save(registry, "A")
    hasty = Registry(registry.folder, "bucket", TinyModel.load, lock_wait_s=0)
    with workspace_lock(registry.folder, "train", 0):
        assert hasty.load().name == "A"
        with pytest.raises(BusyError, match="train"):
            hasty.promote("current")


def test_what_killed_runs_left_is_swept_once_it_is_old(registry: Registry[TinyModel]) -> None:
    version = save(registry, "A")
    old, young = (version.folder.with_name(f".draft-{n}") for n in ("old", "young"))
    for left in (old, young):
        (left / "model").mkdir(parents=True)
    os.utime(old, (time.time() - 7200,) * 2)
    save(registry, "B")
    assert not old.exists()
    assert young.exists()
    assert len(registry.versions()) == 2


def die_at(step: int) -> None:
    """Have this process killed before the `step`-th call that changes the disk from now on."""
    calls = itertools.count(1)

    def deadly(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            if next(calls) == step:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*args, **kwargs)

        return call

    for name in ("mkdir", "fsync", "replace", "rename", "unlink", "rmdir"):
        setattr(os, name, deadly(getattr(os, name)))


class Note:
    """The smallest model there is, since hundreds are saved here."""

    def __init__(self, name: str) -> None:
        self.name = name

    def save(self, folder: Path) -> None:
        folder.mkdir()
        (folder / "name.txt").write_text(self.name)

    @classmethod
    def load(cls, folder: Path) -> Self:
        return cls((folder / "name.txt").read_text())


class OldNote(Note):
    """What `Note` was called in an older layout of the code."""


def notes_in(folder: Path) -> Registry[Note]:
    return Registry(folder, "bucket", Note.load)


def keep(registry: Registry[Note], name: str) -> Version:
    if name not in _OLD:
        return registry.save(Note(name), metadata={})
    with older_layout():
        return registry.save(OldNote(name), metadata={})


_OLD = ("x", "y")
"""Names of models that an older layout of the code saved."""


SCENARIOS: dict[str, tuple[str, Callable[[Registry[Note]], object], str, str]] = {
    # what is done: models there before, the action, served before, served after
    "first save": ("", lambda registry: keep(registry, "C"), "nothing", "C"),
    "save": ("AB", lambda registry: keep(registry, "C"), "B", "C"),
    "rollback": ("AB", lambda registry: registry.rollback(), "B", "A"),
    "promote": ("ABC", lambda registry: registry.promote(registry.versions()[-1].id), "C", "A"),
    "prune": ("ABCD", lambda registry: registry.prune(keep=1), "D", "D"),
    "promote an old one": (
        "xyC",
        lambda registry: registry.promote(registry.versions()[-1].id),
        "C",
        "x",
    ),
    "rollback to an old one": ("AxC", lambda registry: registry.rollback(), "C", "x"),
    "repair": ("AB", lambda registry: registry.load(), "B", "B"),
}


def kill_everywhere(folder: Path, scenario: str) -> list[str]:
    """Do something again and again, killed at each step in turn; gives what was served after."""
    names, action, _, _ = SCENARIOS[scenario]
    begin = notes_in(folder / "begin")
    begin.folder.mkdir(parents=True)
    for name in names:
        keep(begin, name)
    if scenario == "repair":
        shutil.copy(begin.get("previous").folder / "bucket_model.pkl", begin.pickle_path)
    served = []
    for step in itertools.count(1):
        registry = notes_in(folder / str(step))
        shutil.copytree(begin.folder, registry.folder)
        pid = os.fork()
        if pid == 0:
            die_at(step)
            action(registry)
            os._exit(0)
        if os.waitpid(pid, 0)[1] == 0:
            return served
        served.append(after_a_kill(registry))
    raise AssertionError("unreachable")


def kill_each_everywhere(folder: Path) -> None:
    served = {scenario: kill_everywhere(folder / scenario, scenario) for scenario in SCENARIOS}
    (folder / "served.json").write_text(json.dumps(served))


def after_a_kill(registry: Registry[Note]) -> str:
    """What is served now, after proving that saving and going back still work."""
    try:
        served = registry.load().name
    except NotTrainedError:
        served = "nothing"
    keep(registry, "next")
    assert registry.load().name == "next"
    if served != "nothing":
        assert registry.rollback().id
        assert registry.load().name == served
    registry.prune(keep=10)
    assert not any(problems for _, problems in registry.verify())
    return served


@pytest.fixture(scope="module")
def served_after_kills(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What each scenario served after each kill; in a process that may fork."""
    folder = tmp_path_factory.mktemp("kills")
    assert ended(start(kill_each_everywhere, folder), timeout=300) == 0
    return json.loads((folder / "served.json").read_text())


@pytest.mark.skipif(os.name == "nt", reason="needs fork and SIGKILL")
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_kill_at_any_step_leaves_the_old_or_the_new_state(
    served_after_kills: dict[str, list[str]], scenario: str
) -> None:
    _, _, before, after = SCENARIOS[scenario]
    served = served_after_kills[scenario]
    assert len(served) > 5, "it was not killed often enough to prove anything"
    assert set(served) == {before, after}
    assert served == sorted(served, key=[before, after].index)


def test_a_rollback_may_go_further_back_and_forgets_those_after(
    registry: Registry[TinyModel],
) -> None:
    ids = [save(registry, name, parent=None).id for name in "ABCD"]
    assert registry.served() == ids
    assert registry.rollback("worse", to=ids[1]).id == ids[1]
    assert registry.served() == ids[:2]
    assert registry.rollback().id == ids[0]
