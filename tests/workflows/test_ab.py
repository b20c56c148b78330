"""Two versions on incoming tracks, and what people's answers say about them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from djlib.bucketing import proposals as ab
from djlib.errors import NotFoundError, UsageError
from djlib.evaluation.splits import of_second
from djlib.settings import Workspace
from djlib.tables.plain_json import to_plain
from djlib.workflows.buckets.acceptance import looks
from djlib.workflows.buckets.audit import said_of
from djlib.workflows.buckets.models import bucket_models
from djlib.workflows.buckets.report import ab_tests
from djlib.workflows.core.runs import past_runs
from tests.workflows.feeding import corrected, feed, propose


@pytest.fixture
def here(with_two_versions: Workspace) -> Workspace:
    return with_two_versions


@pytest.fixture(autouse=True)
def _the_same_draw_in_every_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names of versions hold the time, and the songs each answers for hang on the names."""

    def drawn(tracks: pd.DataFrame, first: str, second: str, share: float) -> np.ndarray:
        names = ("v1", "v2") if first < second else ("v2", "v1")
        return of_second(tracks, *names, share)

    monkeypatch.setattr(ab, "of_second", drawn)


def versions(here: Workspace) -> tuple[str, str]:
    """The one in use, the other."""
    current, other = (v.id for v in bucket_models(here).versions())
    return current, other


def test_each_version_answers_for_its_share_run_after_run(here: Workspace) -> None:
    current, other = versions(here)
    first = propose(here, ab=other)
    again = propose(here, ab="previous")

    assert set(first["model_version"]) == {current, other}
    assert first["model_version"].tolist() == again["model_version"].tolist()
    assert past_runs(here)[-1]["ab"] == [current, other]
    assert set(propose(here, ab=other, ab_share=0.001)["model_version"]) == {current}


def test_the_audit_trail_knows_who_said_what(here: Workspace) -> None:
    current, other = versions(here)
    table = propose(here, ab=other)
    prints = {v.id: v.metadata["data_fingerprint"] for v in bucket_models(here).versions()}

    for _, row in table.head(6).iterrows():
        (said,), _ = said_of(here, row["track_id"])
        assert said.version == row["model_version"]
        assert said.fingerprint == prints[said.version]


def test_answers_of_people_are_compared_between_the_two(here: Workspace) -> None:
    current, other = versions(here)
    table = propose(here, ab=other)
    assert ab_tests(here, looks(here))[0].compared is None
    wrong = lambda _, row: row["second_bucket"] if row["model_version"] == other else ""  # noqa: E731
    feed(here, corrected(here, wrong))
    (test,) = ab_tests(here, looks(here))

    n_other = int((table["model_version"] == other).sum())
    assert test.versions == (current, other)
    assert test.answered == (len(table) - n_other, n_other)
    assert [share.hits for share in test.accepted] == [len(table) - n_other, 0]
    assert test.compared is not None
    assert test.compared.verdict == "worse"
    assert to_plain(test)["compared"]["p_value"] < 0.001


def test_equal_answers_cannot_tell_and_say_how_many_more_it_takes(here: Workspace) -> None:
    _, other = versions(here)
    propose(here, ab=other)
    feed(here, corrected(here, lambda n, row: row["second_bucket"] if n % 3 == 0 else ""))
    (test,) = ab_tests(here, looks(here))

    assert test.compared is not None
    assert test.compared.verdict == "cannot tell"
    assert test.compared.more_needed is not None
    assert test.compared.more_needed > 0


def test_answers_outside_the_trial_do_not_count(here: Workspace) -> None:
    _, other = versions(here)
    propose(here)
    feed(here, corrected(here, lambda n, row: row["second_bucket"] if n < 5 else ""))

    assert ab_tests(here, looks(here)) == []


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"ab": "current"}, UsageError, "is the version in use"),
        ({"ab": "nosuch"}, NotFoundError, "nosuch"),
        ({"ab": "previous", "ab_share": 1.0}, UsageError, "between 0 and 1, not 1"),
        ({"ab": "previous", "debug": True}, UsageError, "leave out --ab or --debug"),
    ],
)
def test_trials_that_mean_nothing_are_refused(
    here: Workspace, options: dict[str, object], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        propose(here, **options)
