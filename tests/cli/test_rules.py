"""`djlib rules`: a rule for each bucket, or one with the tracks behind it."""

from __future__ import annotations

from pathlib import Path

from tests.cli.running import Row, as_json, done, files, refused, write_rows


def crates() -> Path:
    """A table whose largest buckets follow from the genre, but for two tracks."""
    table: list[Row] = [
        {"track_id": str(n), "artist": f"Artist {n}", "title": "x", "bpm": str(118 + n % 40)}
        | {"genres": ("House", "Techno", "Disco")[n % 3]}
        for n in range(120)
    ]
    for n, row in enumerate(table):
        row["bucket"] = "Warm up" if row["genres"] == "Disco" else f"Other {n // 40}"
    table[2]["bucket"] = "Other 0"
    table[3]["bucket"] = "Warm up"
    table[5]["bucket"] = ""
    return write_rows(Path("crates.csv"), table)


def test_one_rule_is_told_with_what_slips_in_and_what_is_missed(fresh: Path) -> None:
    crates()
    said = done("rules", "warm up", "crates.csv").stdout

    assert "Warm up: 39 of 119 sorted tracks" in said
    assert "  Genre is disco\n     38 of 39 tracks; 1 other would slip in" in said
    assert "Would slip in (1)" in said
    assert "Artist 2" in said
    assert "Missed (1)" in said
    assert "Not sorted yet, and it fits (1)" in said
    assert "on new tracks" in said


def test_every_bucket_gets_its_line(fresh: Path) -> None:
    crates()
    said = done("rules", "crates.csv").stdout

    lines = {line.split("  ")[0]: line for line in said.splitlines()}
    assert "97 %" in lines["Warm up"]
    assert "Genre is disco" in lines["Warm up"]
    assert 'djlib rules "Warm up" crates.csv' in said


def test_a_bucket_without_a_rule_is_told_so(fresh: Path) -> None:
    crates()
    left_out = ("--without", "bpm", "--without", "genres")
    said = done("rules", "Other 1", "crates.csv", *left_out).stdout

    assert "No short rule describes this bucket" in said
    assert "Missed" not in said
    assert "no short rule describes it" in done("rules", "crates.csv", *left_out).stdout


def test_programs_get_the_conditions_and_all_tracks(fresh: Path) -> None:
    crates()
    report = as_json("rules", "Warm up", "crates.csv")
    found = report["rules"][0]

    disco = {"field": "genres", "way": "is", "values": ["disco"]}
    assert found["rule"] == {"text": "Genre is disco", "any_of": [{"all_of": [disco]}]}
    assert found["holds"] is True
    assert found["fit"]["right"] == 38
    assert found["cross_validated"]["n"] == 119
    assert [row["track_id"] for row in report["listed"]["extra"]] == ["2"]
    assert [row["track_id"] for row in report["listed"]["missed"]] == ["3"]


def test_lists_are_as_long_as_asked(fresh: Path) -> None:
    crates()
    write_rows(
        Path("two.csv"),
        [
            {"track_id": str(n), "artist": f"Artist {n}", "genres": "House" if n < 40 else "Dub"}
            | {"bucket": "Deep" if 9 < n < 50 else "Late"}
            for n in range(80)
        ],
    )
    few = done("rules", "Deep", "two.csv", "--list", "2").stdout
    everything = done("rules", "Deep", "two.csv", "--all").stdout
    assert "Would slip in (10)" in few
    assert "and 8 more; --all lists them" in few
    assert "more; --all" not in everything
    assert len(everything.splitlines()) > len(few.splitlines()) + 12


def test_the_scanned_library_is_described_and_nothing_is_written(learned: Path) -> None:
    before = files()
    said = done("rules").stdout

    assert "4 buckets" in said
    assert files() == before


def test_a_bucket_that_is_not_there_is_refused_with_the_nearest(fresh: Path) -> None:
    crates()
    assert "did you mean 'Warm up'" in refused("rules", "Warm upp", "crates.csv")
    assert "no rule speaks of 'mood'" in refused("rules", "--without", "mood", "crates.csv", code=2)
    assert "nothing to learn from" in refused("rules")
