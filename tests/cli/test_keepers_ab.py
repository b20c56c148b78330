"""Two ways of choosing in one batch, from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from djlib.settings import Workspace
from djlib.tables.events import read_events
from djlib.tables.io import read_table, write_table
from djlib.workflows.keepers.labels import labels_so_far
from djlib.workflows.library.demo import synthesise
from tests.workflows.fake_bandit import use_counting_bandit

from .running import as_json, done, edit, refused, rows, write_rows

BATCH = Path("data/batch.csv")


@pytest.fixture
def listings(fresh: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    use_counting_bandit(monkeypatch)
    synthesise("listings", fresh / "pool.csv", rows=300, seed=2)
    table = read_table(fresh / "pool.csv")
    write_table(table.drop(columns="keeper"), fresh / "listings.csv")
    done("scan", "listings.csv")
    return fresh


def answer(first: str, second: str) -> None:
    edit(lambda _, row: row.update(keeper=first if row["arm"] == "first" else second), BATCH)


def test_half_of_the_batch_is_the_others_and_noted(listings: Path) -> None:
    report = as_json("select-batch", "--ab", "faithful")
    assert report["ab"] == {"strong": 10, "faithful": 10}
    table = rows(BATCH)
    assert [row["arm"] for row in table].count("second") == 10
    assert {row["model_version"] for row in table} == {"", "faithful"}
    (event,) = read_events(Workspace(listings).events, "selections")
    assert event["ab"] == ["strong", "faithful"]
    assert "10 strong, 10 faithful" in done("select-batch", "--ab", "faithful").stdout


def test_each_gets_credit_for_its_own_and_the_end_is_said(listings: Path) -> None:
    for batch in range(4):
        done("select-batch", "--ab", "random")
        answer("1", "0")
        report = as_json("feedback", BATCH)
        test = report["ab"]
        assert (test["batches"], len(test["looks"])) == (batch + 1, batch + 1)
        assert test["kept"][0]["hits"] == 10 * (batch + 1)
    assert test["winner"] == "strong"
    assert report["rates"]["uniform"] == {"keepers": 0, "answers": 10, "share": 0}
    said = done("feedback", BATCH).stdout
    assert "Two ways of choosing side by side (A/B), 4 batches answered" in said
    assert f"Decided with feedback {test['decided_at']} of 4: strong." in said


def test_what_is_drawn_by_chance_has_its_chance_noted(listings: Path) -> None:
    done("select-batch", "--ab", "random")
    table = rows(BATCH)
    for place, row in enumerate(table):
        if row["arm"] == "second":
            assert row["selection_strategy"] == "uniform"
            assert float(row["propensity"]) == pytest.approx(
                1 / (299 - place)
            )  # two of 300 are one record
            assert row["mean"]


def test_a_version_stays_as_it_was(listings: Path) -> None:
    done("select-batch")
    edit(lambda n, row: row.update(keeper=str(n % 2)), BATCH)
    old = as_json("feedback", BATCH)["version"]
    assert "is the version in use" in refused("select-batch", "--ab", old, code=2)
    done("select-batch")
    edit(lambda n, row: row.update(keeper=str(n % 2)), BATCH)
    new = as_json("feedback", BATCH)["version"]
    assert as_json("select-batch", "--ab", "previous")["ab"] == {"strong": 10, old: 10}
    assert {row["model_version"] for row in rows(BATCH)} == {old, new}


def test_who_is_nobody_or_there_already_is_refused(listings: Path) -> None:
    assert "who chooses already; name faithful, random" in refused(
        "select-batch", "--ab", "strong", code=2
    )
    said = refused("select-batch", "--ab", "v99", code=2)
    assert "v99" in said
    assert "strong, faithful, random" in said
    assert not BATCH.exists()


def test_another_mode_chooses_at_once(listings: Path) -> None:
    done("select-batch")
    edit(lambda n, row: row.update(keeper=str(n % 2)), BATCH)
    done("feedback", BATCH)
    report = as_json("select-batch", "--mode", "faithful")
    assert (report["version"], report["batch_number"]) == ("faithful", 1)


def test_the_report_of_keepers_without_any_buckets(listings: Path) -> None:
    assert "train" in refused("report")
    done("select-batch")
    assert "0 of 20" in done("report").stdout
    done("select-batch", "--ab", "random")
    answer("1", "0")
    done("feedback", BATCH)
    said = done("report").stdout
    for words in ("Records: 20 answered, 10 kept", "What it thought you like", "the base rate",
                  "Can its probabilities be trusted?", "10 choices were left to chance, 50 needed",
                  "side by side (A/B), 1 batch answered"):  # fmt: skip
        assert words in said
    assert max(map(len, said.splitlines())) <= 110
    report = as_json("report")
    assert report["versions"] == []
    assert report["keepers"]["labels"] == 20
    assert report["keepers"]["off_policy"]["refused"]
    assert len(report["keepers"]["batches"]) == 1


def test_the_report_draws_the_batches(listings: Path) -> None:
    pytest.importorskip("matplotlib", reason="charts are an extra")
    done("select-batch")
    answer("1", "0")
    done("feedback", BATCH)
    done("report", "--chart", "progress.svg")
    assert "<svg" in Path("progress.svg").read_text(encoding="utf-8")


def test_a_pool_smaller_than_a_batch_is_shared(listings: Path) -> None:
    few = write_rows(listings / "few.csv", rows(listings / "listings.csv")[:7])
    for other in ("faithful", "random"):
        report = as_json("select-batch", few, "--ab", other)
        assert sum(report["ab"].values()) == 7
        assert abs(report["ab"]["strong"] - report["ab"][other]) == 1


def test_what_the_other_side_chose_is_no_strategy_of_the_models_own(listings: Path) -> None:
    done("select-batch", "--ab", "faithful")
    answer("1", "0")
    done("feedback", BATCH)
    table = labels_so_far(Workspace(listings)).table()
    assert (table["selection_strategy"] == "").sum() == 10
    assert table.loc[table["selection_strategy"] == "", "keeper"].sum() == 0


def test_both_learners_stand_in_one_report(learned: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use_counting_bandit(monkeypatch)
    synthesise("listings", learned / "pool.csv", rows=60, seed=2)
    done("scan", "pool.csv")
    done("select-batch")
    edit(lambda n, row: row.update(keeper=str(n % 2)), BATCH)
    done("feedback", BATCH)
    said = done("report").stdout
    assert "Versions, oldest first" in said
    assert "Records: 20 answered, 10 kept" in said
    report = as_json("report")
    assert len(report["versions"]) == 1
    assert report["keepers"]["labels"] == 20
