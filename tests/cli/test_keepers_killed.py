"""`kill -9` while answers are learned: the old version serves, nothing said is lost."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from djlib.workflows.library.demo import synthesise
from tests.workflows.fake_bandit import CountingBandit, use_counting_bandit

from .running import as_json, done, edit, rows

BATCH = Path("data/batch.csv")


def dies(*_: object, **__: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def while_updating(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(CountingBandit, "update", dies)
    patch.setattr(CountingBandit, "fit", dies)


def while_saving(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(CountingBandit, "save", dies)


def before_it_counts(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("djlib.registry.registry.write_ledger", dies)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes of another kind")
@pytest.mark.parametrize("moment", [while_updating, while_saving, before_it_counts])
def test_a_killed_update_is_made_up_for(
    fresh: Path, monkeypatch: pytest.MonkeyPatch, moment: Callable[[pytest.MonkeyPatch], None]
) -> None:
    use_counting_bandit(monkeypatch)
    synthesise("listings", fresh / "pool.csv", rows=100, seed=2)
    done("scan", "pool.csv")
    done("select-batch")
    edit(lambda n, row: row.update(keeper=str(n % 2)), BATCH)
    first = as_json("feedback", BATCH)["version"]
    done("select-batch")
    edit(lambda n, row: row.update(keeper=str(n % 2)), BATCH)

    child = os.fork()
    if not child:
        with pytest.MonkeyPatch.context() as patch:
            moment(patch)
            try:
                done("feedback", BATCH)
            finally:
                os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status)

    current = [v["id"] for v in as_json("models", "list") if v["current"]]
    assert current == [first]
    done("select-batch", "--dry-run")  # the old one serves
    again = as_json("feedback", BATCH)
    assert again["version"] not in ("", first)
    assert (again["labels"], again["batch_number"]) == (40, 2)
    assert len({row["listing_id"] for row in rows(BATCH)}) == 20
