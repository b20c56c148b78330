"""What people are told of calls in time."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from djlib.settings import settings_from
from djlib.tables.io import write_table
from djlib.workflows.core.progress import NullReporter
from djlib.workflows.opportunities.feedback import opportunity_feedback
from djlib.workflows.opportunities.reminders import digest, foretold, reminders
from tests.opportunities.tastes import likes
from tests.workflows.calls_rated import calls_of, days_from_now, rating_file, scanned

SETTINGS = settings_from({"opportunities": {"engine": "none"}})


def test_what_is_liked_and_closes_soon_is_told_and_nothing_else(tmp_path: Path) -> None:
    here, _ = scanned(tmp_path, n=60)
    calls = calls_of(here)
    calls["deadline"] = "2027-03-04"
    liked = [row for row, like in enumerate(likes(calls, "sound")[:40]) if like]
    calls.loc[liked[0], "deadline"] = "2027-06-01"
    write_table(calls, here.opportunities)
    assert reminders(here, "2027-03-01") == []
    opportunity_feedback(here, SETTINGS, rating_file(here, range(40)), talk=NullReporter())
    told = {day: reminders(here, day) for day in ("2027-02-28", "2027-03-01", "2027-03-02",
                                                  "2027-03-03", "2027-03-05")}  # fmt: skip
    assert [len(some) for some in told.values()] == [0, *[len(liked) - 1] * 3, 0]
    causes = {day: {one.cause for one in some} for day, some in told.items()}
    assert causes["2027-03-01"] == causes["2027-03-02"]  # a day missed is made good, once
    assert not causes["2027-03-02"] & causes["2027-03-03"]
    assert "closes on 2027-03-04" in told["2027-03-01"][0].subject


def test_a_digest_a_week_names_what_closes_first(tmp_path: Path) -> None:
    here, _ = scanned(tmp_path, n=120)
    assert digest(here, SETTINGS, "2027-03-01") == []
    calls = calls_of(here)
    calls["deadline"] = [days_from_now(3 if n % 2 else 60)[:10] for n in range(len(calls))]
    write_table(calls, here.opportunities)
    opportunity_feedback(here, SETTINGS, rating_file(here, range(60)), talk=NullReporter())
    monday, sunday, next_monday = (
        digest(here, SETTINGS, day)[0] for day in ("2027-03-01", "2027-03-07", "2027-03-08")
    )
    assert monday.cause == sunday.cause != next_monday.cause
    assert monday.body.index("Closes this week") < monday.body.index("Open\n")
    assert monday.subject.startswith("mara: ")


def test_what_usually_opens_is_foretold_only_where_two_editions_are_over() -> None:
    past = pd.DataFrame(
        {
            "title": ["Dub Prize 2024", "Dub Prize 2025", "Film Prize 2025", "Oslo Grant 2024",
                      "Oslo Grant 2025", "Bern Fund 2024", "Bern Fund 2025", "Bern Fund 2026"],
            "source": "S",
            "deadline": ["2024-03-10", "2025-03-12", "2025-03-01", "2024-09-01", "2025-09-02",
                         "2024-02-01", "2025-02-01", "2026-02-01"],
        }
    )  # fmt: skip
    told = foretold(past, datetime(2026, 1, 5, tzinfo=UTC))
    assert len(told) == 1
    assert "dub prize (S): usually closes in March" in told[0]
