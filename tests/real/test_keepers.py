"""The loop on pools of real people, as the commands run it: better than chance in three batches."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from djlib.settings import Settings, Workspace, settings_from
from djlib.workflows.core.progress import NullReporter
from djlib.workflows.keepers.ab_test import keeper_tests
from djlib.workflows.keepers.feedback import keeper_feedback
from djlib.workflows.keepers.labels import labels_so_far
from djlib.workflows.keepers.scan import scan_listings
from djlib.workflows.keepers.select_batch import select_listings
from djlib.workflows.keepers.selections import batches_shown
from djlib.workflows.keepers.warm_start import warm_start
from djlib.workflows.report import progress_report

_KEEPERS = Path(__file__).resolve().parents[3] / "shared" / "data" / "keepers"
_QUICK = settings_from({"keepers": {"engine": "none"}})

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not _KEEPERS.is_dir(), reason=f"no real data at {_KEEPERS}"),
]


def started(folder: Path, pool: str, settings: Settings = _QUICK) -> tuple[Workspace, pd.Series]:
    """A workspace that scanned a pool and was told 40 answers; and all answers, by listing."""
    here, file = Workspace(folder), _KEEPERS / pool
    here.data.mkdir(parents=True)
    table = pd.read_csv(file, dtype=str, keep_default_na=False)
    scan_listings(here, settings, file, talk=NullReporter())
    known = table.iloc[np.random.default_rng(0).permutation(len(table))[:40]]
    known.to_csv(folder / "known.csv", index=False)
    warm_start(here, settings, folder / "known.csv", talk=NullReporter())
    return here, table.set_index("listing_id")["keeper"]


def play(here: Workspace, truth: pd.Series, *, ab: str | None = None) -> list[int]:
    """One batch, answered as the person did; gives the answers."""
    select_listings(here, _QUICK, ab=ab, talk=NullReporter())
    batch = pd.read_csv(here.batch, dtype=str, keep_default_na=False)
    batch["keeper"] = truth[batch["listing_id"]].to_numpy()
    batch.to_csv(here.batch, index=False)
    keeper_feedback(here, _QUICK, here.batch, talk=NullReporter())
    return [int(said) for said in batch["keeper"]]


@pytest.mark.parametrize("pool", ["collector_2.csv", "collector_6.csv"])
def test_three_batches_find_more_than_chance(tmp_path: Path, pool: str) -> None:
    here, truth = started(tmp_path / "crates", pool)
    found = [kept for _ in range(3) for kept in play(here, truth)]
    assert len(found) == 60
    assert np.mean(found) > 2 * truth.astype(int).mean()


def test_side_by_side_with_chance_tells_lift_and_honesty(tmp_path: Path) -> None:
    here, truth = started(tmp_path / "crates", "collector_2.csv")
    for _ in range(3):
        play(here, truth, ab="random")
    found = progress_report(here, _QUICK, talk=NullReporter()).keepers
    assert found is not None
    assert found.by_chance.n == 30
    assert found.exploit.n + found.explore.n == 30
    assert set(found.honesty) == {"chosen", "by chance"}
    keeps = labels_so_far(here)
    (test,) = keeper_tests(batches_shown(here, keeps), keeps)
    assert test.sides == ("strong", "random")
    assert test.winner != "random"
