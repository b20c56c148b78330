"""Who may be chosen next, of few listings and of many."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from djlib.errors import NotFoundError
from djlib.settings import Settings, Workspace
from djlib.synthetic.listings import synthetic_listings
from djlib.tables.io import read_table, write_table
from djlib.tables.schema import BATCH
from djlib.workflows.core.progress import NullReporter
from djlib.workflows.keepers import ab_test as keeper_sides
from djlib.workflows.keepers import select_batch as module
from djlib.workflows.keepers.feedback import keeper_feedback
from djlib.workflows.keepers.labels import Label, labels_so_far, log_labels
from djlib.workflows.keepers.scan import listings_called, scan_listings
from djlib.workflows.keepers.select_batch import candidates, select_listings
from djlib.workflows.keepers.selections import batches_shown

from .listening import Listener

SETTINGS = replace(Settings(), keepers=replace(Settings().keepers, engine="none"))


@pytest.fixture
def place(tmp_path: Path) -> Workspace:
    workspace = Workspace(tmp_path)
    write_table(synthetic_listings(400).drop(columns="keeper"), tmp_path / "shop.parquet")
    scan_listings(workspace, SETTINGS, tmp_path / "shop.parquet", talk=NullReporter())
    return workspace


@pytest.fixture
def many(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred listings are many."""
    monkeypatch.setattr(module, "_MANY", 100)
    monkeypatch.setattr("djlib.bandit.gaussian_process.policy.READ_WHOLE_UP_TO", 100)
    monkeypatch.setattr(keeper_sides, "_ALL_WEIGHED", 100)
    monkeypatch.setattr(keeper_sides, "_SAMPLE", 30)


def answer(place: Workspace, ids: list[str], title: str | None = None) -> None:
    rows = listings_called(place, set(ids)).to_dict("records")
    given = [row | ({"title": title, "artist": title} if title else {}) for row in rows]
    log_labels(place, [Label(row["listing_id"], 1, row, "b") for row in given], "test")


def test_what_was_answered_or_is_owned_is_not_asked_again(place: Workspace) -> None:
    owned = read_table(place.listings).assign(owned=["1"] * 5 + [""] * 395)
    write_table(owned, place.listings)
    answer(place, ["l000011", "l000012"])
    answer(place, ["l000013"], title="Some other song altogether")
    found = candidates(place, SETTINGS, None, labels_so_far(place), [])
    assert (found.n_open, found.answered) == (393, 2)
    ids = set(found.listings["listing_id"])
    assert not ids & {"l000001", "l000005", "l000011", "l000012"}
    assert "l000013" in ids


def test_many_listings_are_the_same_kept_as_codes(place: Workspace, many: None) -> None:
    found = candidates(place, SETTINGS, None, labels_so_far(place), [])
    listings = found.listings
    assert {"genres", "country", "format"} <= set(listings.select_dtypes("category"))
    scanned = read_table(place.listings)
    pd.testing.assert_frame_equal(listings.astype(scanned.dtypes.to_dict()), scanned)


def test_of_many_a_batch_is_written_and_learned_from(place: Workspace, many: None) -> None:
    for number in range(2):
        listener = Listener()
        report = select_listings(place, SETTINGS, talk=listener)
        assert (len(report.rows), report.pool) == (20, 400 - 20 * number)
        assert ("Reading listings", report.pool, report.pool) in listener.steps
        batch = read_table(place.batch, schema=BATCH, problems=[])
        assert batch["genres"].ne("").all()
        write_table(batch.assign(keeper=["1", "0"] * 10), place.batch)
        keeper_feedback(place, SETTINGS, place.batch, talk=NullReporter())
    shown = batches_shown(place, labels_so_far(place))
    assert [b.candidates for b in shown] == [400, 380]
    assert all(len(b.answered) == 20 for b in shown)


def test_listings_are_looked_up_by_their_ids(place: Workspace) -> None:
    assert listings_called(place, {"l000007", "never met"})["listing_id"].tolist() == ["l000007"]
    assert not len(listings_called(place, set()))


def test_where_nothing_is_left_it_is_said(place: Workspace) -> None:
    answer(place, read_table(place.listings)["listing_id"].tolist())
    with pytest.raises(NotFoundError, match="all 400 listings are answered"):
        candidates(place, SETTINGS, None, labels_so_far(place), [])


def test_pressings_and_offers_of_a_record_are_asked_about_once_and_answered_together(
    tmp_path: Path,
) -> None:
    here = Workspace(tmp_path)
    titles = ["Kiln (LP, Album)", "Kiln (LP, RE, 180g)", "KILN", "Glass", "Other"]
    offers = pd.DataFrame(
        {
            "listing_id": list("abcde"),
            "artist": ["Loft", "Loft (2)", "loft", "Loft", "Loft"],
            "title": titles,
            "price": ["9", "5", "", "4", "3"],
        }
    )
    write_table(offers, tmp_path / "shop.csv")
    scan_listings(here, SETTINGS, tmp_path / "shop.csv", talk=NullReporter())
    batch = select_listings(here, SETTINGS, talk=NullReporter())
    assert {row["listing_id"] for row in batch.rows} == {"b", "d", "e"}
    table = read_table(here.batch, schema=BATCH, problems=[])
    table["keeper"] = [{"b": "1"}.get(name, "") for name in table["listing_id"]]
    write_table(table, here.batch)
    keeper_feedback(here, SETTINGS, here.batch, talk=NullReporter())
    again = select_listings(here, SETTINGS, talk=NullReporter())
    assert {row["listing_id"] for row in again.rows} == {"d", "e"}
