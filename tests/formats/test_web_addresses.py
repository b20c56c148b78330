"""One spelling for every address of a web page."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from djlib.formats.calls.web_addresses import canonical_url, host_of


@pytest.mark.parametrize(
    "other",
    [
        "http://example.org/calls",
        "https://www.example.org/calls/",
        "https://EXAMPLE.org:443/calls?utm_source=mail&fbclid=1",
        "https://example.org//calls#apply",
        "  https://example.org./calls  ",
    ],
)
def test_spellings_of_one_address_are_one(other: str) -> None:
    assert canonical_url(other) == canonical_url("https://example.org/calls")


@pytest.mark.parametrize(
    "other",
    [
        "https://example.org/calls?id=2",
        "https://example.org/Calls",
        "https://example.org:8080/calls",
        "https://sub.example.org/calls",
        "https://example.org/#!/calls",
    ],
)
def test_other_pages_stay_others(other: str) -> None:
    assert canonical_url(other) not in ("", canonical_url("https://example.org/calls"))


@pytest.mark.parametrize(
    "text",
    ["", "mailto:a@b.org", "javascript:alert(1)", "/calls", "https://", "http://[::1", "http://a:99999",
     "https://example.org/\nHost: x", "data:text/html,x", "https://e.org/" + "a" * 3000],
)  # fmt: skip
def test_what_is_no_web_address_has_none(text: str) -> None:
    assert canonical_url(text) == ""
    assert host_of(text) == ""


@given(st.text(max_size=60))
def test_an_address_made_plain_stays_as_it_is(text: str) -> None:
    once = canonical_url(f"https://example.org/{text}")
    assert canonical_url(once) == once
