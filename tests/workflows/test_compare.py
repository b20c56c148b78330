from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from djlib.bucketing.catalogue import make_model
from djlib.bucketing.comparison.model_comparison import Candidate, ComparisonOptions
from djlib.errors import UsageError
from djlib.evaluation.splits import song_groups
from djlib.settings import Workspace, load_settings
from djlib.synthetic.tables import synthetic_library
from djlib.tables.io import read_table, write_table
from djlib.workflows.buckets import compare as job
from djlib.workflows.buckets.compare import compare_on_library, write_comparison
from djlib.workflows.buckets.compare_page import compare_page
from djlib.workflows.buckets.compare_words import compare_markdown, headline, listed, sentences
from djlib.workflows.buckets.comparison import CompareReport, Named, takes_part
from djlib.workflows.buckets.models import bucket_models
from djlib.workflows.core.progress import NullReporter

from ..cli.running import files
from ..evaluation.reading import assert_stands_alone

HOSTILE = "<img src=x onerror=\"alert(1)\"> | *bold* `Peak` & 'co'"
QUICK = ComparisonOptions(kinds=("stratified",), n_folds=2)


def compared(*names: str, rules: ComparisonOptions = QUICK, **asked: Any) -> CompareReport:
    here = Workspace(Path.cwd())
    return compare_on_library(
        here, load_settings(here.root, {}), names, rules=rules, talk=NullReporter(), **asked
    )


def library(path: Path, rows: int = 90, **columns: Any) -> Path:
    """A labelled table with columns replaced."""
    write_table(synthetic_library(rows, buckets=3, seed=61).assign(**columns), path)
    return path


def with_hostile_bucket(path: Path) -> Path:
    table = synthetic_library(90, buckets=3, seed=61)
    first = table["bucket"].mode()[0]
    named = table["bucket"].replace({first: HOSTILE.replace("|", "/")})
    write_table(table.assign(bucket=named, buckets=named), path)
    return path


def test_it_measures_what_training_would_learn_from_and_writes_nothing(learned: Path) -> None:
    before = files()
    report = compared("simple_ml")
    assert files() == before
    tracks = bucket_models(Workspace(learned)).load().labelled_
    assert report.tracks == len(tracks)
    assert (
        report.fingerprint
        == bucket_models(Workspace(learned)).current().metadata["data_fingerprint"]
    )
    assert list(report.models) == ["simple_ml", "majority", "genre", "artist", "text"]
    assert [d.name for d in report.rounds[0].comparisons] == ["majority", "genre", "artist", "text"]
    assert report.saved == []


def test_a_saved_version_meets_its_own_way_of_learning(learned: Path) -> None:
    version = bucket_models(Workspace(learned)).current().id
    trained = load_settings(learned, {}).buckets.model
    report = compared(trained, f"version:{version}", baselines=False)
    short = f"version {version[-8:]}"
    one, other = report.rounds[0].results
    assert (one.name, other.name) == (trained, short)
    for figure in ("accuracy", "top3_accuracy", "log_loss"):  # cores add up in any order
        assert one.figures[figure] == pytest.approx(other.figures[figure])
    assert version in report.models[short]


@pytest.mark.parametrize("asked", ["current", "version:current", "the id", "its beginning"])
def test_a_version_has_many_names_but_takes_part_once(learned: Path, asked: str) -> None:
    here = Workspace(learned)
    version = bucket_models(here).current().id
    name = {"the id": version, "its beginning": version[:12]}.get(asked, asked)
    settings = load_settings(here.root, {})
    found = takes_part(here, settings, [name, version, "genre"], baselines=False)
    assert [n.candidate.name for n in found] == [f"version {version[-8:]}", "genre"]


def test_a_saved_model_answers_only_for_tracks_it_has_not_learned_from(learned: Path) -> None:
    report = compared("current", "simple_ml", baselines=False)
    saved, new = report.saved
    assert saved.is_saved
    assert not new.is_saved
    assert saved.comparison is None
    assert new.comparison is not None
    model = bucket_models(Workspace(learned)).load()
    tracks = read_table(Workspace(learned).tracks)
    tracks = tracks[tracks["bucket"] != ""]
    aside = ~tracks["track_id"].isin(model.labelled_["track_id"])
    known = set(song_groups(model.labelled_))
    unseen = [song for song in song_groups(tracks[aside]) if song not in known]
    assert saved.n == new.n == len(unseen) > 10


def test_a_version_that_learned_all_of_it_is_not_asked_as_saved(learned: Path) -> None:
    table = bucket_models(Workspace(learned)).load().labelled_
    write_table(table.assign(bucket=table["buckets"]), "known.csv")
    assert compared("current", source=Path("known.csv"), baselines=False).saved == []


def test_a_damaged_version_is_a_row_with_its_reason(learned: Path) -> None:
    version = bucket_models(Workspace(learned)).current()
    (version.folder / "model" / "settings.json").write_text("{}")
    report = compared(version.id, "genre", baselines=False)
    damaged = report.rounds[0].results[0]
    assert version.id in damaged.failed
    assert report.rounds[0].against == "genre"
    assert any(line.startswith(f"{damaged.name} failed: ") for line in sentences(report))
    assert "failed: " in assert_stands_alone(compare_page(report)).text
    assert "failed: " in compare_markdown(report)


def test_an_unknown_model_is_refused_with_those_there_are(learned: Path) -> None:
    with pytest.raises(UsageError, match=r"unknown model 'hybird'.*djlib models list.*simple_ml"):
        compared("hybird")


@pytest.mark.parametrize("multi", [0.0, 0.6])
def test_the_page_shows_all_of_it_and_stands_alone(fresh: Path, multi: float) -> None:
    write_table(synthetic_library(150, buckets=4, seed=62, multi=multi), "library.csv")
    report = compared(
        "genre",
        source=Path("library.csv"),
        rules=ComparisonOptions(n_folds=2),
        curve=True,
        baselines=multi > 0,
    )
    assert report.is_multi is (multi > 0)
    page = assert_stands_alone(compare_page(report))
    for heading in ("On new tracks", "On tracks of new artists", "Where it goes wrong",
                    "Bucket by bucket", "Can its confidence be trusted?", "With fewer labels",
                    "How this was measured"):  # fmt: skip
        assert heading in page.text
    for bucket in report.buckets:
        assert bucket in page.text
    assert headline(report) in page.text
    assert report.fingerprint in page.text
    assert "nan" not in page.text.lower().split()


def test_a_hostile_bucket_name_is_only_a_name(fresh: Path) -> None:
    source = with_hostile_bucket(Path("library.csv"))
    report = compared("genre", source=source, baselines=False)
    page = assert_stands_alone(compare_page(report))
    assert not page.all("img")
    name = HOSTILE.replace("|", "/")
    assert name in page.text
    assert "<img" not in compare_markdown(report)


def test_both_files_are_written_whole(fresh: Path) -> None:
    report = compared("genre", source=library(Path("library.csv")), baselines=False)
    written = write_comparison(report, page=Path("new/a.html"), markdown=Path("a.md"))
    assert written == [Path("new/a.html"), Path("a.md")]
    assert Path("new/a.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    table = Path("a.md").read_text(encoding="utf-8")
    widths = {line.count("|") for line in table.splitlines() if line.startswith("| ")}
    assert len(widths) == 1
    assert write_comparison(report) == []


def test_nothing_compared_is_said(fresh: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(seed: int) -> Any:
        raise MemoryError("no room")

    monkeypatch.setattr(job, "takes_part", lambda *_, **__: [Named(Candidate("big", broken))])
    report = compared("big", source=library(Path("library.csv")))
    assert headline(report) == "Nothing could be compared."
    assert "MemoryError: no room" in assert_stands_alone(compare_page(report)).text
    assert "MemoryError: no room" in compare_markdown(report)


def test_the_headline_follows_the_verdicts(fresh: Path) -> None:
    source = library(Path("library.csv"), rows=200)
    assert headline(compared("majority", "genre", source=source, baselines=False)) == (
        "genre did better than majority."
    )
    assert headline(compared("genre", "majority", source=source, baselines=False)) == (
        "genre did better than everything it was compared with."
    )


def test_settings_reach_the_models_as_in_training(fresh: Path) -> None:
    here = Workspace(fresh)
    settings = load_settings(here.root, {})
    (named,) = takes_part(here, settings, ["simple_ml"], baselines=False)
    made = named.candidate.make(5)
    expected = make_model("simple_ml", seed=5, n_estimators=8, n_jobs=-1)
    assert made.get_params() == expected.get_params()


def test_names_in_a_sentence() -> None:
    assert [listed(names) for names in ([], ["a"], ["a", "b"])] == ["", "a", "a and b"]
