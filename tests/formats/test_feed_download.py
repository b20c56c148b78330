"""Feeds from the web: what a bad server or a bad address may not do."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest

from djlib.errors import UsageError
from djlib.formats.calls.feed_download import DownloadError, Limits, download, is_public
from tests.formats.feed_server import FEED, feed_server

LOCAL = Limits(most_bytes=1_000_000, seconds=10, redirects=3, allow_local=True)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with feed_server() as address:
        yield address


@pytest.mark.parametrize("page", ["feed", "packed", "packed-file", "moved"])
def test_a_feed_is_fetched_and_unpacked(server: str, page: str) -> None:
    assert download(f"{server}/{page}", LOCAL) == FEED


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        ("bomb", "unpacks to more than 1,000,000 bytes"),
        ("large", "larger than 1,000,000 bytes"),
        ("half", "before it was whole|IncompleteRead"),
        ("damaged", "before it was whole"),
        ("loop", "redirected more than 3 times"),
        ("down", "answered 503"),
        ("none", "answered 404"),
    ],
)
def test_a_bad_answer_is_refused_with_its_reason(server: str, page: str, reason: str) -> None:
    with pytest.raises(DownloadError, match=reason):
        download(f"{server}/{page}", LOCAL)


@pytest.mark.parametrize("page", ["hang", "drip"])
def test_a_server_that_does_not_finish_is_left(server: str, page: str) -> None:
    started = time.monotonic()
    with pytest.raises(DownloadError, match="not done after 0.5 seconds"):
        download(f"{server}/{page}", Limits(seconds=0.5, allow_local=True))
    assert time.monotonic() - started < 5


def test_a_redirect_leads_to_no_file(server: str) -> None:
    with pytest.raises(DownloadError, match="redirected to what is no web"):
        download(f"{server}/to-file", LOCAL)


def test_this_machine_is_not_asked_unless_allowed(server: str) -> None:
    with pytest.raises(DownloadError, match="private network .*allow_local = true"):
        download(f"{server}/feed")
    with pytest.raises(DownloadError, match="private network"):
        download(server.replace("127.0.0.1", "localhost") + "/feed")


def test_the_address_that_was_checked_is_the_one_connected_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked, connected = [], []

    def resolve(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        asked.append(host)
        address = "93.184.216.34" if len(asked) == 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    def connect(address: tuple[str, int], timeout: float) -> socket.socket:
        connected.append(address)
        raise OSError("not in a test")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(DownloadError, match="not in a test"):
        download("http://rebinding.example/feed")
    assert connected == [("93.184.216.34", 80)]
    assert len(asked) == 1


@pytest.mark.parametrize(
    "url",
    ["ftp://example.org/x", "file:///etc/passwd", "example.org", "", "http://", "gopher://x",
     "http://user:secret@example.org/"],
)  # fmt: skip
def test_other_addresses_are_wrong_usage(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        download(url)
    assert "secret" not in str(caught.value)


def test_a_host_that_is_not_there_is_said() -> None:
    with pytest.raises(DownloadError, match="no connection"):
        download("http://nothing.invalid/feed", Limits(seconds=5))
    closed = socket.socket()
    closed.bind(("127.0.0.1", 0))
    port = closed.getsockname()[1]
    closed.close()
    with pytest.raises(DownloadError, match="no connection"):
        download(f"http://127.0.0.1:{port}/", LOCAL)


@pytest.mark.parametrize(
    "address",
    ["0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
     "224.0.0.1", "255.255.255.255", "::1", "fe80::1%eth0", "fd00::1",
     "::ffff:127.0.0.1", "64:ff9b::7f00:1",
     "2002:7f00:1::", "ff02::1", "::"],
)  # fmt: skip
def test_addresses_at_home_are_not_public(address: str) -> None:
    assert not is_public(address)


def test_addresses_of_the_internet_are_public() -> None:
    assert is_public("1.1.1.1")
    assert is_public("2606:4700:4700::1111")
