"""`djlib synth`: invented tables, the same ones for the same seed."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from tests.cli.running import done, files, refused, rows


@pytest.mark.parametrize("table", ["tracks", "listings", "opportunities"])
def test_the_same_seed_gives_the_same_file(fresh: Path, table: str) -> None:
    for name, seed in (("one.csv", "4"), ("two.csv", "4"), ("three.csv", "5")):
        done("synth", table, "--rows", "50", "--seed", seed, "--output", name)

    assert Path("one.csv").read_bytes() == Path("two.csv").read_bytes()
    assert Path("one.csv").read_bytes() != Path("three.csv").read_bytes()
    assert len(rows(Path("one.csv"))) == 50


def test_a_share_of_tracks_is_left_unsorted(fresh: Path) -> None:
    said = done("synth", "tracks", "-n", "200", "--labelled", "0.5", "-o", "half.parquet").stdout

    sorted_share = (pd.read_parquet("half.parquet")["bucket"] != "").mean()
    assert 0.4 < sorted_share < 0.6
    assert said == "Written: half.parquet (200 rows)\n"


def test_an_existing_file_is_replaced_only_where_it_is_asked_for(fresh: Path) -> None:
    Path("mine.csv").write_text("mine")
    before = files()

    assert "mine.csv exists" in refused("synth", "tracks", "-o", "mine.csv", code=2)
    assert files() == before
    done("synth", "tracks", "-n", "5", "-o", "mine.csv", "--force")
    assert len(rows(Path("mine.csv"))) == 5


@pytest.mark.parametrize(
    "wrong",
    [("--rows", "0"), ("--buckets", "1"), ("--labelled", "1.5"), ("--output", "mine.doc")],
)
def test_numbers_and_names_that_mean_nothing_are_wrong_usage(
    fresh: Path, wrong: tuple[str, str]
) -> None:
    options = dict([("--output", "new.csv"), wrong])
    flat = [word for pair in options.items() for word in pair]

    assert refused("synth", "tracks", *flat, code=2)
    assert not Path("new.csv").exists()
