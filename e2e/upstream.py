"""An HTTP server to stand behind the gateway: it keeps what it received, and misbehaves on demand."""

import itertools
import json
import socket
import socketserver
import struct
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Condition, Event, Lock, Thread

CHUNK = b"0123456789abcdef" * 4096


@dataclass
class Received:
    """One request as it arrived. Of a large body only the length is kept."""

    method: str
    target: str
    headers: list
    head: bytes = b""
    body: bytes = b""
    body_length: int = 0
    connection: int = 0

    def values(self, name):
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def value(self, name):
        return next(iter(self.values(name)), None)


class Broken(Exception):
    """The bytes are no whole request."""


@dataclass
class Upstream:
    """Answers by the first segment of the path (see `BEHAVIOURS`); any other path is answered 200."""

    received: list = field(default_factory=list)
    broken: list = field(default_factory=list)
    bytes_sent: int = 0
    gate: Event = field(default_factory=Event)
    hold_after: int | None = None

    def __post_init__(self):
        self._changed, self._marks = Condition(Lock()), Counter()
        self._server = _Server(("127.0.0.1", 0), self)
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self):
        self.gate.set()
        self.hold(after=None)
        self._server.shutdown()
        self._server.server_close()

    def note(self, request):
        with self._changed:
            self.received.append(request)
            self._marks[request.value("x-mark")] += 1
            number = len(self.received)
            self._changed.notify_all()
            self._changed.wait_for(lambda: self.hold_after is None or number <= self.hold_after, 60)

    def hold(self, after):
        """Counts all requests but leaves those after the first so many without an answer, until told otherwise."""
        with self._changed:
            self.hold_after = after
            self._changed.notify_all()

    def marked(self, mark):
        """How many requests arrived with the header `x-mark: {mark}`."""
        with self._changed:
            return self._marks[mark]

    def wait_for(self, mark, count, within=30):
        with self._changed:
            return self._changed.wait_for(lambda: self._marks[mark] >= count, within)

    def since(self, start):
        with self._changed:
            return self.received[start:]

    def seen(self):
        with self._changed:
            return len(self.received)


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True
    block_on_close = False
    request_queue_size = 512

    def __init__(self, address, upstream):
        self.upstream, self.numbers = upstream, itertools.count(1)
        super().__init__(address, _Conversation)

    def handle_error(self, request, client_address):
        """A caller that goes away is part of the tests."""


class _Conversation(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True
    timeout = 60

    def handle(self):
        upstream = self.server.upstream
        number = next(self.server.numbers)
        with suppress(OSError):
            while True:
                try:
                    request = self._read(number)
                except Broken as why:
                    upstream.broken.append(str(why))
                    return
                if request is None:
                    return
                upstream.note(request)
                name, _, rest = request.target.partition("?")[0].lstrip("/").partition("/")
                if BEHAVIOURS.get(name, _plain)(self, request, rest) is False:
                    return

    def _read(self, number):
        line = self.rfile.readline(65537)
        if not line:
            return None
        try:
            method, target, _ = line.decode("latin-1").split()
        except ValueError:
            raise Broken(f"request line {line[:80]!r}") from None
        headers, head = [], line
        while (line := self.rfile.readline(65537)) not in (b"\r\n", b"\n"):
            if not line:
                raise Broken("headers end early")
            head += line
            name, _, value = line.decode("latin-1").partition(":")
            headers.append((name, value.strip()))
        request = Received(method, target, headers, head + line, connection=number)
        if target.startswith("/gated"):
            self.server.upstream.gate.wait(60)
        pieces = (
            self._chunks()
            if request.value("transfer-encoding")
            else self._exactly(int(request.value("content-length") or 0))
        )
        for piece in pieces:
            request.body_length += len(piece)
            if request.body_length <= 65536:
                request.body += piece
        return request

    def _exactly(self, length):
        while length:
            piece = self.rfile.read1(min(length, 65536))
            if not piece:
                raise Broken(f"body ends {length} bytes early")
            length -= len(piece)
            yield piece

    def _chunks(self):
        while True:
            line = self.rfile.readline(1024)
            if not line:
                raise Broken("chunked body ends early")
            size = int(line.split(b";")[0], 16)
            if size == 0:
                while self.rfile.readline(65537) not in (b"\r\n", b"\n", b""):
                    pass
                return
            yield from self._exactly(size)
            self.rfile.readline(8)

    def answer(self, status, body=b"", headers=()):
        lines = [f"HTTP/1.1 {status} Whatever", *(f"{name}: {value}" for name, value in headers)]
        if status >= 200 and status not in (204, 304) and not any(n.lower() == "content-length" for n, _ in headers):
            lines.append(f"Content-Length: {len(body)}")
        self.wfile.write("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)

    def stream(self, total, encode):
        while total:
            piece = CHUNK[: min(total, len(CHUNK))]
            self.wfile.write(encode(piece))
            self.server.upstream.bytes_sent += len(piece)
            total -= len(piece)


JSON = ("Content-Type", "application/json")


def _plain(conversation, request, _rest):
    conversation.answer(200, b'{"upstream":true}' if request.method != "HEAD" else b"", [JSON])


def _echo(conversation, request, _rest):
    said = {
        "method": request.method,
        "target": request.target,
        "headers": request.headers,
        "body": request.body.decode("latin-1"),
        "length": request.body_length,
    }
    conversation.answer(200, json.dumps(said).encode(), [JSON])


def _status(conversation, _request, rest):
    status = int(rest.split("/")[0])
    conversation.answer(status, b"" if status in (204, 304) else b'{"status":%d}' % status, [JSON])


def _head(conversation, _request, _rest):
    conversation.answer(200, headers=[("Content-Length", "12345"), ("X-Head", "yes")])


def _headers(conversation, _request, _rest):
    conversation.answer(
        200,
        b"{}",
        [
            JSON,
            ("Server", "upstream/1"),
            ("Date", "Mon, 01 Jan 2024 00:00:00 GMT"),
            ("X-Amzn-RequestId", "from-upstream"),
            ("Set-Cookie", "a=1"),
            ("Set-Cookie", "b=2"),
            ("X-Custom", "kept"),
            ("Connection", "x-hop"),
            ("X-Hop", "1"),
            ("X-Amzn-Trace-Id", "Root=1-upstream"),
        ],
    )


def _bytes(conversation, _request, rest):
    total = int(rest)
    conversation.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % total)
    conversation.stream(total, lambda piece: piece)


def _chunked(conversation, _request, rest):
    conversation.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    conversation.stream(int(rest), lambda piece: b"%x\r\n%s\r\n" % (len(piece), piece))
    conversation.wfile.write(b"0\r\n\r\n")


def _slow(conversation, request, _rest):
    conversation.server.upstream.gate.wait(60)
    _plain(conversation, request, "")


def _never(conversation, _request, _rest):
    conversation.rfile.read(1)
    return False


def _close(_conversation, _request, _rest):
    return False


def _half(conversation, _request, _rest):
    conversation.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n0123456789")
    return False


def _half_chunked(conversation, _request, _rest):
    conversation.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n")
    return False


def _garbage(conversation, _request, _rest):
    conversation.wfile.write(b"\x16\x03\x01 this is no HTTP at all\r\n\r\n")
    return False


def _two_lengths(conversation, _request, _rest):
    conversation.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 5\r\n\r\nabcde")
    return False


def _reset(conversation, _request, _rest):
    conversation.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    conversation.connection.close()
    return False


BEHAVIOURS = {
    "echo": _echo,
    "status": _status,
    "head": _head,
    "headers": _headers,
    "bytes": _bytes,
    "chunked": _chunked,
    "slow": _slow,
    "never": _never,
    "close": _close,
    "half": _half,
    "half-chunked": _half_chunked,
    "garbage": _garbage,
    "two-lengths": _two_lengths,
    "reset": _reset,
}
