from __future__ import annotations

from pathlib import Path

from djlib.synthetic.tables import synthetic_library
from djlib.tables.io import write_table

from .running import as_json, djlib, done, refused


def labelled(sizes: dict[str, int]) -> str:
    """`labelled.csv` with buckets of these sizes."""
    names = [bucket for bucket, n in sizes.items() for _ in range(n)]
    table = synthetic_library(len(names), seed=71).assign(bucket=names, buckets=names)
    write_table(table, "labelled.csv")
    return "labelled.csv"


def test_models_are_shown_side_by_side_with_what_differences_are_worth(learned: Path) -> None:
    result = done("compare", "simple_ml", "genre", "--no-baselines")

    for words in ("On new tracks", "On tracks of new artists", "Held against simple_ml", "McNemar"):
        assert words in result.stdout
    assert "Comparing 2 models on the same folds: done, 8 in" in result.stderr
    assert "compare --report report.html" in result.stderr
    assert max(map(len, result.stdout.splitlines())) <= 240


def test_json_holds_what_the_tables_hold(learned: Path) -> None:
    report = as_json("compare", "genre", "majority", "--no-baselines", "--folds", "3", "--repeats",
                     "2", "--kind", "artist", "--curve", "--seed", "4")  # fmt: skip

    (found,) = report["rounds"]
    assert (found["kind"], found["against"]) == ("artist", "genre")
    assert [s["name"] for s in found["standings"]] == ["genre", "majority"]
    assert found["standings"][0]["figures"]["log_loss"] > 0
    assert found["duels"][0]["verdict"] in ("better", "worse", "cannot tell")
    assert report["rules"] == {
        "kinds": ["artist"], "n_folds": 3, "repeats": 2, "min_tracks": 3, "seed": 4,
    }  # fmt: skip
    assert {p["name"] for p in report["curve"]} == {"genre", "majority"}


def test_a_page_and_markdown_are_written_where_asked(learned: Path) -> None:
    result = done("compare", "genre", "--no-baselines", "--kind", "stratified",
                  "--report", "out/report.html", "--markdown", "out/report.md")  # fmt: skip

    assert Path("out/report.html").read_text().startswith("<!doctype html>")
    assert Path("out/report.md").read_text().startswith("# genre")
    assert "Written: out/report.html" in result.stderr


def test_a_folder_is_no_report_and_said_before_the_work(learned: Path) -> None:
    Path("out").mkdir()
    result = djlib("compare", "genre", "--report", "out")
    assert result.exit_code == 2
    assert "Comparing" not in result.stderr


def test_what_cannot_be_compared_is_refused_with_what_to_do(fresh: Path) -> None:
    assert "comparing needs two; label more tracks" in refused(
        "compare", "genre", "--data", labelled({"House": 30})
    )
    assert "nothing to learn from" in refused("compare", "genre")
    assert "unknown model 'hybird'" in refused("compare", "hybird", code=2)
    assert "does not take part" in refused(
        "compare", "genre", "--against", "text", "--no-baselines", "--data",
        labelled({"House": 9, "Dub": 9}), code=2,
    )  # fmt: skip


def test_a_handful_of_tracks_is_compared_without_a_claim(fresh: Path) -> None:
    said = done("compare", "genre", "majority", "--no-baselines", "--data",
                labelled({"House": 4, "Dub": 4, "Tiny": 1})).stdout  # fmt: skip

    assert "Nothing did measurably better than genre." in said
    assert "Too few tracks to be measured: Tiny (1)." in said
