"""The keepers' report: what a log of batches says, by hand and by simulation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from djlib.errors import NotTrainedError
from djlib.evaluation.off_policy import evaluate_off_policy
from djlib.evaluation.proportions import share_of
from djlib.settings import Settings, Workspace, settings_from
from djlib.tables.io import write_table
from djlib.workflows.core.progress import NullReporter
from djlib.workflows.keepers.feedback import keeper_feedback
from djlib.workflows.keepers.report import KeeperProgress, keeper_progress
from djlib.workflows.keepers.select_batch import select_listings
from djlib.workflows.report import progress_report
from tests.workflows.fake_bandit import use_counting_bandit

pytestmark = pytest.mark.slow

QUIET = NullReporter()


@pytest.fixture
def here(fresh: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    use_counting_bandit(monkeypatch)
    return Workspace(fresh)


def market(here: Workspace, n: int, seed: int = 0) -> pd.Series:
    """Scanned listings of twenty labels; how likely each is kept hangs on its label."""
    rng = np.random.default_rng(seed)
    label = rng.integers(0, 20, n)
    ids = [f"l{i}" for i in range(n)]
    table = {"listing_id": ids, "title": [f"Tune {i}" for i in range(n)]}
    here.data.mkdir(exist_ok=True)
    write_table(pd.DataFrame(table | {"label": [f"Label {i}" for i in label]}), here.listings)
    likely = np.where(label < 5, 0.8, 0.1)
    return pd.Series((rng.random(n) < likely).astype(int), index=ids)


def asked(
    here: Workspace,
    settings: Settings,
    truth: pd.Series,
    *,
    ab: str | None = None,
    share: float = 1,
) -> None:
    """One batch, answered as the truth is; of a `share` of its rows."""
    select_listings(here, settings, ab=ab, talk=QUIET)
    table = pd.read_csv(here.batch, dtype=str)
    n = round(share * len(table))
    table["keeper"] = [str(truth[i]) if at < n else "" for at, i in enumerate(table["listing_id"])]
    table.to_csv(here.batch, index=False)
    keeper_feedback(here, settings, here.batch, talk=QUIET)


def found(here: Workspace, settings: Settings) -> KeeperProgress:
    report = keeper_progress(here, settings, talk=QUIET)
    assert report is not None
    return report


def test_nothing_asked_is_no_report(here: Workspace) -> None:
    assert keeper_progress(here, Settings(), talk=QUIET) is None
    with pytest.raises(NotTrainedError):
        progress_report(here, Settings(), talk=QUIET)


def test_batches_are_counted_by_part_and_unanswered_rows_are_not(here: Workspace) -> None:
    truth, settings = market(here, 200), settings_from({"keepers": {"k": 10, "engine": "none"}})
    asked(here, settings, truth)
    asked(here, settings, truth, share=0.5)
    select_listings(here, settings, talk=QUIET)
    report = found(here, settings)
    assert [(b.asked, b.answered) for b in report.batches] == [(10, 10), (10, 5), (10, 0)]
    assert [b.number for b in report.batches] == [0, 1, 2]
    assert report.labels == 15
    assert report.exploit.n + report.explore.n == 15
    assert report.by_chance.n == 0
    assert report.lift is None
    assert report.batches[0].said == pytest.approx(0.5)
    kept = report.batches[0].kept
    assert report.batches[0].brier == pytest.approx(0.25)
    assert (kept.n, report.batches[2].said) == (10, None)


def test_lift_is_over_what_chance_drew(here: Workspace) -> None:
    truth, settings = market(here, 600), settings_from({"keepers": {"k": 40, "engine": "none"}})
    for _ in range(4):
        asked(here, settings, truth, ab="random")
    report = found(here, settings)
    assert report.by_chance.n == 80
    assert report.trend is not None
    assert report.trend.first.n + report.trend.second.n == report.exploit.n
    assert report.lift is not None
    assert report.exploit.share is not None
    assert report.as_dict()["aim"] == {"low": 0.7, "high": 0.85, "verdict": report.aim}
    assert report.lift.value == pytest.approx(report.exploit.share / (report.by_chance.share or 1))
    assert report.lift.low > 1
    assert report.by_chance.low < truth.mean() < report.by_chance.high
    assert report.honesty["by chance"].n == 80
    assert report.tests[0].winner == "strong"


def test_what_the_other_side_chose_is_not_credited_to_the_model_in_force(here: Workspace) -> None:
    truth, settings = market(here, 200), settings_from({"keepers": {"k": 20, "engine": "none"}})
    asked(here, settings, truth, ab="faithful")
    report = found(here, settings)
    assert report.exploit.n + report.explore.n == 10
    assert report.batches[0].kept.n == 20
    assert report.batches[0].sides == ("strong", "faithful")


def test_certain_choices_do_not_tell_what_others_would_find(here: Workspace) -> None:
    truth, settings = market(here, 300), settings_from({"keepers": {"k": 20, "engine": "none"}})
    asked(here, settings, truth, ab="random")
    refused = found(here, settings).off_policy
    assert refused.n == 10
    assert refused.refused == "10 choices were left to chance, 50 needed"
    assert refused.snips is None


def test_the_present_model_is_judged_by_what_chance_drew(here: Workspace) -> None:
    """Half of each batch is drawn by chance; the true rate of the model's best is known here."""
    truth, settings = (
        market(here, 600, seed=3),
        settings_from({"keepers": {"k": 120, "engine": "none"}}),
    )
    for _ in range(4):
        asked(here, settings, truth, ab="random")
    estimate = found(here, settings).off_policy
    assert estimate.n == 240
    assert estimate.ess >= 50
    assert estimate.snips is not None
    assert estimate.dr is not None
    assert estimate.logged < 0.4
    for one in (estimate.ips, estimate.snips, estimate.dr):
        assert one is not None
        assert one.low <= one.value <= one.high
        assert one.value > estimate.logged
    assert estimate.snips.low < 0.8
    assert estimate.snips.high > 0.6


def test_listings_that_came_later_do_not_count_for_earlier_choices(here: Workspace) -> None:
    truth, settings = market(here, 300), settings_from({"keepers": {"k": 120, "engine": "none"}})
    asked(here, settings, truth, ab="random")
    assert found(here, settings).off_policy.n == 60
    market(here, 900)
    late = found(here, settings).off_policy
    assert (late.n, late.refused) == (0, "0 choices were left to chance, 50 needed")


@pytest.mark.parametrize(
    ("hits", "n", "verdict"),
    [(0, 0, "cannot tell"), (8, 10, "reached"), (6, 10, "cannot tell"), (40, 100, "not reached")],
)
def test_the_aim_is_judged_by_what_was_kept_where_it_exploits(
    hits: int, n: int, verdict: str
) -> None:
    nothing = share_of(0, 0)
    report = KeeperProgress(
        version="", labels=0, keepers=0, guessed=0, batches=[], exploit=share_of(hits, n),
        explore=nothing, by_chance=nothing, lift=None, over_explore=None, trend=None, honesty={},
        off_policy=evaluate_off_policy(*[np.zeros(0)] * 3), tests=[],
    )  # fmt: skip
    assert report.aim == verdict
