"""What kind of file this is, from its name and its first bytes."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from djlib.errors import FormatError, InputError, NotFoundError, UsageError
from djlib.tables.csv.sniffing import existing_file, find_delimiter, open_text, sniff, table_kind

_TEXT = "track_id,artist\n1,Motörhead\n2,“Ø”\n"


def _file(folder: Path, content: bytes, name: str = "tracks.csv") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def _text(path: Path, **given: str) -> str:
    with open_text(path, sniff(path, **given)[0]) as text:
        return text.read()


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.csv", "delimited"),
        ("A.TSV", "delimited"),
        ("a.txt.gz", "delimited"),
        ("a.parquet", "parquet"),
    ],
)
def test_the_suffix_decides_the_kind(name: str, kind: str) -> None:
    assert table_kind(name) == kind


@pytest.mark.parametrize("name", ["a.xlsx", "a", "a.parquet.gz", "csv"])
def test_other_suffixes_are_refused(name: str) -> None:
    with pytest.raises(UsageError, match=r"a table ends in \.csv"):
        table_kind(name)


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]
)
@pytest.mark.parametrize("packed", [False, True])
def test_unicode_is_detected_with_and_without_mark(
    tmp_path: Path, encoding: str, packed: bool
) -> None:
    content = _TEXT.encode(encoding)
    path = _file(tmp_path, gzip.compress(content) if packed else content, "t.csv" + ".gz" * packed)

    assert _text(path).removeprefix("\ufeff") == _TEXT
    assert sniff(path)[1] == []


def test_windows_1252_is_read_with_a_note(tmp_path: Path) -> None:
    path = _file(tmp_path, _TEXT.encode("cp1252"))

    assert _text(path) == _TEXT
    (note,) = sniff(path)[1]
    assert (note.line, note.outcome) == (2, "note")
    assert "Windows-1252" in note.reason


def test_bytes_windows_1252_lacks_are_read_as_latin_1(tmp_path: Path) -> None:
    path = _file(tmp_path, b"track_id\n\xe9\x81\x9d\x80\n")

    assert _text(path) == "track_id\né\x81\x9d€\n"


def test_one_stray_byte_does_not_spoil_the_rest_of_a_utf_8_file(tmp_path: Path) -> None:
    path = _file(tmp_path, _TEXT.encode() + b"3,Beyonc\xe9\n")

    assert _text(path) == _TEXT + "3,Beyoncé\n"
    assert sniff(path)[1][0].line == 4


def test_a_stray_byte_far_into_the_file_is_found(tmp_path: Path) -> None:
    path = _file(tmp_path, b"track_id\n" + b"x" * 3_000_000 + b"\n\xe9\n")

    assert sniff(path)[1][0].line == 3
    assert _text(path).endswith("x\né\n")


def test_letters_across_the_edge_of_a_block_are_no_stray_bytes(tmp_path: Path) -> None:
    path = _file(tmp_path, b"track_id\n" + "é☀".encode() * 600_000)

    assert sniff(path)[1] == []


def test_half_a_utf_16_file_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    path = _file(tmp_path, _TEXT.encode("utf-16")[:-1])

    assert _text(path).startswith(_TEXT[:-1])
    assert "damaged utf-16" in sniff(path)[1][0].reason


def test_an_encoding_that_was_given_is_believed(tmp_path: Path) -> None:
    path = _file(tmp_path, "track_id\nЖ\n".encode("cp1251"))

    assert _text(path, encoding="cp1251") == "track_id\nЖ\n"


def test_an_encoding_that_does_not_fit_or_exist_is_refused(tmp_path: Path) -> None:
    path = _file(tmp_path, b"track_id\n\xe9\n")

    with pytest.raises(FormatError, match="is not utf-8: line 2"):
        sniff(path, encoding="utf-8")
    with pytest.raises(UsageError, match="unknown encoding 'utf-9'"):
        sniff(path, encoding="utf-9")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_the_one_that_makes_known_columns(delimiter: str) -> None:
    header = delimiter.join(["track_id", "artist", '"a,b;c|d\te;;;;,,,,"'])

    assert find_delimiter(header + "\n1,2;3|4\t5\n") == delimiter


@pytest.mark.parametrize(
    ("text", "preferred", "delimiter"),
    [
        ("track_id\n1;2\n", ",", ","),
        ("track_id\n", "\t", "\t"),
        ("\n\n  \na;b;c\n", ",", ";"),
        ("sep=|\ntrack_id;artist\n", ",", "|"),
        ("", ",", ","),
    ],
)
def test_where_columns_do_not_tell_the_count_the_hint_or_the_suffix_does(
    text: str, preferred: str, delimiter: str
) -> None:
    assert find_delimiter(text, preferred) == delimiter


@pytest.mark.parametrize("delimiter", ["", ";;", '"', "\n"])
def test_a_delimiter_is_one_sign(tmp_path: Path, delimiter: str) -> None:
    with pytest.raises(UsageError, match="a delimiter is one sign"):
        sniff(_file(tmp_path, b"track_id\n1\n"), delimiter=delimiter)


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", b" \r\n\n", b"\0\0\0\0"])
@pytest.mark.parametrize("packed", [False, True])
def test_an_empty_file_is_called_empty(tmp_path: Path, content: bytes, packed: bool) -> None:
    path = _file(tmp_path, gzip.compress(content) if packed else content, "t.csv" + ".gz" * packed)

    with pytest.raises(InputError, match="is empty"):
        sniff(path)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"PK\x03\x04..", "Excel file"),
        (b"PAR1....", "Parquet"),
        (gzip.compress(b"track_id", mtime=0), "packed by gzip"),
        (b"SQLite format 3\0", "SQLite"),
    ],
)
def test_other_files_with_the_name_of_a_table_are_named(
    tmp_path: Path, content: bytes, what: str
) -> None:
    with pytest.raises(FormatError, match=what):
        sniff(_file(tmp_path, content))


@pytest.mark.parametrize("keep", [5, 30, -4])
def test_a_cut_gzip_is_an_error(tmp_path: Path, keep: int) -> None:
    packed = gzip.compress(b"".join(b"%d,%d\n" % (i, i * i) for i in range(1000)))

    with pytest.raises(FormatError, match="cut off or damaged gzip"):
        sniff(_file(tmp_path, packed[:keep], "tracks.csv.gz"))


def test_what_only_claims_to_be_gzip_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="cut off or damaged gzip"):
        sniff(_file(tmp_path, _TEXT.encode(), "tracks.csv.gz"))


def test_a_missing_file_names_those_called_alike(tmp_path: Path) -> None:
    _file(tmp_path, b"", "training.csv")

    with pytest.raises(NotFoundError, match=r"trainig.csv does not exist; did you mean training"):
        existing_file(tmp_path / "trainig.csv")
    with pytest.raises(NotFoundError, match="check the name"):
        existing_file(tmp_path / "no" / "zzz.csv")


def test_a_folder_is_no_table(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is a folder; name a file"):
        existing_file(tmp_path)
