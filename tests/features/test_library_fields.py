"""Folders, further columns and energy as a library writes them."""

import numpy as np
import pandas as pd
import pytest

from djlib.features.library_fields import FurtherColumns, energy_of, folder_names, folders_of
from djlib.features.library_fields import shared_folders as shared


@pytest.mark.parametrize(
    ("path", "folders"),
    [
        ("/Users/dj/Music/Sunset/a.mp3", ("users", "dj", "music", "sunset")),
        (r"D:\\Music\\Sunset\\a.mp3", ("music", "sunset")),
        ("file://localhost/C:/My%20Music/a.mp3", ("my music",)),
        ("Disk/:Music/:Sunset/:a.mp3", ("disk", "music", "sunset")),
        ("./Sunset/a.mp3", ("sunset",)),
        ("a.mp3", ()),
        ("", ()),
    ],
)
def test_folders_of_every_system(path: str, folders: tuple[str, ...]) -> None:
    assert folders_of(path) == folders


def test_a_folder_all_tracks_share_counts_no_more() -> None:
    paths = [f"/Music/{name}/a.mp3" for name in ("House", "Disco")]
    assert folder_names(paths[0], frozenset(shared(paths))).split("\x1f")[0] == "house"


def test_only_columns_that_describe_a_track_are_read() -> None:
    n = 40
    table = pd.DataFrame(
        {
            "danceability": np.linspace(0, 1, n),
            "mood": ["warm", "dark"] * (n // 2),
            "source_id": range(n),
            "confidence": np.linspace(0, 1, n),
            "same": ["x"] * n,
        }
    )
    assert FurtherColumns().fit(table).names == ("danceability", "mood")


def test_missing_and_unreadable_numbers_are_flagged() -> None:
    table = pd.DataFrame({"energy": [*range(20), None]})
    further = FurtherColumns().fit(table)
    ((_, part),) = further.smooth(pd.DataFrame({"energy": [3, None]}))
    assert (part.toarray()[:, -1] > 0).tolist() == [False, True]


def test_a_key_alone_is_no_energy() -> None:
    assert np.isnan(energy_of("8A"))
    assert energy_of("Energy: 10") == 10
