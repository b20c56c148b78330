"""A web server on this machine that behaves badly on request."""

from __future__ import annotations

import gzip
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

FEED = (
    b'<rss version="2.0"><channel><title>Local Calls</title><item><title>Residency in Riga</title>'
    b"<link>https://example.org/riga</link><description>Deadline: 2 May 2031</description></item>"
    b"</channel></rss>"
)
STOP = threading.Event()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        try:
            getattr(
                self, "do_" + path.strip("/").replace("-", "_").replace(".", "_"), self.do_none
            )()
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def do_feed(self) -> None:
        self._send(FEED)

    def do_packed(self) -> None:
        self._send(gzip.compress(FEED), {"Content-Encoding": "gzip"})

    def do_packed_file(self) -> None:
        self._send(gzip.compress(FEED))

    def do_page(self) -> None:
        self._send(b"<!doctype html><html><body>Sorry</body></html>")

    def do_bomb(self) -> None:
        self._send(gzip.compress(bytes(50_000_000)), {"Content-Encoding": "gzip"})

    def do_damaged(self) -> None:
        self._send(gzip.compress(FEED)[:-9], {"Content-Encoding": "gzip"})

    def do_large(self) -> None:
        self.send_response(200)
        self.end_headers()
        for _ in range(5_000):
            self.wfile.write(b"x" * 10_000)
        self.close_connection = True

    def do_half(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(FEED) * 2))
        self.end_headers()
        self.wfile.write(FEED)
        self.close_connection = True

    def do_hang(self) -> None:
        STOP.wait(20)

    def do_drip(self) -> None:
        self.send_response(200)
        self.end_headers()
        for _ in range(200):
            if STOP.wait(0.1):
                return
            self.wfile.write(b"x")
            self.wfile.flush()

    def do_loop(self) -> None:
        self._redirect("/loop?" + str(time.monotonic()))

    def do_moved(self) -> None:
        self._redirect("/feed")

    def do_to_file(self) -> None:
        self._redirect("file:///etc/passwd")

    def do_to_half_an_address(self) -> None:
        self._redirect("http://[::1")

    def do_to_a_blank(self) -> None:
        self._redirect("/a feed with blanks")

    def do_to_a_password(self) -> None:
        self._redirect("http://ann:CANARY-PASSWORD@127.0.0.1:9/feed")

    def do_to_a_token(self) -> None:
        self._redirect("http://127.0.0.1:9/feed/CANARY0123456789PATH?token=CANARY-TOKEN#CANARY-END")

    def do_to_another_way(self) -> None:
        self._redirect("gopher://127.0.0.1/CANARY-GOPHER")

    def do_busy(self) -> None:
        self.send_response(429, "Slow \x1b[31mdown\x1b[0m")
        self.send_header("Retry-After", "120")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_reset(self) -> None:
        linger = struct.pack("ii", 1, 0)  # closing then resets the connection
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.connection.close()
        raise ConnectionResetError

    def do_down(self) -> None:
        self.send_error(503)

    def do_none(self) -> None:
        self.send_error(404)

    def _redirect(self, target: str) -> None:
        self.send_response(302)
        self.send_header("Location", target)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _send(self, content: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(200)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def feed_server() -> Iterator[str]:
    """Serve on a free port while the block runs; gives the address."""
    STOP.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        STOP.set()
        server.shutdown()
        server.server_close()
        thread.join(5)
