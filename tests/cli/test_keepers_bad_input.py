"""What a person may feed the keepers by mistake: said in a line, and nothing is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from djlib.settings import Workspace
from tests.workflows.fake_bandit import use_counting_bandit

from .running import Row, as_json, djlib, done, edit, refused, rows, write_rows

BATCH = Path("data/batch.csv")
BARE = '[keepers]\nengine = "none"\n'


@pytest.fixture
def quick(fresh: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace whose model learns in a moment."""
    use_counting_bandit(monkeypatch)
    return fresh


def shop(folder: Path, table: list[Row]) -> Path:
    """A workspace where these listings are scanned, with the model itself."""
    (folder / "djlib.toml").write_text(BARE, encoding="utf-8")
    return scanned(folder, table)


def scanned(folder: Path, table: list[Row]) -> Path:
    done("scan", write_rows(folder / "listings.csv", table))
    return folder


def tunes(n: int, **more: str) -> list[Row]:
    return [{"listing_id": f"l{i}", "title": f"Tune {i}", "label": f"L{i % 3}", **more}
            for i in range(n)]  # fmt: skip


def every_other(n: int, row: Row) -> None:
    row["keeper"] = str(n % 2)


def test_identical_listings_are_asked_and_it_is_said_that_they_are_alike(fresh: Path) -> None:
    same = {"artist": "", "title": "", "label": "L", "price": "9"}  # nothing names the record
    shop(fresh, [{"listing_id": f"s{i}", **same} for i in range(30)])
    done("select-batch")
    edit(every_other, BATCH)
    done("feedback", BATCH)
    report = as_json("select-batch")
    assert len(report["rows"]) == 10
    assert report["warnings"] == {"constant_scores": "every listing is expected to be kept alike"}


def test_numbers_as_text_are_read_or_said_and_the_rows_stay(fresh: Path) -> None:
    written = ["9,50", "free", "", "NaN", "12.5", "1.234,56 EUR"]
    table = tunes(24)
    for n, row in enumerate(table):
        row |= {"price": written[n % 6], "year": ("1981", "c. 1990", "??")[n % 3], "have": "many"}
    shop(fresh, table)
    batch = as_json("select-batch", "--k", "24")
    assert len(batch["rows"]) == 24
    edit(every_other, BATCH)
    assert as_json("feedback", BATCH)["labels"] == 24
    assert "not a number (value ignored)" in done("scan", "listings.csv").stdout


def test_two_answers_to_one_listing_in_one_file_are_said_and_the_last_counts(quick: Path) -> None:
    scanned(quick, tunes(30))
    done("select-batch")
    edit(every_other, BATCH)
    table = rows(BATCH)
    write_rows(BATCH, [*table, {**table[0], "keeper": "1"}])
    report = as_json("feedback", BATCH)
    assert report["labels"] == 20
    assert [p["reason"] for p in report["problems"]] == ["answered twice, the last one counts"]
    assert report["all_rates"]["all"]["keepers"] == 11


def test_a_batch_of_another_workspace_is_refused_row_by_row(quick: Path) -> None:
    scanned(quick, tunes(30))
    done("select-batch")
    other = [{**row, "listing_id": f"x{n}", "keeper": "1"} for n, row in enumerate(rows(BATCH))]
    report = as_json("feedback", write_rows(quick / "other.csv", other))
    assert (report["labels"], report["refused"], report["version"]) == (0, 20, "")


def test_a_batch_without_its_columns_or_rows_is_one_line(quick: Path) -> None:
    scanned(quick, tunes(30))
    done("select-batch")
    header = BATCH.read_text(encoding="utf-8").splitlines()[0]
    BATCH.write_text(header + "\n", encoding="utf-8")
    report = as_json("feedback", BATCH)
    assert (report["labels"], report["unanswered"], report["version"]) == (0, 0, "")
    BATCH.write_text("listing_id,title\nl1,Tune 1\n", encoding="utf-8")
    assert "no column 'keeper'" in refused("feedback", BATCH)


def test_a_batch_that_was_never_answered_learns_nothing(quick: Path) -> None:
    scanned(quick, tunes(30))
    done("select-batch")
    report = as_json("feedback", BATCH)
    assert (report["labels"], report["unanswered"], report["version"]) == (0, 20, "")
    assert as_json("report")["keepers"]["batches"][0]["answered"] == 0


def test_a_damaged_log_of_batches_is_named(quick: Path) -> None:
    scanned(quick, tunes(30))
    done("select-batch")
    log = Workspace(quick).events / "selections.jsonl"
    log.write_text(log.read_text(encoding="utf-8")[:200] + "\n{}\n", encoding="utf-8")
    result = djlib("report")
    assert result.exit_code == 1
    assert "selections.jsonl" in result.stderr
    assert "Traceback" not in result.stderr


def test_nothing_there_says_what_makes_a_report(fresh: Path) -> None:
    said = refused("report")
    assert "'djlib train'" in said
    assert "'djlib select-batch'" in said
