"""Processes of their own that call without end and keep count, and one that answers behind the gateway.

A call is known by a name of its own. It was admitted if its caller got a 200 or the upstream saw it.
"""

import asyncio
import json
import random
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass

from torture.clock import DAY

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: application/json\r\n\r\n{}"
"""How the upstream answers everything."""


@dataclass
class Key:
    """A key to call with, and how it is known in the books."""

    name: str
    value: str


@dataclass
class Post:
    """What a calling process shares with the test."""

    port: object
    """Where the gateway listens now; 0 while it does not."""
    low: object
    high: object
    """Milliseconds between the machine's clock and the gateway's: at least, at most."""
    stop: object


def upstream(port, seen, stop, report):
    """Answers until told to stop; then reports the names that it saw, with how often."""
    names = Counter()

    async def serve(reader, writer):
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                start = head.lower().index(b"x-call: ") + 8
                names[head[start : head.index(b"\r", start)].decode()] += 1
                seen.value += 1
                writer.write(ANSWER)
        writer.close()

    async def main():
        server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=512)
        port.value = server.sockets[0].getsockname()[1]
        while not stop.is_set():
            await asyncio.sleep(0.05)

    asyncio.run(main())
    report.put(dict(names))


def crowd(number, seed, post, path, keys, connections, report):
    """Calls over so many connections until told to stop; then reports what became of the calls.

    The report: `answers`, how often for (key, first day, last day, answer); and `cut`, the calls that ended without an
    answer, as (name, key, first day, last day). A call was decided on one of the days from the first to the last.
    """
    answers, cut = Counter(), []

    def day(offset):
        return int(time.time() + offset.value / 1000) // DAY

    async def client(task):
        dice = random.Random(f"{seed}/{number}/{task}")
        reader = writer = None
        resting = {}
        turn = 0
        while not post.stop.is_set():
            port = post.port.value
            if writer is None:
                try:
                    if not port:
                        raise OSError
                    reader, writer = await asyncio.open_connection("127.0.0.1", port)
                except OSError:
                    writer = None
                    await asyncio.sleep(0.02)
                    continue
            awake = [key for key in keys if resting.get(key.name, 0) < time.monotonic()]
            key = dice.choice(awake or keys)
            name, turn = f"{number}.{task}.{turn}", turn + 1
            first = day(post.low)
            try:
                writer.write(
                    f"GET {path} HTTP/1.1\r\nHost: x\r\nX-Api-Key: {key.value}\r\nX-Call: {name}\r\n\r\n".encode()
                )
                answer = await asyncio.wait_for(read(reader), 15)
            except (OSError, asyncio.IncompleteReadError, ValueError, TimeoutError):
                cut.append((name, key.name, first, day(post.high)))
                writer.close()
                writer = None
                continue
            answers[key.name, first, day(post.high), answer] += 1
            if answer != "200":
                # Some refusals are wanted, and a load of nothing else is not.
                resting[key.name] = time.monotonic() + 0.1
                await asyncio.sleep(0.005)

    async def main():
        await asyncio.gather(*(client(task) for task in range(connections)))

    asyncio.run(main())
    report.put(([(*what, times) for what, times in answers.items()], cut))


async def read(reader):
    """One answer: its status, and for a refusal its message."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    status = head.split(" ", 2)[1]
    length = next(int(line[15:]) for line in head.lower().split("\r\n") if line.startswith("content-length:"))
    body = await reader.readexactly(length)
    if status == "200":
        return status
    with suppress(ValueError, AttributeError):
        return f"{status} {json.loads(body).get('message')}"
    return status
