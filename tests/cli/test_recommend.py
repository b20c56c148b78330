"""`djlib recommend`, and ratings through `feedback`, `train` and `models`."""

from __future__ import annotations

from pathlib import Path

import pytest

from djlib.settings import Workspace
from djlib.tables.events import read_events
from tests.cli.running import as_json, djlib, done, edit, refused, rows
from tests.opportunities.no_lightgbm import no_lightgbm
from tests.opportunities.tastes import likes
from tests.workflows.calls_rated import calls_of, rating_file, scanned

LIST = Path("data/recommendations.csv")


@pytest.fixture
def here(fresh: Path) -> Workspace:
    return scanned(fresh)[0]


def test_the_loop_of_calls(here: Workspace) -> None:
    first = done("recommend", "--user", "mara", "--top", "8")
    assert "8 calls for mara" in first.stdout
    assert "Nothing is rated yet" in first.stdout
    edit(lambda number, row: row.update(rating=str(number % 2)), LIST)
    told = done("feedback", LIST).stdout
    assert "8 ratings taken, 4 of them liked" in told
    shown = {row["opportunity_id"] for row in rows(LIST)}
    second = as_json("recommend", "--user", "mara")
    assert len(second["rows"]) == 10
    assert not shown & {row["opportunity_id"] for row in second["rows"]}
    assert all(0 < row["chance"] < 1 for row in second["rows"])
    assert "As recommended at" in done("recommend", "--user", "mara").stdout
    assert "8 were known already" in _fed_again(here)
    versions = done("models", "list").stdout
    assert "Open calls" in versions


def _fed_again(here: Workspace) -> str:
    """The same ratings once more, out of the log."""
    from djlib.workflows.opportunities.ratings import ratings_so_far

    lines = ["user_id,opportunity_id,rating"]
    lines += [f"mara,{r.opportunity_id},{r.text}" for r in ratings_so_far(here).by_key.values()]
    file = here.root / "again.csv"
    file.write_text("\n".join(lines) + "\n")
    return done("feedback", file).stdout


def test_a_file_of_ratings_with_bad_lines(here: Workspace) -> None:
    file = rating_file(here, range(30))
    with file.open("a") as more:
        more.write("mara,nowhere,1\n,nowhere,1\n")
    told = done("feedback", file).stdout
    assert "30 ratings taken" in told
    assert "2 refused" in told
    assert "line 32, opportunity_id 'nowhere'" in told
    assert "line 33, user_id" in told


def test_learning_anew_and_going_back(here: Workspace) -> None:
    assert "no call is rated yet" in refused("train", "--opportunities")
    done("feedback", rating_file(here, range(40)))
    first = as_json("models", "list")[0]["id"]
    second = as_json("train", "--opportunities")["version"]
    assert second != first
    done("models", "rollback", "--learner", "opportunity")
    current = [v["id"] for v in as_json("models", "list") if v["current"]]
    assert current == [first]


def test_a_dry_run_says_what_would_be_taken(here: Workspace) -> None:
    told = done("feedback", rating_file(here, range(5)), "--dry-run").stdout
    assert "5 ratings taken" in told
    assert "--dry-run" in told
    assert as_json("models", "list") == []


def test_without_calls(fresh: Path) -> None:
    assert "run 'djlib scan FEED' first" in refused("recommend")


@pytest.mark.parametrize("top", ["0", "many"])
def test_a_top_that_is_none(here: Workspace, top: str) -> None:
    assert djlib("recommend", "--top", top).exit_code == 2


def test_titles_in_any_script_and_with_marks(here: Workspace) -> None:
    from djlib.tables.io import write_table
    from tests.workflows.calls_rated import calls_of

    calls = calls_of(here).head(4)
    calls["title"] = ["=1+1", "[bold]x[/bold]", "ضجيج", "🎧 " * 80]
    calls[["deadline", "description"]] = ""
    write_table(calls, here.opportunities)
    told = done("recommend").stdout
    assert "[bold]x[/bold]" in told
    assert "4 calls for me" in told


def test_ratings_are_taken_back(here: Workspace) -> None:
    done("feedback", rating_file(here, range(20)))
    told = done("feedback", rating_file(here, range(20, 40), topic="film")).stdout
    assert "djlib feedback --undo" in told
    assert "The last ratings are taken back." in done("feedback", "--undo").stdout
    assert as_json("feedback", "--undo", "--dry-run")["ratings"] == 0
    emptied = done("feedback", "--undo").stdout
    assert "No rating is left: calls go by freshness" in emptied
    assert "no feedback on records or calls" in refused("feedback", "--undo")
    assert "Nothing is rated yet" in done("recommend").stdout
    runs = read_events(here.events, "runs")
    assert sum("undone" in run for run in runs) == 2


def test_doctor_looks_at_calls_too(here: Workspace) -> None:
    found = {f["what"]: f for f in as_json("doctor")}
    assert found["scanned calls"]["state"] == "ok"
    assert found["opportunity model"]["note"] == "run 'djlib recommend'"
    done("feedback", rating_file(here, range(20)))
    found = {f["what"]: f for f in as_json("doctor")}
    assert found["current opportunity model"]["state"] == "ok"
    assert found["log of ratings"]["note"] == "20 events"
    assert found["lightgbm"]["state"] == "ok"


def test_without_lightgbm_all_goes_on_and_says_so_once(fresh: Path, tmp_path: Path) -> None:
    here, _ = scanned(fresh, 520)
    file = _no_sum_of_weights(here, 480)
    done("feedback", file)
    assert "Light" not in done("recommend", "--user", "mara").stdout
    with no_lightgbm(tmp_path, "no OpenMP"):
        shown = done("recommend", "--user", "mara", "--top", "5").stdout
        assert shown.count("LightGBM cannot be loaded: libgomp.so.1") == 1
        assert "5 calls for mara" in shown
        told = done("train", "--opportunities")
        assert told.stderr.count("libgomp1") == 1
        assert "without trees" in told.stderr
        found = {f["what"]: f for f in as_json("doctor")}["lightgbm"]
        assert found["state"] == "missing"
        assert "libgomp1" in found["note"]
        assert "Light" not in done("recommend", "--user", "mara", "--top", "6").stdout


def _no_sum_of_weights(here: Workspace, n: int) -> Path:
    """Ratings that only trees can learn: liked is a film or a residency, not both."""
    calls = calls_of(here).head(n)
    liked = (likes(calls, "film") != likes(calls, "residency")).astype(int)
    table = calls[["opportunity_id"]].assign(user_id="mara", rating=liked)
    table.to_csv(here.root / "mara.csv", index=False)
    return here.root / "mara.csv"
