"""Settings: which source wins, and what is refused."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cli import _options as cli_options
from djlib.bandit import acquisition
from djlib.bucketing.catalogue import MODEL_NAMES, make_model
from djlib.bucketing.hybrid_heads import HEADS
from djlib.errors import UsageError
from djlib.features.embedding.engines import ENGINES as EMBEDDING_ENGINES
from djlib.settings import (
    DEFAULT_THRESHOLD,
    ENGINES,
    EXPLORATION_PROFILES,
    MODELS,
    Settings,
    Workspace,
    load_settings,
    settings_from,
)
from djlib.settings.loading import FORMER_NAMES


def _write(folder: Path, text: str) -> Path:
    (folder / "djlib.toml").write_text(text, encoding="utf-8")
    return folder


def test_defaults_hold_where_nothing_is_said(tmp_path: Path) -> None:
    assert load_settings(tmp_path, environ={}) == Settings()


def test_file_then_environment_then_flags_win(tmp_path: Path) -> None:
    folder = _write(tmp_path, "seed = 1\nlock_wait_s = 1.5\n[buckets]\nthreshold = 0.6\nfolds=4")
    environ = {"DJLIB_SEED": "2", "DJLIB_BUCKETS_THRESHOLD": "0.7", "OTHER": "x"}

    flags = {"buckets": {"threshold": 0.8, "n_estimators": None}}
    found = load_settings(folder, environ, flags)

    assert (found.seed, found.lock_wait_s) == (2, 1.5)
    assert (found.buckets.threshold, found.buckets.folds) == (0.8, 4)
    assert found.buckets.n_estimators == Settings().buckets.n_estimators


def test_an_empty_variable_and_the_home_are_no_settings(tmp_path: Path) -> None:
    environ = {"DJLIB_SEED": "", "DJLIB_HOME": "/music"}

    assert load_settings(tmp_path, environ) == Settings()


def test_a_file_saved_by_a_windows_editor_is_read(tmp_path: Path) -> None:
    (tmp_path / "djlib.toml").write_bytes(b"\xef\xbb\xbfseed = 3\r\n")

    assert load_settings(tmp_path, environ={}).seed == 3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sede = 1", "unknown setting 'sede'; known: seed"),
        ("[buckets]\ntreshold = 1", "buckets.unknown setting 'treshold'"),
        ("buckets = 3", "buckets is a section, not 3"),
        ("seed = ", "not valid TOML"),
        ("[buckets]\nthreshold = 1.5", "threshold must be from 0 to 1, not 1.5"),
        ("batch_rows = 0", "batch_rows must be from 1"),
        ("[buckets]\ntrees = 0", "buckets.trees must be from 1 to 5000, not 0"),
        ("[buckets]\nn_estimators = 0", "buckets.n_estimators must be from 1 to 5000, not 0"),
        ("[jobs]\nat = '25:00'", "jobs.at: '25:00' is no time of the day; write it as 03:00"),
        ("[jobs]\nat = 3", "jobs.at: '3' is no time of the day"),
    ],
)
def test_a_mistake_in_the_file_names_the_file(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        load_settings(_write(tmp_path, text), environ={})

    assert "djlib.toml" in str(caught.value)


def test_a_mistake_in_the_environment_says_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="environment: seed must be a number, not 'many'"):
        load_settings(tmp_path, {"DJLIB_SEED": "many"})


@pytest.mark.parametrize("value", [True, "x", [1], math.nan, math.inf, 10**400, -1, 1.5])
def test_values_that_are_no_seed_are_refused(value: Any) -> None:
    with pytest.raises(UsageError, match="seed must be"):
        settings_from({"seed": value})


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 2**32 - 1), threshold=st.floats(0, 1))
def test_what_is_set_is_what_is_read(seed: int, threshold: float) -> None:
    found = settings_from({"seed": seed, "buckets": {"threshold": threshold}})

    assert (found.seed, found.buckets.threshold) == (seed, threshold)


def test_the_workspace_is_the_one_given_then_home_then_the_nearest_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = tmp_path / "sets" / "2024"
    inner.mkdir(parents=True)
    monkeypatch.chdir(inner)
    home = {"DJLIB_HOME": str(tmp_path / "home")}

    assert Workspace.find(environ={}).root == inner
    _write(tmp_path / "sets", "")
    assert Workspace.find(environ={}).root == tmp_path / "sets"
    assert Workspace.find(environ=home).root == tmp_path / "home"
    assert Workspace.find(tmp_path / "other", environ=home).root == tmp_path / "other"


def test_a_workspace_that_is_a_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "tracks.csv"
    file.touch()

    with pytest.raises(UsageError, match="is a file; name a folder"):
        Workspace.find(file)


def test_finding_a_workspace_makes_no_folder(tmp_path: Path) -> None:
    workspace = Workspace.find(tmp_path / "new", environ={})

    assert workspace.tracks == tmp_path / "new" / "data" / "tracks.parquet"
    assert not workspace.root.exists()


def test_of_threshold_and_target_the_one_set_last_counts(tmp_path: Path) -> None:
    folder = _write(tmp_path, "[buckets]\ntarget_precision = 0.9")

    assert load_settings(folder, {}).buckets.target_precision == 0.9
    for environ, flags in (({"DJLIB_BUCKETS_THRESHOLD": "0.7"}, {}), ({}, {"threshold": 0.7})):
        found = load_settings(folder, environ, {"buckets": flags}).buckets
        assert (found.threshold, found.target_precision) == (0.7, None)


def test_the_models_and_engines_that_may_be_set_are_those_there_are() -> None:
    heads = {f"hybrid:{head}" for head in HEADS}
    assert set(MODELS) == {"hybrid", *heads, "simple_ml"}
    assert {make_model(name).get_params()["random_state"] for name in MODEL_NAMES} == {0}
    assert set(ENGINES) == {*EMBEDDING_ENGINES, "none"}
    assert set(EXPLORATION_PROFILES) == set(acquisition.EXPLORATION_PROFILES)


FORMER = [
    (section, old, new) for section, names in FORMER_NAMES.items() for old, new in names.items()
]
OTHER = {"exploration_profile": "novel"}
"""Values other than the default, where that is no number."""


@pytest.mark.parametrize(("section", "old", "new"), FORMER)
def test_former_names_are_read_from_the_file_the_environment_and_flags(
    tmp_path: Path, section: str, old: str, new: str
) -> None:
    value = OTHER.get(new, "7")
    expected = settings_from({section: {new: value}})
    assert expected != Settings()
    folder = _write(tmp_path, f'[{section}]\n{old} = "{value}"')
    variable = f"DJLIB_{section}_{old}".upper()
    assert load_settings(folder, {}) == expected
    assert load_settings(tmp_path / "none", {variable: value}) == expected
    assert load_settings(tmp_path / "none", {}, {section: {old: value}}) == expected


@pytest.mark.parametrize(("section", "old", "new"), FORMER)
def test_both_names_at_once_are_refused_but_one_source_wins_over_another(
    tmp_path: Path, section: str, old: str, new: str
) -> None:
    value = OTHER.get(new, "7")
    for names in ((old, new), (new, old)):
        both = {section: dict.fromkeys(names, value)}
        with pytest.raises(UsageError, match=f"{section}.{old} is the former name of {new}; set"):
            settings_from(both)
    folder = _write(tmp_path, f'[{section}]\n{new} = "{OTHER.get(new, "3")}"')
    environ = {f"DJLIB_{section}_{old}".upper(): value}
    assert load_settings(folder, environ) == settings_from({section: {new: value}})
    environ[f"DJLIB_{section}_{new}".upper()] = value
    with pytest.raises(UsageError, match=f"environment: {section}.{old} is the former name"):
        load_settings(folder, environ)


def test_the_jobs_run_at_the_time_that_is_set(tmp_path: Path) -> None:
    assert load_settings(_write(tmp_path, "[jobs]\nat = '4:05'"), {}).jobs.at == "04:05"
    assert load_settings(tmp_path, {"DJLIB_JOBS_AT": "23:59"}).jobs.at == "23:59"


def test_the_default_threshold_is_told_where_it_may_be_set() -> None:
    (option,) = [o for o in get_args(cli_options.Threshold) if hasattr(o, "help")]
    assert f"({DEFAULT_THRESHOLD})" in option.help
    page = Path(__file__).parent.parent / "docs" / "reference" / "settings.md"
    (row,) = [line for line in page.read_text().splitlines() if "`buckets.threshold`" in line]
    assert f"the first takes {DEFAULT_THRESHOLD}." in row
