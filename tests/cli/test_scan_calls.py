"""`djlib scan` of open calls, the whole command: any kind of file, servers that misbehave."""

from __future__ import annotations

import errno
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

import djlib.workflows.opportunities.scan as scanning
from tests.cli.running import as_json, djlib, done, files, refused
from tests.formats.feed_server import feed_server
from tests.processes import ended, start_djlib
from tests.workflows.feeds import broken, feed, sound

CALL = {
    "title": "Residency in Riga",
    "url": "https://example.org/riga",
    "description": "Two months by the sea. Deadline: 2 May 2031",
    "tags": "sound; residency",
    "source": "Baltic Calls",
}
RSS = f"""<rss version="2.0"><channel><title>{CALL["source"]}</title><item>
<title>{CALL["title"]}</title><link>{CALL["url"]}</link><category>sound</category>
<category>residency</category><description>{CALL["description"]}</description></item>
</channel></rss>"""
ATOM = f"""<feed xmlns="http://www.w3.org/2005/Atom"><title>{CALL["source"]}</title><entry>
<title>{CALL["title"]}</title><link href="{CALL["url"]}"/><category term="sound"/>
<category term="residency"/><summary>{CALL["description"]}</summary></entry></feed>"""
CSV = "title,url,description,tags,source\n" + ",".join(f'"{value}"' for value in CALL.values())
WRITTEN = {
    "calls.json": json.dumps([CALL]),
    "calls.jsonl": json.dumps(CALL) + "\n",
    "feed.json": json.dumps({"title": CALL["source"], "items": [{**CALL, "source": None}]}),
    "calls.csv": CSV,
    "calls.tsv": CSV.replace('","', '"\t"').replace("title,url,description,tags,source",
                                                    "title\turl\tdescription\ttags\tsource"),
    "calls.xml": RSS,
    "calls.rss": RSS,
    "calls.atom": ATOM,
}  # fmt: skip


def scanned() -> pd.DataFrame:
    return pd.read_parquet("data/opportunities.parquet")


def test_a_folder_stands_for_its_files_where_all_hold_calls(fresh: Path) -> None:
    Path("scraped/deep").mkdir(parents=True)
    Path("scraped/one.json").write_text(json.dumps([CALL]))
    Path("scraped/deep/two.csv").write_text(CSV.replace("riga", "oslo").replace("Riga", "Oslo"))
    Path("scraped/notes.md").write_text("no call")
    report = as_json("scan", "scraped")
    assert sorted(report["sources"]) == ["scraped/deep/two.csv", "scraped/one.json"]
    assert sorted(scanned()["title"]) == ["Residency in Oslo", "Residency in Riga"]

    Path("scraped/tracks.csv").write_text("track_id,artist,title\n1,Ana,One\n")
    assert "name tables one by one" in refused("scan", "scraped")


@pytest.fixture
def server(fresh: Path) -> Iterator[str]:
    """A server that misbehaves on request, allowed by the settings."""
    with feed_server() as address:
        with (fresh / "djlib.toml").open("a") as file:
            file.write("[opportunities]\nallow_local = true\ntimeout_s = 1\nmost_megabytes = 1\n")
        yield address


@pytest.mark.parametrize("name", WRITTEN)
def test_every_kind_of_file_gives_the_same_call(fresh: Path, name: str) -> None:
    Path(name).write_text(WRITTEN[name])
    report = as_json("scan", name)
    assert (report["read"], report["new"], report["found_in_text"]) == (1, 1, 1)
    row = scanned().iloc[0]
    assert {column: row[column] for column in CALL} == CALL
    assert (row["deadline"], row["deadline_said"]) == ("2031-05-02", "2 May 2031")
    assert row["first_seen"] == row["scraped_at"] != ""


def test_the_same_call_in_every_kind_of_file_is_one(fresh: Path) -> None:
    for name, text in WRITTEN.items():
        Path(name).write_text(text)
    report = as_json("scan", *WRITTEN)
    assert (report["read"], report["new"], report["doubles"]) == (len(WRITTEN), 1, len(WRITTEN) - 1)


def test_a_scan_again_changes_nothing_but_when_it_was_seen(fresh: Path) -> None:
    feed(fresh / "calls.json", sound(1).assign(scraped_at="2026-04-01T03:00:00Z"))
    done("scan", "calls.json")
    first = scanned()
    report = as_json("scan", "calls.json")
    assert (report["new"], report["known"], report["moved"]) == (0, len(first), 0)
    assert scanned().equals(first)
    feed(fresh / "calls.json", sound(1).assign(scraped_at="2026-04-09 03:00"))
    done("scan", "calls.json")
    assert scanned().drop(columns="scraped_at").equals(first.drop(columns="scraped_at"))
    assert set(scanned()["scraped_at"]) == {"2026-04-09T03:00:00Z"}


def test_servers_that_misbehave_are_lines_and_the_rest_is_read(server: str) -> None:
    bad = {
        "page": "a web page, no feed",
        "hang": "not done after 1 seconds",
        "drip": "not done after 1 seconds",
        "loop": "redirected more than 5 times",
        "bomb": "unpacks to more than 1,000,000 bytes",
        "large": "larger than 1,000,000 bytes",
        "half": "ended before it was whole",
        "damaged": "ended before it was whole",
        "to-file": "redirected to what is no web address",
        "to-half-an-address": "redirected to what is no web address",
        "to-a-blank": "redirected to what is no web address",
        "to-another-way": "redirected to what is no web address",
        "to-a-password": "redirected to an address with a password",
        "busy": "answered 429 Slow [31mdown[0m; it asks to wait 120 seconds",
        "reset": "could not be fetched: Connection reset by peer",
        "down": "answered 503",
        "none": "answered 404",
    }
    feeds = [f"{server}/{name}" for name in (*bad, "feed")]
    with Path("djlib.toml").open("a") as file:
        file.write(f"feeds = {json.dumps([*feeds, 'gone.xml', 'http://nothing.invalid/feed'])}\n")
    started = time.monotonic()
    report = as_json("scan", "--feeds")
    assert time.monotonic() - started < 30
    assert (report["read"], report["new"]) == (1, 1)
    assert len(report["unread"]) == len(bad) + 2
    reasons = [problem["reason"] for problem in report["problems"]]
    for name, reason in bad.items():
        assert any(said.startswith(f"{server}/{name}:") and reason in said for said in reasons), (
            name
        )
    assert any("gone.xml is not there" in said for said in reasons)
    assert any("nothing.invalid" in said for said in reasons)
    told = done("scan", "--feeds").stdout
    assert "19 of 20 sources could not be read." in told
    assert "page: a web page, no feed" in told


def test_where_nothing_can_be_read_nothing_is_written(server: str, fresh: Path) -> None:
    before = set(files())
    said = refused("scan", f"{server}/page", f"{server}/down")
    assert "no call could be read; " in said
    assert "a web page, no feed" in said
    assert not Path("data/opportunities.parquet").exists()
    assert {name for name in files() if "events" not in name} - before <= {".djlib.lock.json"}


def test_an_empty_feed_is_no_failure(fresh: Path) -> None:
    Path("calls.xml").write_text("<rss version='2.0'><channel><title>x</title></channel></rss>")
    report = as_json("scan", "calls.xml")
    assert (report["read"], report["calls"], report["unread"]) == (0, 0, [])
    assert "no call in it" in report["problems"][0]["reason"]


def test_a_server_at_home_is_asked_only_where_that_is_meant(fresh: Path) -> None:
    with feed_server() as address:
        assert "private network" in refused("scan", f"{address}/feed")


def test_a_source_that_looks_broken_is_said_and_can_be_trusted(fresh: Path) -> None:
    for day in range(2):
        done("scan", feed(fresh / "calls.json", sound(day)))
    feed(fresh / "calls.json", broken(7))
    (verdict,) = as_json("scan", "calls.json")["watched"]
    assert verdict["signals"][0]["name"] == "identical deadlines"
    said = done("scan", "calls.json").stdout
    assert "E looks broken: 100% of the deadlines are the same day" in said
    assert f"djlib scan {Path(verdict['quarantined']).relative_to(fresh)} --trust" in said
    assert as_json("scan", verdict["quarantined"], "--trust")["new"] == 40


def test_what_is_removed_of_what_was_kept_aside_is_named(fresh: Path) -> None:
    with (fresh / "djlib.toml").open("a") as settings:
        settings.write("[opportunities]\nkeep_aside = 1\n")
    for day in range(2):
        done("scan", feed(fresh / "calls.json", sound(day)))
    done("scan", feed(fresh / "calls.json", broken(7)))
    (second,) = as_json("scan", feed(fresh / "calls.json", broken(8)))["watched"]
    said = done("scan", feed(fresh / "calls.json", broken(9))).stdout
    gone = Path(second["quarantined"])
    assert f"newer ones of the source are kept aside: {gone.relative_to(fresh)}" in said
    assert not gone.exists()


def test_two_scans_at_once_both_do_their_work(fresh: Path) -> None:
    names = [f"calls_{n}.json" for n in range(2)]
    for n, name in enumerate(names):
        feed(fresh / name, sound(n, name=f"S{n}"))
    started = [start_djlib("scan", fresh / name, "--wait", "60") for name in names]
    assert [ended(run) for run in started] == [0, 0]
    assert scanned()["source"].value_counts().to_dict() == {"S0": 40, "S1": 40}
    assert len((fresh / "data/events/scrapes.jsonl").read_text().splitlines()) == 2


def test_a_full_disk_leaves_what_was_there(fresh: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done("scan", feed(fresh / "calls.json", sound(0)))
    before = {n: c for n, c in files().items() if n.startswith("data/") and "events" not in n}

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "data")

    feed(fresh / "calls.json", sound(1))
    with monkeypatch.context() as patch:
        patch.setattr(scanning, "write_table", full)
        assert "No space left" in refused("scan", "calls.json")
    after = files()
    assert {name: after[name] for name in before} == before
    assert as_json("scan", "calls.json")["new"] == 40


def test_ten_thousand_of_one_title_are_scanned_and_kept_apart(fresh: Path) -> None:
    n = 10_000
    table = pd.DataFrame({"title": ["Open call"] * n, "deadline": ["2031-05-02"] * n})
    table["url"] = [f"https://example.org/{number}" for number in range(n)]
    table.to_csv("calls.csv", index=False)
    report = as_json("scan", "calls.csv")
    assert (report["new"], report["doubles"]) == (n, 0)
    assert as_json("scan", "calls.csv")["known"] == n


def test_no_secret_of_an_address_is_shown_logged_or_mailed(
    server: str, fresh: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    host = server.removeprefix("http://")
    feeds = [
        f"{server}/feed?api_key=CANARY-KEY&page=CANARY-PAGE",
        f"{server}/down/CANARY0123456789LONG/rss?k=CANARY-K#CANARY-FRAGMENT",
        f"http://ann:CANARY-LOGIN@{host}/feed",
        f"{server}/to-a-password?x=CANARY-X",
        f"{server}/to-a-token",
        f"{server}/to-another-way",
        "http://nothing.invalid/a b?key=CANARY-BLANK",
        "http://[::1?key=CANARY-HALF",
    ]
    with Path("djlib.toml").open("a") as file:
        file.write(f"feeds = {json.dumps(feeds)}\n[alerts]\n")
        file.write('smtp_host = "127.0.0.1"\nsmtp_port = 9\nsmtp_security = "none"\n')
        file.write('mail_from = "a@example.org"\nmail_to = ["b@example.org"]\n')
    outputs = [djlib("scan", "--feeds", "--verbose"), djlib("scan", "--feeds", "--json")]
    outputs += [djlib("jobs", "run", "search"), djlib("jobs", "history")]
    outputs += [djlib("scan", feed) for feed in feeds]
    for output in outputs:
        assert "CANARY" not in output.stdout + output.stderr
    assert "CANARY" not in "".join(capfd.readouterr())
    for path in fresh.rglob("*"):
        if path.is_file() and path.name != "djlib.toml":
            assert b"CANARY" not in path.read_bytes(), path
    assert scanned()["title"].tolist() == ["Residency in Riga"]
