"""Records worth keeping, from the command line: scan, choose, answer, learn, take back."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from cli.render.answer_screen import answer_screen
from cli.render.batch_screen import BatchConversation
from djlib.errors import InputError
from djlib.settings import Workspace
from djlib.tables.events import read_events
from djlib.tables.io import read_table, write_table
from djlib.workflows.keepers.review import BatchReview
from djlib.workflows.library.demo import synthesise
from tests.workflows.fake_bandit import use_counting_bandit

from .running import Row, as_json, djlib, done, edit, refused, rows, write_rows

BATCH = Path("data/batch.csv")


@pytest.fixture
def listings(fresh: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace with 300 listings scanned, and a model that learns in a moment."""
    use_counting_bandit(monkeypatch)
    synthesise("listings", fresh / "pool.csv", rows=300, seed=2)
    table = read_table(fresh / "pool.csv")
    write_table(table.drop(columns="keeper"), fresh / "listings.csv")
    done("scan", "listings.csv")
    return fresh


def truth(folder: Path) -> dict[str, str]:
    """What the invented collector kept."""
    return {row["listing_id"]: row["keeper"] for row in rows(folder / "pool.csv")}


def answer(folder: Path) -> list[Row]:
    """Answer the batch as the invented collector would."""
    kept = truth(folder)
    return edit(lambda _, row: row.update(keeper=kept[row["listing_id"]]), BATCH)


def test_the_loop_asks_learns_and_never_asks_again(listings: Path) -> None:
    asked: set[str] = set()
    for batch in range(3):
        report = as_json("select-batch")
        assert report["batch_number"] == batch
        assert report["answered"] == 20 * batch
        ids = {row["listing_id"] for row in rows(BATCH)}
        assert len(ids) == 20
        assert not ids & asked
        asked |= ids
        answer(listings)
        learned = as_json("feedback", BATCH)
        assert learned["batch_number"] == batch + 1
        assert learned["labels"] == 20 * (batch + 1)


def test_the_batch_is_for_a_person_and_logged(listings: Path) -> None:
    done("select-batch", "--k", "10")
    first = rows(BATCH)[0]
    assert list(first)[0] == "keeper"
    assert first["keeper"] == ""
    assert all(first[column] for column in ("artist", "reason", "selection_strategy"))
    (event,) = read_events(Workspace(listings).events, "selections")
    assert len(event["slots"]) == 10
    assert event["split"] == {"exploit": 4, "explore": 6}
    assert event["slots"][0]["listing"]["artist"] == first["artist"]
    assert len(event["scores"]["mean"]) == len(event["scores"]["quantiles"])


def test_half_a_batch_is_learned_and_the_rest_later_is_the_same_batch(listings: Path) -> None:
    done("select-batch")
    kept = truth(listings)
    edit(lambda n, row: row.update(keeper=kept[row["listing_id"]] if n < 8 else ""), BATCH)
    half = as_json("feedback", BATCH)
    assert (half["labels"], half["unanswered"], half["batch_number"]) == (8, 12, 1)
    answer(listings)
    rest = as_json("feedback", BATCH)
    assert (len(rest["taken"]), rest["known"], rest["batch_number"]) == (12, 8, 1)


def test_a_batch_fed_twice_counts_once(listings: Path) -> None:
    done("select-batch")
    answer(listings)
    once = as_json("feedback", BATCH)
    twice = as_json("feedback", BATCH)
    assert twice["version"] == ""
    assert (twice["labels"], twice["known"]) == (once["labels"], 20)
    assert len(as_json("models", "list", "--learner", "keeper")) == 1


def test_the_last_answer_counts_and_feedback_can_be_taken_back(listings: Path) -> None:
    done("select-batch")
    edit(lambda _, row: row.update(keeper="0"), BATCH)
    done("feedback", BATCH)
    edit(lambda n, row: row.update(keeper="1" if n == 0 else "0"), BATCH)
    changed = as_json("feedback", BATCH)
    assert (changed["changed"], changed["all_rates"]["all"]["keepers"]) == (1, 1)
    anew = as_json("feedback", BATCH, "--undo")
    assert (len(anew["taken"]), anew["known"], anew["labels"]) == (1, 19, 20)
    back = as_json("feedback", "--undo")
    assert (back["labels"], back["all_rates"]["all"]["keepers"]) == (20, 0)
    emptied = as_json("feedback", "--undo")
    assert (emptied["labels"], emptied["batch_number"]) == (0, 0)
    assert "no feedback" in refused("feedback", "--undo")
    assert as_json("select-batch", "--dry-run")["answered"] == 0


def test_answers_may_be_written_in_many_ways(listings: Path) -> None:
    done("select-batch")
    ways = ["1", "0", "yes", "No", "Y", "n", "keep", "DROP", "x", "true", "False", "1.0", "", "?"]
    edit(lambda n, row: row.update(keeper=ways[n] if n < len(ways) else ""), BATCH)
    report = as_json("feedback", BATCH)
    assert [one["keeper"] for one in report["taken"]] == [1, 0, 1, 0, 1, 0, 1, 0, 1, 1, 0, 1]
    assert report["refused"] == 1
    assert "'?': not an answer" in str(report["problems"]) or "?" in report["problems"][0]["value"]
    assert report["unanswered"] == 7


def test_listings_of_another_pool_are_reported_and_lost_nowhere(listings: Path) -> None:
    done("select-batch")
    table = answer(listings)
    table[0]["listing_id"] = "elsewhere-1"
    table[1] |= {"artist": "Somebody Entirely Different", "title": "Never Met Before"}
    other = write_rows(listings / "other.csv", table)
    report = as_json("feedback", other)
    assert (len(report["taken"]), report["refused"]) == (18, 2)
    reasons = [problem["reason"] for problem in report["problems"]]
    assert "no listing of this id" in reasons[0]
    assert "two records have this id" in reasons[1]
    assert len(rows(other)) == 20


@pytest.mark.parametrize("said", ["1", "0"])
def test_all_kept_or_all_passed_is_an_answer(listings: Path, said: str) -> None:
    done("select-batch")
    edit(lambda _, row: row.update(keeper=said), BATCH)
    report = as_json("feedback", BATCH)
    assert report["rates"]["all"] == {"keepers": 20 * int(said), "answers": 20, "share": int(said)}
    done("select-batch")


def test_a_batch_with_fresh_answers_is_kept_when_the_next_is_chosen(listings: Path) -> None:
    done("select-batch")
    answer(listings)
    report = as_json("select-batch")
    kept = Path(report["kept"])
    assert len([row for row in rows(kept) if row["keeper"]]) == 20
    assert as_json("feedback", kept)["labels"] == 20


def test_a_pool_smaller_than_a_batch_is_asked_whole_and_then_all_is_answered(
    listings: Path,
) -> None:
    few = write_rows(listings / "few.csv", rows(listings / "listings.csv")[:7])
    assert len(as_json("select-batch", few)["rows"]) == 7
    edit(lambda _, row: row.update(keeper="1"), BATCH)
    done("feedback", BATCH)
    assert "all 7 listings are answered" in refused("select-batch", few)


def test_a_dry_run_writes_nothing(listings: Path) -> None:
    assert as_json("select-batch", "--dry-run")["written"] is None
    assert not BATCH.exists()
    done("select-batch")
    answer(listings)
    assert as_json("feedback", BATCH, "--dry-run")["version"] == ""
    assert not (listings / "data/events/keeps.jsonl").exists()


def test_a_listing_with_nothing_but_a_title_and_prices_that_are_none(listings: Path) -> None:
    table = [{"listing_id": str(n), "title": f"Tune {n}", "price": "nan"} for n in range(5)]
    bare = write_rows(listings / "bare.csv", table)
    assert len(as_json("select-batch", bare)["rows"]) == 5
    edit(lambda n, row: row.update(keeper=str(n % 2), price="n/a"), BATCH)
    assert as_json("feedback", BATCH)["labels"] == 5


def test_without_listings_it_says_what_to_do(fresh: Path) -> None:
    assert "run 'djlib scan FILE' first" in refused("select-batch")


def test_the_screens_say_what_was_done(listings: Path) -> None:
    assert "djlib review" in done("select-batch").stdout
    answer(listings)
    shown = done("feedback", BATCH).stdout
    assert "20 answers taken" in shown
    assert "How many you keep" in shown
    assert djlib("feedback", "--undo").exit_code == 0


def test_answers_that_exist_are_learned_as_batch_0(listings: Path) -> None:
    some = write_rows(listings / "some.csv", rows(listings / "pool.csv")[:100])
    learned = as_json("train", some)
    kept = sum(row["keeper"] == "1" for row in rows(some))
    assert (learned["keepers"], learned["passed"], learned["guessed"]) == (kept, 100 - kept, 0)
    batch = as_json("select-batch")
    assert (batch["batch_number"], batch["answered"]) == (0, 100)
    assert as_json("train", some)["known"] == 100


def test_a_collection_is_learned_from_and_its_contrast_is_still_asked(listings: Path) -> None:
    owned = [
        {"release_id": str(n), "Artist": f"Somebody {n}", "Title": f"Tune {n}", "Label": "Axis",
         "CollectionFolder": "Techno", "Released": "0"}
        for n in range(1, 11)
    ]  # fmt: skip
    done("scan", write_rows(listings / "collection.csv", owned))
    learned = as_json("train", "--keepers")
    assert (learned["keepers"], learned["passed"], learned["guessed"]) == (10, 0, 40)
    batch = as_json("select-batch", "--k", "300")
    assert batch["pool"] == 299  # two of the 300 are offers of one record
    assert not [row for row in batch["rows"] if row["listing_id"].startswith("r")]
    edit(lambda _, row: row.update(keeper="0"), BATCH)
    assert as_json("feedback", BATCH)["labels"] == 309
    assert "nothing to learn from" not in done("train", "--keepers").stdout


def test_a_table_without_answers_or_a_collection_is_refused(listings: Path) -> None:
    assert "nothing to learn from" in refused("train", "--keepers")


def test_a_batch_is_reviewed_one_key_a_record(listings: Path) -> None:
    done("select-batch", "--k", "4")
    session = BatchReview(BATCH)
    talk = BatchConversation(session)
    first = session.current
    assert first is not None
    for key in "wkns":
        assert talk.press(key)
    assert [row["keeper"] for row in rows(BATCH)] == ["1", "0", "", ""]
    assert talk.press("u")  # the skip
    assert talk.press("u")  # the second answer
    assert [row["keeper"] for row in rows(BATCH)] == ["1", "", "", ""]
    assert not talk.press("q")
    assert as_json("review")["answered"] == 1
    assert BatchReview(BATCH).current == session.current


def test_the_review_screen_shows_the_record_and_why(listings: Path) -> None:
    done("select-batch", "--k", "2")
    edit(lambda _, row: row.update(title="Tune\x1b[2J", price="9.5"), BATCH)
    talk = BatchConversation(BatchReview(BATCH))
    talk.press("w")
    console = Console(width=80, record=True, file=StringIO())
    console.print(answer_screen(talk))
    shown = console.export_text()
    assert "Tune␛[2J" in shown
    assert "its label" in shown
    assert "0 of 2 answered" in shown


def test_a_review_does_not_write_over_what_somebody_else_wrote(listings: Path) -> None:
    done("select-batch", "--k", "2")
    session = BatchReview(BATCH)
    edit(lambda _, row: row.update(keeper="1"), BATCH)
    with pytest.raises(InputError, match="changed by somebody else"):
        session.answer(0)
    assert [row["keeper"] for row in rows(BATCH)] == ["1", "1"]


def test_records_like_one_share_its_label_here(listings: Path) -> None:
    first = rows(listings / "listings.csv")[0]
    report = as_json("similar", first["listing_id"], "--n", "3")
    assert len(report["near"]) == 3
    assert report["near"][0]["label"] == first["label"]
    assert f"label {first['label']}" in report["near"][0]["shares"]
    assert first["listing_id"] not in [one["listing_id"] for one in report["near"]]
    assert "Like " in done("similar", first["listing_id"]).stdout
    assert "no listing with" in refused("similar", "nothing is called so")


def test_what_was_answered_is_not_similar_unless_asked_for(listings: Path) -> None:
    done("select-batch", "--k", "4")
    edit(lambda _, row: row.update(keeper="1"), BATCH)
    done("feedback", str(BATCH))
    answered = {row["listing_id"] for row in rows(BATCH)}
    first = next(iter(sorted(answered)))
    n = str(len(rows(listings / "listings.csv")))
    near = {one["listing_id"] for one in as_json("similar", first, "--n", n)["near"]}
    every = as_json("similar", first, "--n", n, "--answered")["near"]
    assert not near & answered
    assert answered - {first} <= {one["listing_id"] for one in every}


def test_every_record_is_ranked_to_shop_from(listings: Path) -> None:
    done("select-batch", "--k", "6")
    edit(lambda n, row: row.update(keeper=str(n % 2)), BATCH)
    done("feedback", str(BATCH))
    answered = {row["listing_id"] for row in rows(BATCH)}
    report = as_json("shortlist", "--top", "3", "--wantlist", "want.csv")
    table = rows(Path("data/shortlist.csv"))
    assert len(table) == report["records"] <= len(rows(listings / "listings.csv")) - len(answered)
    assert not {row["listing_id"] for row in table} & answered
    chances = [float(row["chance"]) for row in table]
    assert chances == sorted(chances, reverse=True)
    assert [int(row["rank"]) for row in table] == list(range(1, len(table) + 1))
    assert len(rows(Path("want.csv"))) + report["without_release"] == 3
    cheap = as_json("shortlist", "--max-price", "10")
    assert all(row["price"] is None or row["price"] <= 10 for row in cheap["rows"])
    assert cheap["records"] < report["records"]
    assert "ranked" in done("shortlist").stdout


def test_a_record_tells_why_it_was_shown(listings: Path) -> None:
    done("select-batch")
    shown = answer(listings)[0]
    done("feedback", BATCH)
    report = as_json("explain", shown["listing_id"])
    assert report["shown"]["batch_id"] == shown["batch_id"]
    assert report["shown"]["selection_strategy"] == shown["selection_strategy"]
    assert report["keeper"] == int(shown["keeper"])
    assert "Shown 20" in done("explain", shown["listing_id"]).stdout
    others = {row["listing_id"] for row in rows(listings / "listings.csv")}
    never = min(others - {row["listing_id"] for row in rows(BATCH)})
    assert as_json("explain", never)["shown"] is None


@pytest.mark.parametrize("layout", ["pca", "tsne"])
def test_the_map_is_one_page_and_the_same_again(listings: Path, layout: str) -> None:
    done("select-batch")
    answer(listings)
    done("feedback", BATCH)
    first = as_json("map", "--layout", layout)
    page = Path(first["written"]).read_text(encoding="utf-8")
    assert not first["from_cache"]
    assert "http" not in page.replace("http://www.w3.org", "")
    assert as_json("map", "--layout", layout)["from_cache"]
    assert Path(first["written"]).read_text(encoding="utf-8") == page
    assert '"words":["not asked","passed","kept"]' in page.replace(" ", "").replace(
        "notasked", "not asked"
    )


def test_a_map_is_a_page(listings: Path) -> None:
    assert "ends in .html" in refused("map", "--output", "map.png", code=2)


def test_answers_in_a_scanned_file_are_learned_only_when_asked(fresh: Path) -> None:
    synthesise("listings", fresh / "market.csv", rows=60, seed=2)
    shown = done("scan", "market.csv").stdout
    assert "60 rows of it say whether you keep them; a scan learns no answers." in shown
    assert "djlib train market.csv" in shown
    assert "keeper" not in read_table(Workspace(fresh).listings)
    said = refused("train", "--keepers")
    assert "no record in it is owned or wanted" in said
    assert "'djlib train FILE' learns a file of answers" in said


def test_a_workspace_that_scanned_answers_before_does_not_learn_them(
    fresh: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_counting_bandit(monkeypatch)
    synthesise("listings", fresh / "market.csv", rows=60, seed=2)
    done("scan", "market.csv")
    write_table(read_table(fresh / "market.csv"), Workspace(fresh).listings)
    assert "owned or wanted" in refused("train", "--keepers")
    learned = as_json("train", "market.csv")
    assert learned["keepers"] + learned["passed"] == 60
