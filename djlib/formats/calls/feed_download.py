"""A feed from the web, within limits: so many bytes, seconds, redirects; no address at home.

A feed's address comes from a file or a stranger's redirect. Every host is resolved once, its
address checked, and that very address connected to, so that a name cannot mean another machine the
second time. What is packed is unpacked no further than the limit.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
import zlib
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import SplitResult, urljoin

from ...errors import DjlibError, UsageError
from .web_addresses import shown_address, split_url

_REDIRECTS = (301, 302, 303, 307, 308)
_PIECE = 65_536
_ASKED_FOR = (
    "application/rss+xml, application/atom+xml, application/json, text/xml;q=0.9, */*;q=0.5"
)
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class DownloadError(DjlibError):
    """A feed that could not be fetched within the limits."""


@dataclass(frozen=True)
class Limits:
    """How much a feed may take: bytes unpacked, seconds in all, redirects; `allow_local` permits
    addresses of this machine and its network."""

    most_bytes: int = 20_000_000
    seconds: float = 20.0
    redirects: int = 5
    allow_local: bool = False


DEFAULT_LIMITS = Limits()


def is_address(source: object) -> bool:
    """Whether a source is written as a web address.

    >>> is_address("https://example.org/feed"), is_address("calls.csv")
    (True, False)
    """
    return str(source).lower().startswith(("http://", "https://"))


def download(url: str, limits: Limits = DEFAULT_LIMITS) -> bytes:
    """Fetch an address and give what it holds, unpacked. Raises `DownloadError`, naming the address
    and the limit, and `UsageError` for what is no web address.

    >>> download("file:///etc/passwd")
    Traceback (most recent call last):
        ...
    djlib.errors.UsageError: 'file:///etc/passwd' is no web address; it must begin with http:// ...
    """
    seen, shown = url, shown_address(url)
    for _ in range(limits.redirects + 1):
        found = _fetch(_parts(seen), shown_address(seen), limits)
        if isinstance(found, bytes):
            return found
        seen = _redirected(seen, found.target, shown)
    raise DownloadError(
        f"{shown}: redirected more than {limits.redirects} times; name its last address"
    )


def _redirected(seen: str, target: str, shown: str) -> str:
    """Where a redirect leads; what a server wrote there is anything at all."""
    try:
        following = urljoin(seen, target.strip())
    except ValueError:  # half an IPv6 address
        following = ""
    parts = split_url(following)
    if parts is None or any(sign.isspace() for sign in following):
        raise DownloadError(f"{shown}: redirected to what is no web address")
    if parts.username or parts.password:
        raise DownloadError(f"{shown}: redirected to an address with a password")
    return following


@dataclass(frozen=True)
class _Redirect:
    target: str


def _parts(url: str) -> SplitResult:
    parts = split_url(url)
    if parts is None:
        raise UsageError(
            f"{shown_address(url)[:200]!r} is no web address; it must begin with http:// or https://"
        )
    if parts.username or parts.password:
        raise UsageError(f"the address at {parts.hostname} holds a password; use one without")
    return parts


def _fetch(parts: SplitResult, url: str, limits: Limits) -> bytes | _Redirect:
    connection = _connection(parts, url, limits)
    # One clock for all of it: a server that sends a byte now and then never runs into a timeout.
    is_late = threading.Event()
    clock = threading.Timer(limits.seconds, _cut, [connection.sock, is_late])
    clock.daemon = True
    clock.start()
    try:
        answer = _asked(connection, parts)
        if answer.status in _REDIRECTS and answer.getheader("Location"):
            return _Redirect(str(answer.getheader("Location")))
        if answer.status != 200:
            raise DownloadError(f"{url}: {_refused(answer)}")
        content = _read(answer, url, limits)
        if is_late.is_set():  # what is cut may look whole where its length was not said
            raise TimeoutError
        return _unpacked(content, answer.getheader("Content-Encoding", ""), url, limits)
    except (OSError, http.client.HTTPException, ValueError) as error:
        if is_late.is_set() or isinstance(error, TimeoutError):
            raise DownloadError(f"{url}: not done after {limits.seconds:g} seconds") from error
        raise DownloadError(f"{url}: could not be fetched: {_why(error)}") from error
    finally:
        clock.cancel()
        connection.close()


def _refused(answer: http.client.HTTPResponse) -> str:
    """What a server answered instead of a feed, without anything it may have hidden in there."""
    reason = "".join(sign for sign in str(answer.reason or "") if sign.isprintable())[:60]
    later = answer.getheader("Retry-After", "") or ""
    wait = f"; it asks to wait {later.strip()} seconds" if later.strip().isdigit() else ""
    return f"answered {answer.status} {reason}".rstrip() + wait


def _why(error: Exception) -> str:
    """What went wrong. Messages of the library repeat the address, so only the system's are."""
    if isinstance(error, OSError):
        return error.strerror or str(error) or type(error).__name__
    if isinstance(error, http.client.InvalidURL):
        return "its address holds a blank or a control sign"
    if isinstance(error, http.client.IncompleteRead):
        return "it ended before it was whole"
    return f"its answer cannot be understood ({type(error).__name__})"


def _asked(connection: http.client.HTTPConnection, parts: SplitResult) -> http.client.HTTPResponse:
    target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    headers = {"Accept": _ASKED_FOR, "Accept-Encoding": "gzip", "User-Agent": "djlib"}
    connection.request("GET", target, headers=headers)
    return connection.getresponse()


def _read(answer: http.client.HTTPResponse, url: str, limits: Limits) -> bytes:
    pieces, n = [], 0
    while piece := answer.read1(_PIECE):
        pieces.append(piece)
        n += len(piece)
        if n > limits.most_bytes:
            raise DownloadError(f"{url}: larger than {limits.most_bytes:,} bytes")
    if answer.length:  # what was promised and did not come
        raise DownloadError(f"{url}: ended before it was whole")
    return b"".join(pieces)


def _unpacked(content: bytes, encoding: str, url: str, limits: Limits) -> bytes:
    is_packed = encoding.strip().lower() in ("gzip", "x-gzip", "deflate")
    if not is_packed and not content.startswith(b"\x1f\x8b"):
        return content
    reader = zlib.decompressobj(zlib.MAX_WBITS | 32)
    try:
        unpacked = reader.decompress(content, limits.most_bytes + 1)
    except zlib.error as error:
        raise DownloadError(f"{url}: is packed, but damaged") from error
    if len(unpacked) > limits.most_bytes:
        raise DownloadError(f"{url}: unpacks to more than {limits.most_bytes:,} bytes")
    if not reader.eof:
        raise DownloadError(f"{url}: ended before it was whole")
    return unpacked


def _connection(parts: SplitResult, url: str, limits: Limits) -> http.client.HTTPConnection:
    """A connection to the checked address of the host."""
    host = str(parts.hostname)
    is_secure = parts.scheme.lower() == "https"
    port = parts.port or (443 if is_secure else 80)
    connection = http.client.HTTPConnection(host, port, timeout=limits.seconds)
    try:
        raw = socket.create_connection((_checked(host, port, limits), port), limits.seconds)
        if is_secure:
            context = ssl.create_default_context()
            try:
                raw = context.wrap_socket(raw, server_hostname=host)
            except BaseException:
                raw.close()
                raise
    except OSError as error:
        raise DownloadError(f"{url}: no connection: {_why(error)}") from error
    connection.sock = raw
    return connection


def _checked(host: str, port: int, limits: Limits) -> str:
    """The first address of a host that may be connected to."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise DownloadError(f"{host}: no name of a host") from error
    addresses = [str(entry[4][0]) for entry in found]
    allowed = [a for a in addresses if is_public(a) or (limits.allow_local and not is_metadata(a))]
    if not allowed and limits.allow_local:
        raise DownloadError(
            f"{host} is {addresses[0]}, where clouds keep the keys of a machine: never fetched"
        )
    if not allowed:
        raise DownloadError(
            f"{host} is in a private network ({addresses[0]}); where that is meant, set "
            "allow_local = true under [opportunities]"
        )
    return allowed[0]


_METADATA = tuple(
    map(
        ipaddress.ip_network,
        (
            "169.254.0.0/16", "100.100.100.200/32", "192.0.0.192/32", "168.63.129.16/32",
            "fd00:ec2::/32", "fe80::/10", "fd20:ce::/32",
        ),
    )
)  # fmt: skip
"""Where clouds answer with a machine's keys, link-local addresses as a whole among them."""


def is_metadata(address: str) -> bool:
    """Whether an IP address is one where a cloud tells secrets of the machine.

    >>> [is_metadata(a) for a in ("169.254.169.254", "::ffff:169.254.169.254", "127.0.0.1")]
    [True, True, False]
    """
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return True
    if isinstance(found, ipaddress.IPv6Address):
        inside = found.ipv4_mapped or found.sixtofour
        if found in _NAT64:
            inside = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        found = inside or found
    return any(found in network for network in _METADATA if network.version == found.version)


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the open internet.

    >>> [is_public(a) for a in ("93.184.216.34", "127.0.0.1", "169.254.169.254", "100.64.0.1")]
    [True, False, False, False]
    >>> is_public("::ffff:10.0.0.1"), is_public("64:ff9b::a00:1"), is_public("no address")
    (False, False, False)
    """
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        inside = found.ipv4_mapped or found.sixtofour or (found.teredo or (None, None))[1]
        if found in _NAT64:
            inside = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if inside is not None:
            return is_public(str(inside))
    return found.is_global and not found.is_multicast and not found.is_reserved


def _cut(connected: socket.socket, is_late: threading.Event) -> None:
    """End a connection from outside, in whatever it is waiting for."""
    is_late.set()
    with suppress(OSError):  # closed already
        connected.shutdown(socket.SHUT_RDWR)
