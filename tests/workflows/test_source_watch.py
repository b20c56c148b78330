"""A source that breaks: set aside, fetched once more, told of once, taken back when it is right."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from djlib.settings import Workspace
from djlib.tables.events import read_events
from djlib.workflows.opportunities.sources import histories, read_samples, spread
from tests.workflows.feeds import asked, broken, feed, hook, scan, sound


@pytest.fixture
def here(fresh: Path) -> Workspace:
    """A workspace that has scanned a source of 40 calls three times."""
    made = Workspace(fresh)
    for day in range(3):
        scan(made, feed(fresh / "calls.json", sound(day)))
    return made


def told(here: Workspace) -> list[str]:
    return [event["subject"] for event in read_events(here.events, "alerts")]


def n_calls(here: Workspace) -> int:
    return len(pd.read_parquet(here.opportunities))


def test_a_broken_source_is_set_aside_and_told_of_once(here: Workspace) -> None:
    before = n_calls(here)
    for day in (7, 8, 9):
        report = scan(here, feed(here.root / "calls.json", broken(day)))
        (verdict,) = report.watched
        assert (verdict.state, verdict.rescraped, report.new) == ("broken", False, 0)
        assert verdict.quarantined
        assert len(pd.read_parquet(verdict.quarantined)) == 40
    assert n_calls(here) == before
    assert told(here) == ["E looks broken: 100% of the deadlines are the same day, before 4%"]
    assert len(list(here.quarantine.iterdir())) == 3
    assert not scan(here, feed(here.root / "calls.json", sound(10))).watched
    scan(here, feed(here.root / "calls.json", broken(11)))
    assert len(told(here)) == 2


def keep(here: Workspace, most: int) -> None:
    with (here.root / "djlib.toml").open("a") as file:
        file.write(f"[opportunities]\nkeep_aside = {most}\n")


def test_of_what_is_set_aside_the_newest_stay_and_the_rest_is_named(here: Workspace) -> None:
    keep(here, 2)
    own = here.quarantine / "my-own.parquet"
    own.parent.mkdir(parents=True)
    own.write_bytes(b"mine")
    file, aside = here.root / "calls.json", []
    for day in (7, 8, 7, 9):  # the first comes again and is new again
        report = scan(here, feed(file, broken(day)), feed(here.root / "f.json", sound(1, name="F")))
        aside.append(report.watched[0].quarantined)
        assert report.removed == ((aside[1],) if day == 9 else ())
    left = {str(path) for path in here.quarantine.iterdir()}
    assert left == {aside[0], aside[3], str(own)}
    assert [run["removed"] for run in read_events(here.events, "runs") if "removed" in run] == [
        [aside[1]]
    ]


def test_sources_of_like_names_are_counted_apart(here: Workspace) -> None:
    keep(here, 1)
    names = ("E!", "E?")
    for day in range(5):
        made = sound if day < 2 else broken
        tables = [made(day).assign(source=name) for name in names]
        scan(here, *(feed(here.root / f"{n}.json", table) for n, table in enumerate(tables)))
    assert len(list(here.quarantine.iterdir())) == 4  # of each the newest and the one told of


def test_what_somebody_was_told_of_stays_as_long_as_the_source_is_broken(here: Workspace) -> None:
    keep(here, 1)
    file = here.root / "calls.json"
    (told,) = scan(here, feed(file, broken(7))).watched
    removed = [scan(here, feed(file, broken(day))).removed for day in (8, 9, 10)]
    assert [len(names) for names in removed] == [0, 1, 1]
    assert told.quarantined
    assert Path(told.quarantined).is_file()
    assert told.quarantined in scan(here, feed(file, sound(11))).removed


def test_the_others_go_on(here: Workspace) -> None:
    feed(here.root / "calls.json", broken(7))
    other = feed(here.root / "other.json", sound(8, name="F"))
    report = scan(here, here.root / "calls.json", other)
    assert [v.source for v in report.watched] == ["E"]
    assert report.new == 40


def test_what_was_set_aside_is_taken_where_it_is_right(here: Workspace) -> None:
    before = n_calls(here)
    (verdict,) = scan(here, feed(here.root / "calls.json", broken(7))).watched
    assert verdict.quarantined
    report = scan(here, verdict.quarantined, trust=True)
    assert (report.new, report.watched, n_calls(here)) == (40, [], before + 40)
    again = scan(here, feed(here.root / "calls.json", broken(8)))  # it is so from now on
    assert (again.watched, again.new) == ([], 40)
    assert len(told(here)) == 1


def test_it_is_fetched_once_more_and_used_where_that_helps(here: Workspace) -> None:
    good, file = here.root / "good.json", here.root / "calls.json"
    feed(good, sound(20))
    hook(here.root, f"import shutil; shutil.copy({str(good)!r}, {str(file)!r})")
    (verdict,) = scan(here, feed(file, broken(7))).watched
    assert (verdict.state, verdict.rescraped, verdict.recovered) == ("fine", True, True)
    assert (asked(here.root), told(here)) == (["E"], [])
    assert set(pd.read_json(good)["title"]) <= set(pd.read_parquet(here.opportunities)["title"])


def test_where_that_does_not_help_it_is_not_tried_each_day(here: Workspace) -> None:
    hook(here.root, "")
    for day in (7, 8):
        (verdict,) = scan(here, feed(here.root / "calls.json", broken(day))).watched
        assert (verdict.rescraped, verdict.escalated) == (day == 7, day == 7)
    assert asked(here.root) == ["E"]
    assert len(told(here)) == 1


def test_a_source_that_brings_nothing_is_fetched_once_more(here: Workspace) -> None:
    file = here.root / "calls.json"
    good = feed(here.root / "good.json", sound(20))
    hook(here.root, f"import shutil; shutil.copy({str(good)!r}, {str(file)!r})")
    file.write_text("[]")
    report = scan(here, file)
    assert [v.recovered for v in report.watched] == [True]
    assert report.new == 40


def test_an_input_that_is_down_for_a_day_is_odd_and_broken_the_second(here: Workspace) -> None:
    file = here.root / "calls.json"
    file.unlink()
    other = feed(here.root / "other.json", sound(8, name="F"))
    first, second = (scan(here, file, other) for _ in range(2))
    assert [(v.source, v.state) for v in first.watched] == [("E", "suspect")]
    assert [(v.source, v.state) for v in second.watched] == [("E", "broken")]
    assert told(here) == ["E looks broken: could not be read, usually 40 records"]
    assert second.unread == (str(file),)


def test_what_is_odd_once_does_not_become_usual(here: Workspace) -> None:
    """Texts grow, not beyond doubt: the second time they are as odd as the first."""
    changed = [
        sound(day).pipe(lambda t: t.assign(description=t["description"] + " baral" * 25))
        for day in (7, 8)
    ]
    found = [scan(here, feed(here.root / "calls.json", table)).watched for table in changed]
    assert [[v.state for v in watched] for watched in found] == [["suspect"], ["broken"]]


def test_another_source_that_tells_more_makes_nobody_odd(fresh: Path) -> None:
    here = Workspace(fresh)
    short = sound(1).assign(description="", tags="")
    long = sound(1).assign(source="F", url=short["url"])
    for _ in range(3):
        reports = [
            scan(here, feed(fresh / "short.json", short)),
            scan(here, feed(fresh / "long.json", long)),
        ]
        assert [report.watched for report in reports] == [[], []]
    assert n_calls(here) == 40


def test_a_damaged_sample_is_only_not_known(
    here: Workspace, caplog: pytest.LogCaptureFixture
) -> None:
    assert len(read_samples(here)) == 120
    here.source_samples.write_bytes(b"PAR1 and no more")
    report = scan(here, feed(here.root / "calls.json", sound(7)))
    assert report.new == 40
    assert "what sources usually bring is not known" in caplog.text
    assert len(read_samples(here)) == 40


def test_a_dry_run_writes_nothing_and_asks_nobody(here: Workspace) -> None:
    from djlib.settings import load_settings
    from djlib.workflows.core.progress import NullReporter
    from djlib.workflows.opportunities.scan import scan_opportunities

    hook(here.root, "")
    feed(here.root / "calls.json", broken(7))
    before = {p: p.read_bytes() for p in here.data.rglob("*") if p.is_file()}
    report = scan_opportunities(
        here,
        load_settings(here.root, {}),
        [here.root / "calls.json"],
        talk=NullReporter(),
        dry_run=True,
    )
    assert [v.state for v in report.watched] == ["broken"]
    assert {p: p.read_bytes() for p in here.data.rglob("*") if p.is_file()} == before
    assert asked(here.root) == []


def test_the_history_forgets_what_is_long_ago(here: Workspace) -> None:
    for day in range(12):
        scan(here, feed(here.root / "calls.json", sound(day + 30, n=41 + day)))
    history = histories(here)["E"]
    assert history.counts == list(range(43, 53))
    assert history.junk_share == 0
    assert history.inputs == {str(here.root / "calls.json")}


def test_a_spread_has_both_ends() -> None:
    assert spread(pd.DataFrame({"n": range(1000)}), 5)["n"].tolist() == [0, 250, 500, 749, 999]
