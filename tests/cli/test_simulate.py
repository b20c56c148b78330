from __future__ import annotations

from pathlib import Path

import pytest

from djlib.synthetic.listings import synthetic_listings
from djlib.tables.io import write_table

from .running import as_json, djlib, done, refused

QUICK = ("--batches", "3", "--k", "10", "--seeds", "2")


@pytest.fixture
def pool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """`pool.csv` in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    write_table(synthetic_listings(240, seed=3), "pool.csv")
    return Path("pool.csv")


def test_policies_are_shown_with_what_they_found(pool: Path) -> None:
    result = done("simulate", pool, "random", "greedy", "oracle", *QUICK)

    for words in ("keepers in 30 picks", "base rate", "greedy keeps", "regret", "oracle"):
        assert words in result.stdout
    assert "Playing 3 policies: done, 6 in" in result.stderr


def test_json_holds_figures_curves_and_rules(pool: Path) -> None:
    report = as_json("simulate", pool, "greedy", *QUICK, "--candidates", "all", "--start", "30",
                     "--transfer", "jazz")  # fmt: skip

    assert report["rules"] == {"batches": 3, "k": 10, "start": 30, "candidates": None}
    (standing,) = report["standings"]
    assert standing["name"] == "greedy"
    assert len(standing["curve"]) == 3
    assert 0 <= standing["figures"]["rate"]["mean"] <= 1
    assert standing["figures"]["rate"]["low"] is None  # two games carry no interval
    assert report["transfers"][0]["genre"] == "jazz"
    assert report["base_rate"] == pytest.approx(report["keepers"] / 240)


def test_a_page_is_written_without_script_or_network(pool: Path) -> None:
    result = done("simulate", pool, "random", "greedy", "oracle", *QUICK, "--report", "page.html",
                  "--transfer", "jazz")  # fmt: skip

    html = Path("page.html").read_text(encoding="utf-8")
    assert "Written: page.html" in result.stderr
    assert html.count("<svg") >= 4
    for words in ("Keepers found", "Share kept in each batch", "From one genre", "Can its"):
        assert words in html
    assert "<script" not in html
    assert "http" not in html.replace("http-equiv", "")


def test_a_stopped_run_goes_on_where_it_was(pool: Path) -> None:
    first = as_json("simulate", pool, "greedy", *QUICK, "--resume", "games.jsonl")
    lines = Path("games.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 2
    Path("games.jsonl").write_text(lines[0] + "\n", encoding="utf-8")
    again = as_json("simulate", pool, "greedy", *QUICK, "--resume", "games.jsonl")

    kept = Path("games.jsonl").read_text(encoding="utf-8").splitlines()
    assert kept[0] == lines[0]
    assert len(kept) == 2
    figure = [r["standings"][0]["figures"]["keepers"] for r in (first, again)]
    assert figure[0] == figure[1]


def test_games_of_other_rules_are_kept_and_not_used(pool: Path) -> None:
    done("simulate", pool, "random", *QUICK, "--resume", "games.jsonl")
    report = as_json("simulate", pool, "random", "--batches", "2", "--k", "5", "--seeds", "1",
                     "--resume", "games.jsonl")  # fmt: skip
    assert report["standings"][0]["figures"]["picks"]["mean"] == 10
    assert len(Path("games.jsonl").read_text(encoding="utf-8").splitlines()) == 3


def test_a_file_that_holds_no_games_is_refused_and_left_alone(pool: Path) -> None:
    Path("notes.txt").write_text("my notes\n", encoding="utf-8")
    said = refused("simulate", pool, "random", *QUICK, "--resume", "notes.txt")
    assert "notes.txt: not a file of 'djlib simulate --resume'" in said
    assert Path("notes.txt").read_text(encoding="utf-8") == "my notes\n"


def test_what_is_no_pool_ends_with_one_line(pool: Path) -> None:
    table = synthetic_listings(240, seed=3)
    write_table(table.drop(columns="keeper"), "bare.csv")
    write_table(table.assign(keeper=1), "all.csv")
    write_table(table.head(30), "few.csv")
    assert "no column 'keeper'" in refused("simulate", "bare.csv")
    assert "keeper is 1 in every row" in refused("simulate", "all.csv")
    assert "30 rows are too few" in refused("simulate", "few.csv")
    assert "no policy 'best'" in refused("simulate", pool, "best", code=2)
    assert "--candidates 'some'" in refused("simulate", pool, "--candidates", "some", code=2)
    assert djlib("simulate", "missing.csv", "random").exit_code == 1


def test_what_the_bandit_warns_of_is_said_once(pool: Path) -> None:
    result = done("simulate", pool, "faithful", *QUICK)
    said = [line for line in result.stderr.splitlines() if "nearly equal" in line]
    assert len(said) <= 1
    assert "faithful found most" in result.stdout


def test_both_of_djlibs_own_play(pool: Path) -> None:
    report = as_json("simulate", pool, *QUICK, "--seeds", "1")
    found = {s["name"]: s["figures"] for s in report["standings"]}
    assert set(found) == {"random", "greedy", "faithful", "strong"}
    for name in ("faithful", "strong"):
        assert found[name]["explore_rate"] is not None
        assert found[name]["silhouette"]["mean"] is not None
        assert 0 <= found[name]["ece_aside"]["mean"] <= 1


def test_what_cannot_be_measured_is_said_before_the_games(pool: Path) -> None:
    result = djlib("simulate", pool, "greedy", *QUICK, "--transfer", "polka")
    assert result.exit_code == 1
    assert "genre 'polka' has 0 rows" in result.stderr
    assert "Playing" not in result.stderr
    write_table(synthetic_listings(60, seed=3).assign(artist=""), "lonely.csv")
    result = djlib("simulate", "lonely.csv", "greedy", *QUICK, "--few-shot")
    assert "no artist has 8 records" in result.stderr
    assert "Playing" not in result.stderr
