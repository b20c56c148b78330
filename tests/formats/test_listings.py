"""Listings out of Discogs exports, API objects and tables; several files as one."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from djlib.errors import FormatError, InputError
from djlib.formats.records.discogs import iso_date, row_of
from djlib.formats.records.listings import holds_listings, joined, merged, read_listings

COLLECTION = (
    "Catalog#,Artist,Title,Label,Format,Rating,Released,release_id,CollectionFolder,Date Added"
    ", Min \n"
    'AX 1,Nadir (3),Blue Line,Axis,"LP, Album",4,0,501.0,Techno,7/21/19 20:21,2.25\n'
    "AX 2,Vela*,Long Way,Axis,12\",,1994,502,Techno,2014-12-05 20:23:02,\n"
)  # fmt: skip
WANTS = (
    "Catalog#,Artist,Title,Label,Format,Rating,Released,release_id,Notes\n"
    'C1,Orre,Far Out,Lumen,"LP, Album",,1975,601,,2014-12-06 21:34:01\n'
    "C2,Nadir (3),Blue Line,Axis,LP,,1991,501,,2014-12-20 13:09:10\n"
)
SEARCH = (
    "country,year,format,label,genre,style,id,title,resource_url,uri,community\n"
    'UK,2003,"[""Vinyl"", ""12\\"""", ""45 RPM""]","[""Lumen""]","[""Electronic""]",'
    '"[""Dub"", ""House""]",701,Orre - Far - Out,https://example.org/701,/release/701,'
    '"{""want"": 102, ""have"": 164}"\n'
)
MARKET = (
    "artist,title,label,release_format,release_date,price,have,want,media_condition,release_page\n"
    "Orre,Far Out,Lumen \u200e– LU 1,EP,16 Apr 2013,13.54,18,19,Very Good (VG),"
    "https://example.org/Orre/release/801?ev=x\n"
)


def write(folder: Path, name: str, text: str) -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def test_a_collection_is_owned_and_dirty_cells_are_mended(tmp_path: Path) -> None:
    table, problems = read_listings(write(tmp_path, "c.csv", COLLECTION))
    assert table["listing_id"].tolist() == ["r501", "r502"]
    assert table["artist"].tolist() == ["Nadir", "Vela"]
    assert table["owned"].tolist() == ["1", "1"]
    assert pd.isna(table["year"][0])
    assert table["date_added"].tolist() == ["2019-07-21T20:21:00", "2014-12-05T20:23:02"]
    assert table["rating"][0] == 4
    assert table["price_min"][0] == 2.25
    assert problems == []


def test_a_wantlist_with_a_nameless_last_column_is_read(tmp_path: Path) -> None:
    table, _ = read_listings(write(tmp_path, "w.csv", WANTS))
    assert table["listing_id"].tolist() == ["r601", "r501"]
    assert table["wanted"].tolist() == ["1", "1"]
    assert table["date_added"][0] == "2014-12-06T21:34:01"


def test_search_results_hold_lists_and_artist_in_the_title(tmp_path: Path) -> None:
    table, _ = read_listings(write(tmp_path, "s.csv", SEARCH))
    row = table.iloc[0]
    assert (row["artist"], row["title"], row["label"]) == ("Orre", "Far - Out", "Lumen")
    assert (row["styles"], row["have"], row["want"]) == ("Dub; House", 164, 102)
    assert row["format"] == 'Vinyl; 12"; 45 RPM'
    assert row["url"] == "https://www.discogs.com/release/701"


def test_marketplace_listings_have_price_and_condition(tmp_path: Path) -> None:
    table, _ = read_listings(write(tmp_path, "m.csv", MARKET))
    row = table.iloc[0]
    assert (row["listing_id"], row["label"], row["price"]) == ("r801", "Lumen", 13.54)
    assert (row["year"], row["condition"], row["kind"]) == (2013, "Very Good (VG)", "fixed")


def test_objects_of_the_api_are_read_alone_in_lists_and_in_folders(tmp_path: Path) -> None:
    basic = {
        "id": 9, "title": "Far Out", "year": 0, "artists": [{"name": "Orre (2)"}],
        "labels": [{"name": "Lumen"}], "genres": ["Rock"], "styles": [], "formats": [],
    }  # fmt: skip
    want = {"id": 9, "date_added": "2026-05-25T03:40:59-07:00", "basic_information": basic}
    release = {**basic, "id": 10, "lowest_price": 15.99, "community": {"have": 5, "want": 7}}
    write(tmp_path, "wants.json", json.dumps({"wants": [want]}))
    write(tmp_path, "release.json", json.dumps(release))
    wanted, _ = read_listings(tmp_path / "wants.json")
    assert wanted.iloc[0][["listing_id", "artist", "wanted"]].tolist() == ["r9", "Orre", "1"]
    assert holds_listings(tmp_path)
    both, _ = read_listings(tmp_path)
    assert sorted(both["listing_id"]) == ["r10", "r9"]
    assert both.set_index("listing_id").loc["r10", "price"] == 15.99


def test_a_folder_of_exports_is_read_and_one_broken_file_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    write(tmp_path, "collection.csv", COLLECTION)
    write(tmp_path / "more", "wants.csv", WANTS)
    write(tmp_path, ".hidden", "x")
    assert holds_listings(tmp_path)
    table, problems = read_listings(tmp_path)
    assert {"owned", "wanted"} <= set(table)
    assert not [p for p in problems if p.column == "source"]
    write(tmp_path, "broken.json", "{")
    again, problems = read_listings(tmp_path)
    assert len(again) == len(table)
    assert [p.value for p in problems if p.column == "source"] == [str(tmp_path / "broken.json")]
    write(tmp_path, "tracks.csv", "track_id,title\n1,A\n")
    assert not holds_listings(tmp_path)


@pytest.mark.parametrize("data", [b"\x00\xff\x00", b"", b"\x89PNG"])
def test_a_table_that_cannot_be_read_holds_no_listings(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "x.csv").write_bytes(data)
    assert not holds_listings(tmp_path / "x.csv")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"a": 1}', "[1, 2]", "null", '"x"'])
def test_json_without_releases_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(FormatError):
        read_listings(write(tmp_path, "x.json", text))


def test_what_holds_listings_is_told_by_its_headings(tmp_path: Path) -> None:
    tables = {
        "c": COLLECTION,
        "w": WANTS,
        "s": SEARCH,
        "m": MARKET,
        "own": "listing_id,title\n1,A\n",
    }
    for name, text in tables.items():
        assert holds_listings(write(tmp_path, f"{name}.csv", text)), name
    for text in ("track_id,title\n1,A\n", "id,artist,title\n1,B,A\n"):
        assert not holds_listings(write(tmp_path, "t.csv", text))
    assert not holds_listings(tmp_path / "nowhere.csv")


def test_one_release_in_two_files_is_one_listing_owned_and_wanted(tmp_path: Path) -> None:
    owned, _ = read_listings(write(tmp_path, "c.csv", COLLECTION))
    wanted, _ = read_listings(write(tmp_path, "w.csv", WANTS))
    both = joined(owned, wanted).set_index("listing_id")
    assert len(both) == 3
    assert both.loc["r501", ["owned", "wanted", "year"]].tolist() == ["1", "1", 1991]


@st.composite
def _tables(draw: st.DrawFn) -> pd.DataFrame:
    """A table of listings with ids of their own, and some of the columns one may have."""
    ids = draw(st.lists(st.sampled_from("abcdefgh"), min_size=1, unique=True))
    text, numbers = st.sampled_from(["", "x", "y"]), st.sampled_from([float("nan"), 1.0, 2.0])
    columns: dict[str, pd.Series] = {"listing_id": pd.Series(ids, dtype="str")}
    for name, kind, cell in (("label", "str", text), ("mood", "str", text),
                             ("price", "float64", numbers)):  # fmt: skip
        if draw(st.booleans()):
            cells = draw(st.lists(cell, min_size=len(ids), max_size=len(ids)))
            columns[name] = pd.Series(cells, dtype=kind)
    return pd.DataFrame(columns)


@given(_tables(), _tables())
def test_tables_told_apart_by_their_ids_are_joined_as_any_others(
    old: pd.DataFrame, new: pd.DataFrame
) -> None:
    both = pd.concat([new, old], ignore_index=True)
    text = [c for c in both if both[c].dtype != "float64"]
    both[text] = both[text].fillna("").astype("str")
    pd.testing.assert_frame_equal(joined(old, new), merged(both))


def test_a_record_without_a_number_joins_the_same_record_with_one() -> None:
    named = {"artist": "Orre", "title": "Far Out", "label": "Lumen", "year": 1975.0}
    table = pd.DataFrame(
        [
            {"listing_id": "h0123456789ab", **named},
            {"listing_id": "r601", **named, "title": "FAR OUT"},
        ]
    )
    assert merged(table)["listing_id"].tolist() == ["r601"]


def test_ids_of_a_table_of_ones_own_stay(tmp_path: Path) -> None:
    text = "listing_id,artist,title,keeper,mood\nhouse1,A,B,1,up\nhouse2,A,B,0,down\n"
    table, _ = read_listings(write(tmp_path, "own.csv", text))
    assert table["listing_id"].tolist() == ["house1", "house2"]
    assert joined(table, table)["mood"].tolist() == ["up", "down"]


def test_rows_with_neither_artist_nor_title_are_reported(tmp_path: Path) -> None:
    table, problems = read_listings(write(tmp_path, "c.csv", COLLECTION + ",,,,,,,9,,,\n"))
    assert len(table) == 2
    assert problems[0].line == 4


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        read_listings(write(tmp_path, "e.csv", ""))


@given(st.dictionaries(st.sampled_from(["Artist", "Title", "Label", "Released", "release_id"]),
                       st.text(max_size=20)))  # fmt: skip
def test_any_cells_make_a_row(record: dict[str, str]) -> None:
    row = row_of(record, "owned")
    assert row["owned"] == "1"
    assert all(isinstance(value, str) for value in row.values())


@given(st.text(max_size=30))
def test_any_text_is_a_date_or_stays_itself(text: str) -> None:
    assert iso_date(iso_date(text)) == iso_date(text)


@pytest.mark.parametrize("text", [COLLECTION, WANTS, SEARCH, MARKET])
def test_an_export_of_which_only_the_headings_are_left_has_no_rows(
    tmp_path: Path, text: str
) -> None:
    table, problems = read_listings(write(tmp_path, "x.csv", text.splitlines()[0] + "\n"))
    assert len(table) == 0
    assert problems == []
