"""The main job on libraries of strangers, read in place: scan, learn, assign, export."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pandas as pd
import pytest

from tests.cli.running import PREDICTIONS, as_json, done, edit, rows

_DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
_LIBRARIES = ["rekordbox_5.4_windows.xml", "rekordbox_5.8_mac.xml", "traktor_v15.nml"]
_LIBRARIES += ["traktor_v19.nml"]
_LEARNERS = {"library_d.csv": "", "rekordbox_5.8_mac.xml": 'engine = "none"\n'}
"""Libraries learned by the model that is there by default, one with sentences as it reads them by
default too; the others by the simple one."""
_CRATES = {"library_a.csv": False, "library_d.csv": True}
"""Tables of crates, and whether tracks sit in several."""
_LOCATION = re.compile(rb'Location="(file://localhost[^"]*)"')

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not _DATA.is_dir(), reason=f"no real data at {_DATA}"),
]


@pytest.fixture(autouse=True)
def _few_trees(fresh: Path, request: pytest.FixtureRequest) -> None:
    parameters = getattr(request.node, "callspec", None)
    name = parameters.params["name"] if parameters else "rekordbox_5.8_mac.xml"
    learner = _LEARNERS.get(name, 'model = "simple_ml"\n')
    (fresh / "djlib.toml").write_text(f"[buckets]\n{learner}trees = 8\nfolds = 2\n")


@pytest.mark.parametrize("name", _LIBRARIES)
def test_a_library_of_dj_software_goes_through_the_whole_loop(name: str) -> None:
    source = _DATA / "dj_software" / name
    content = source.read_bytes()
    scanned = as_json("scan", source)
    trained = as_json("train")
    assigned = as_json("assign-buckets", "--rows", "all")

    assert scanned["tracks"] > 1000
    assert len(scanned["buckets"]) > 5
    assert trained["is_multi"] is (scanned["several"] > 0)
    assert trained["is_multi"] or name != "rekordbox_5.8_mac.xml"
    assert trained["figures"]["artist"]["accuracy"] > 2 / len(trained["buckets"])
    assert assigned["rows"] == scanned["tracks"] == len(rows())
    assert set(assigned["statuses"]) <= {"ok", "unsure", "missing_data", "fits_nowhere"}

    done("export", "--to", "rekordbox", "--include-unsure")
    done("export", "--to", "m3u8", "--include-unsure")
    export = Path("data/export/djlib_rekordbox.xml")
    written = set(_LOCATION.findall(export.read_bytes()))
    n_tracks = sum(1 for _ in ET.parse(export).getroot().iterfind("COLLECTION/TRACK"))
    assert n_tracks > 0.9 * scanned["tracks"]
    if name.startswith("rekordbox"):
        assert written <= set(_LOCATION.findall(content))
        assert len(written) == n_tracks
    assert as_json("scan", export)["buckets"] == {}
    assert source.read_bytes() == content


@pytest.mark.parametrize("name", _CRATES)
def test_a_table_of_crates_is_learned_from(name: str, tmp_path: Path) -> None:
    table = pd.read_csv(_DATA / "crates" / name, dtype="str", keep_default_na=False)
    some = table.iloc[::2]  # sentences of all take twice as long
    some.to_csv(tmp_path / name, index=False)
    report = as_json("train", tmp_path / name)

    assert report["is_multi"] is _CRATES[name]
    for kind in ("stratified", "artist"):
        assert report["figures"][kind]["accuracy"] > 2 / len(report["buckets"])
        assert report["figures"][kind]["calibration_error"] < 0.2
    assert report["kept_aside"] > 0.15 * len(some)


def test_corrections_of_a_real_library_are_learned(tmp_path: Path) -> None:
    table = pd.read_csv(_DATA / "crates" / "library_c.csv", dtype="str", keep_default_na=False)
    truth = dict(zip(table["track_id"], table["bucket"], strict=True))
    hidden = table.index[::7]
    table.loc[hidden, ["bucket", "buckets"]] = ""
    table.to_csv(tmp_path / "library.csv", index=False)
    done("scan", tmp_path / "library.csv")
    done("assign-buckets")
    assert {row["status"] for row in rows()} <= {"ok", "unsure", "missing_data", "fits_nowhere"}

    edit(lambda n, row: row.update(correct_bucket=truth[row["track_id"]]))
    report = as_json("feedback", PREDICTIONS, "--new-bucket")
    assert len(report["taken"]) == len(hidden)
    assert report["refused"] == 0
    assert report["training"]["comparison"]["n"] > 50
    assert as_json("assign-buckets")["rows"] == 0
