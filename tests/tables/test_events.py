"""Event logs: what was written is read, whatever cut a write short."""

from __future__ import annotations

import logging
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from djlib.errors import InputError
from djlib.tables.events import append_events, read_events

_AT = "2024-05-01T12:00:00Z"
_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
_finite = _values.filter(lambda value: "inf" not in repr(value))
_records = st.dictionaries(st.text(), _finite, max_size=4).map(lambda r: {**r, "at": _AT})


def _events(*ids: int) -> list[dict[str, Any]]:
    return [{"at": _AT, "id": i} for i in ids]


@settings(deadline=None, max_examples=40)
@given(batches=st.lists(st.lists(_records, max_size=3), max_size=4))
def test_replaying_the_log_gives_every_record_in_order(batches: list[list[dict[str, Any]]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        for batch in batches:
            append_events(Path(name), "keeps", batch)

        assert read_events(Path(name), "keeps") == [r for batch in batches for r in batch]


@settings(deadline=None, max_examples=60)
@given(cut=st.integers(min_value=0), garbage=st.sampled_from([b"", b"\0\0\0\0", b"\xc3"]))
def test_a_cut_write_costs_only_what_was_not_whole(cut: int, garbage: bytes) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        append_events(folder, "keeps", [{"id": i, "title": "Früh"} for i in range(3)])
        file = folder / "keeps.jsonl"
        whole = file.read_bytes()
        cut %= len(whole)
        is_within_a_line = cut and whole[cut - 1 : cut] != b"\n"
        file.write_bytes(whole[:cut] + (garbage if is_within_a_line else b""))

        before = [event["id"] for event in read_events(folder, "keeps")]
        append_events(folder, "keeps", [{"id": 3}])
        append_events(folder, "keeps", [{"id": 4}])

        assert before == [0, 1, 2][: len(before)]
        assert len(before) >= whole[:cut].count(b"\n")
        assert [event["id"] for event in read_events(folder, "keeps")] == [*before, 3, 4]


@pytest.mark.parametrize("damage", [bytes(400), b"\0", b"\xff\xfe", b"gone"])
def test_a_log_that_was_written_over_is_refused_and_never_empty(
    tmp_path: Path, damage: bytes
) -> None:
    append_events(tmp_path, "keeps", _events(3))
    file = tmp_path / "keeps.jsonl"
    for content in (damage, file.read_bytes() + damage, damage + b"\n" + file.read_bytes()):
        file.write_bytes(content)
        with pytest.raises(InputError, match=r"keeps\.jsonl: line \d is damaged"):
            read_events(tmp_path, "keeps")
        append_events(tmp_path, "keeps", _events(1))  # what comes later mends nothing
        with pytest.raises(InputError, match="is damaged"):
            read_events(tmp_path, "keeps")


def test_a_cut_last_line_is_warned_of(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    append_events(tmp_path, "keeps", _events(1))
    with (tmp_path / "keeps.jsonl").open("a") as file:
        file.write('{"id": 2, "ti')

    with caplog.at_level(logging.WARNING):
        assert read_events(tmp_path, "keeps") == _events(1)

    assert "line 2 was cut off" in caplog.text


def test_a_cut_line_is_warned_of_no_more_once_the_log_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "keeps.jsonl").write_text('{"id": 2, "ti')
    append_events(tmp_path, "keeps", _events(3))

    with caplog.at_level(logging.DEBUG):
        assert read_events(tmp_path, "keeps") == _events(3)

    assert caplog.text == ""


@pytest.mark.parametrize("damage", [b"{", b"\0\0", b"[1]", b"\xff"])
def test_a_damaged_line_in_the_middle_is_an_error_that_names_it(
    tmp_path: Path, damage: bytes
) -> None:
    append_events(tmp_path, "keeps", _events(1, 2, 3))
    lines = (tmp_path / "keeps.jsonl").read_bytes().split(b"\n")
    lines[1] = damage
    (tmp_path / "keeps.jsonl").write_bytes(b"\n".join(lines))

    with pytest.raises(InputError, match=r"keeps.jsonl: line 2 is damaged"):
        read_events(tmp_path, "keeps")


def test_each_event_says_when_unless_it_already_did(tmp_path: Path) -> None:
    append_events(tmp_path, "keeps", [{"id": 1}, {"id": 2, "at": _AT}])

    first, second = read_events(tmp_path, "keeps")

    age = datetime.now(UTC) - datetime.fromisoformat(first["at"])
    assert 0 <= age.total_seconds() < 60
    assert second["at"] == _AT


def test_the_log_is_text_people_can_read(tmp_path: Path) -> None:
    append_events(tmp_path, "keeps", [{"at": _AT, "title": "Früh\nspät"}])

    assert (tmp_path / "keeps.jsonl").read_text("utf-8") == (
        '{"at": "2024-05-01T12:00:00Z", "title": "Früh\\nspät"}\n'
    )


def test_no_log_and_nothing_to_add_are_no_error(tmp_path: Path) -> None:
    append_events(tmp_path / "new", "keeps", [])

    assert read_events(tmp_path / "new", "keeps") == []
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("kind", ["../keeps", "Keeps", "", "a b"])
def test_a_kind_is_a_plain_word(tmp_path: Path, kind: str) -> None:
    with pytest.raises(ValueError, match="one lower-case word"):
        read_events(tmp_path, kind)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no disk that is full")
def test_a_full_disk_is_named(tmp_path: Path) -> None:
    (tmp_path / "runs.jsonl").symlink_to("/dev/full")

    with pytest.raises(OSError, match="No space left on device") as raised:
        append_events(tmp_path, "runs", _events(1))

    assert raised.value.filename == str(tmp_path / "runs.jsonl")


def test_records_of_several_processes_are_all_kept(tmp_path: Path) -> None:
    writer = (
        "import sys; from pathlib import Path; from djlib.tables.events import append_events\n"
        "for i in range(50): append_events(Path(sys.argv[1]), 'keeps', [{'id': i}] * 2)"
    )
    command = [sys.executable, "-c", writer, str(tmp_path)]
    for process in [subprocess.Popen(command) for _ in range(2)]:
        assert process.wait() == 0

    ids = [event["id"] for event in read_events(tmp_path, "keeps")]
    assert sorted(ids) == sorted([*range(50)] * 4)
