"""What is no call is left out with its reason; what may be one stays."""

from __future__ import annotations

import pytest

from djlib.opportunities.intake import junk_reason

TEXT = "We invite artists of all fields to spend two months with us, travel and housing are paid."


@pytest.mark.parametrize(
    ("title", "reason"),
    [
        ("", "no title"),
        ("  …  ", "no title"),
        ("1. 2. 2026", "the title has no word"),
        ("Read more →", "a link of the page"),
        ("READ MORE about us", "a link of the page"),
        ("Page 3", "a link of the page"),
        ("Weiter lesen", "a link of the page"),
        ("Just a moment...", "a link of the page"),
        ("Untitled", "a link of the page"),
        ("test 2", "a test of the scraper"),
        ("Lorem ipsum dolor", "a test of the scraper"),
        ("Careers", "a section of the site"),
        ("Current Open Calls & Residencies", "a section of the site"),
        ("Deadline: 1 May 2026", "only a date"),
    ],
)
def test_junk_is_left_out_with_a_reason(title: str, reason: str) -> None:
    assert reason in junk_reason(title, "https://example.org/x", "", "")


@pytest.mark.parametrize(
    ("title", "description", "deadline"),
    [
        ("Open Call: Read More Poetry", "", ""),
        ("Testing Grounds Residency", "", ""),
        ("Home Movies Festival", "", ""),
        ("Fellowships", TEXT, ""),
        ("Grants", "", "2026-05-01"),
        ("音楽祭 2026", "", ""),
        ("Résidence d'été", "", ""),
    ],
)
def test_what_may_be_a_call_stays(title: str, description: str, deadline: str) -> None:
    assert junk_reason(title, "https://example.org/x", description, deadline) == ""


def test_an_address_or_a_text_is_needed() -> None:
    assert "none of a web page" in junk_reason("Grant", "javascript:alert(1)", TEXT, "2026-05-01")
    assert "neither an address nor a text" in junk_reason("Grant", "", "", "2026-05-01")
    assert junk_reason("Grant", "", TEXT, "") == ""
