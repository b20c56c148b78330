"""Calls out of feeds, JSON and tables, whole and broken."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest

from djlib.errors import FormatError, InputError, NotFoundError
from djlib.formats.calls.feeds import (
    holds_opportunities,
    plain_text,
    read_content,
    read_opportunities,
)

RSS = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0"><channel><title>Grün Calls</title><link>https://example.org/</link>
<item><title>Open call: &lt;b&gt;Klang&lt;/b&gt; &amp; Licht</title><link>/calls/1</link>
<category>residency</category><category>sound art</category>
<description><![CDATA[<p>Apply by <b>5 May 2026</b>.</p><script>x()</script>]]></description></item>
<item><title>Second</title><link>https://example.org/2</link></item>
</channel></rss>"""

ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><title>Atoms</title>
<entry><title>Grant</title><link href="https://example.org/g"/><category term="money"/>
<summary>short</summary>
<content type="html">&lt;p&gt;Deadline: 1 June 2026&lt;/p&gt;</content></entry>
</feed>"""

BOMB = """<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a "aaaaaaaaaa">
<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">
<!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;"><!ENTITY e "&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;">]>
<rss version="2.0"><channel><title>x</title><item><title>&e;</title>
<link>https://e.org</link></item></channel></rss>"""

STEALING = """<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/hostname">]>
<rss version="2.0"><channel><title>x</title><item><title>A &x; call</title>
<link>https://e.org</link></item></channel></rss>"""


def test_rss_gives_calls_as_plain_text() -> None:
    calls, problems = read_content(RSS.encode(), "calls.xml")
    first = calls.iloc[0]
    assert (first["title"], first["source"]) == ("Open call: Klang & Licht", "Grün Calls")
    assert first["url"] == "https://example.org/calls/1"
    assert first["tags"] == "residency; sound art"
    assert first["description"] == "Apply by 5 May 2026."
    assert len(calls) == 2
    assert not problems


def test_atom_gives_the_longer_of_its_texts() -> None:
    calls, _ = read_content(ATOM.encode(), "calls.atom")
    assert calls["description"].tolist() == ["Deadline: 1 June 2026"]
    assert calls["tags"].tolist() == ["money"]


@pytest.mark.parametrize(
    "written",
    [
        [{"name": "Grant", "link": "https://e.org/g", "closing_date": "2026-05-01", "x": {"y": 1}}],
        {"opportunities": [{"Title": "Grant", "URL": "https://e.org/g", "Deadline": "2026-05-01"}]},
        {
            "title": "e.org",
            "items": [{"title": "Grant", "url": "https://e.org/g", "closes": "2026-05-01"}],
        },
    ],
)
def test_json_is_read_under_any_of_its_usual_names(written: object, tmp_path: Path) -> None:
    file = tmp_path / "calls.json"
    file.write_text(json.dumps(written))
    assert holds_opportunities(file)
    calls, _ = read_opportunities(file)
    assert calls[["title", "url", "deadline", "source"]].to_numpy().tolist() == [
        ["Grant", "https://e.org/g", "2026-05-01", "e.org"]
    ]


def test_json_lines_are_read_and_lists_joined(tmp_path: Path) -> None:
    file = tmp_path / "calls.jsonl"
    rows = [
        {"title": "A", "url": "https://e.org/1", "tags": ["x", {"name": "y"}, None]},
        {"title": "B"},
    ]
    file.write_text("\n".join(map(json.dumps, rows)))
    calls, _ = read_opportunities(file)
    assert calls["tags"].tolist() == ["x; y", ""]


def test_a_table_is_read_by_its_headings(tmp_path: Path) -> None:
    file = tmp_path / "calls.csv"
    file.write_text(
        "Name;Link;cfpEndDate;tags;city;country\nConf;https://e.org;2026-03-01;a,b;Riga;Latvia\n"
    )
    assert holds_opportunities(file)
    calls, _ = read_opportunities(file)
    row = calls.iloc[0]
    assert (row["title"], row["deadline"], row["tags"]) == ("Conf", "2026-03-01", "a; b")
    assert (row["location"], row["source"]) == ("Riga, Latvia", "e.org")


@pytest.mark.parametrize(
    "headings",
    ["track_id,artist,title,genres", "listing_id,artist,title,url", "artist,title,url,tags",
     "title,bpm,url,description", "track_id,correct_bucket", "title,description"],
)  # fmt: skip
def test_tables_of_music_hold_no_calls(headings: str, tmp_path: Path) -> None:
    file = tmp_path / "table.csv"
    file.write_text(f"{headings}\n" + ",".join("1" * len(headings.split(","))) + "\n")
    assert not holds_opportunities(file)


def test_other_files_hold_no_calls(tmp_path: Path) -> None:
    (tmp_path / "rekordbox.xml").write_text("<?xml version='1.0'?><DJ_PLAYLISTS Version='1.0.0'/>")
    (tmp_path / "release.json").write_text(json.dumps({"id": 1, "title": "x", "artists": []}))
    (tmp_path / "broken.json").write_text("{")
    (tmp_path / "empty.csv").write_text("")
    for path in [*tmp_path.iterdir(), tmp_path, tmp_path / "missing.xml"]:
        assert not holds_opportunities(path), path


def test_a_web_page_is_refused_with_what_to_do() -> None:
    page = b"\xef\xbb\xbf <!DOCTYPE html><html><head><title>Just a moment...</title></head></html>"
    with pytest.raises(FormatError, match="a web page, no feed; look in it for the address"):
        read_content(page, "https://e.org/feed")


@pytest.mark.parametrize("content", [b"", b"\x00\x01\x02", b"hello", b"<note/>", b"\x89PNG\r\n"])
def test_what_is_no_feed_is_refused(content: bytes) -> None:
    with pytest.raises(FormatError, match="neither RSS, Atom nor JSON"):
        read_content(content, "x")


def test_damaged_json_is_refused() -> None:
    with pytest.raises(FormatError, match="not valid JSON"):
        read_content(b'[{"title": "a"', "x.json")
    with pytest.raises(FormatError, match="not valid JSON"):
        read_content(b"[" * 100_000, "x.json")


def test_a_cut_off_feed_gives_what_is_whole() -> None:
    calls, _ = read_content(RSS.encode()[: RSS.index("</item>") + 10], "calls.xml")
    assert calls["title"].iloc[0] == "Open call: Klang & Licht"


def test_an_empty_feed_is_no_error() -> None:
    calls, problems = read_content(
        b'<rss version="2.0"><channel><title>x</title></channel></rss>', "x"
    )
    assert len(calls) == 0
    assert "no call in it" in str(problems[0])


def test_entities_neither_explode_nor_read_files() -> None:
    for bad in (BOMB, STEALING):
        try:
            calls, _ = read_content(bad.encode(), "x.xml")
        except FormatError:
            continue
        assert calls["title"].str.len().le(300).all()
        assert not calls["title"].str.contains(Path("/etc/hostname").read_text().strip()).any()


def test_missing_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"none\.xml is not there"):
        read_opportunities(tmp_path / "none.xml")
    (tmp_path / "a.csv").write_text("a,b\n1,2\n")
    with pytest.raises(InputError, match="needed are title and url"):
        read_opportunities(tmp_path / "a.csv")


def test_a_name_that_is_an_address_is_never_fetched() -> None:
    with pytest.raises(FormatError):
        read_content(b"https://example.org/feed.xml", "x")


def test_markup_becomes_what_a_person_reads() -> None:
    assert plain_text("a<br>b<style>p{}</style>c", keep_lines=True) == "a\nbc"
    assert plain_text("1 < 2 & 3 &gt; 2") == "1 < 2 & 3 > 2"
    assert plain_text("<script>" * 1000 + "x") == ""
    assert plain_text("a\x00b\u200bc") == "a b c"


def test_forty_comments_before_a_feed_take_no_time() -> None:
    feed = b"<!-- -->" * 400 + RSS.encode().partition(b"?>")[2]
    started = time.monotonic()
    calls, _ = read_content(feed, "calls.xml")
    assert time.monotonic() - started < 2
    assert len(calls)


def test_a_web_page_behind_comments_is_still_one() -> None:
    with pytest.raises(FormatError, match="a web page"):
        read_content(b"<!-- a --> <!-- b -->\n<html><body/></html>", "x")
    with pytest.raises(FormatError, match="neither RSS"):
        read_content(b"<!-- never closed <html>", "x")


def test_a_feed_that_takes_for_ever_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    def parse(*_: object, **__: object) -> object:
        re.match(r"(a+)+$", "a" * 60 + "b")  # years
        return None

    monkeypatch.setattr("feedparser.parse", parse)
    monkeypatch.setattr("djlib.formats.calls.feeds._SECONDS", 0.2)
    with pytest.raises(FormatError, match=r"not read after 0\.2 seconds"):
        read_content(RSS.encode(), "calls.xml")


def test_a_json_feed_names_its_pages_in_three_ways() -> None:
    items = [
        {"id": "1", "external_url": "https://e.org/1", "title": "A", "content_text": "x"},
        {"id": "https://e.org/2", "title": "B", "content_text": "x"},
        {"id": "3", "url": "https://e.org/3", "external_url": "https://f.org", "title": "C"},
    ]
    calls, _ = read_content(json.dumps({"title": "Board", "items": items}).encode(), "feed.json")
    assert calls["url"].tolist() == ["https://e.org/1", "https://e.org/2", "https://e.org/3"]


def test_a_broken_line_of_json_lines_costs_that_line(tmp_path: Path) -> None:
    file = tmp_path / "calls.jsonl"
    good = [json.dumps({"title": f"T{n}", "url": f"https://e.org/{n}"}) for n in range(3)]
    file.write_text("\n".join([good[0], good[1][:20], good[1], "[]", good[2], ""]))
    assert holds_opportunities(file) is False  # a title and an address alone are no call
    calls, problems = read_opportunities(file)
    assert calls["title"].tolist() == ["T0", "T1", "T2"]
    assert [problem.line for problem in problems] == [2, 4]
