"""Calls at a rate, whatever is answered, on a connection that does not wait for one answer before the next call."""

import re
import socket
import threading
import time
from collections import Counter

TICK = 0.01


class Paced:
    """Calls one node with one key, so often a second for so many seconds, on a thread of its own."""

    def __init__(self, address, path, key, rate, seconds):
        self.address, self.rate, self.seconds = address, rate, seconds
        self.request = f"GET {path} HTTP/1.1\r\nHost: x\r\nX-API-Key: {key}\r\n\r\n".encode()
        self.answers, self.sent, self.began, self.ended = Counter(), 0, None, None
        self.thread = threading.Thread(target=self._run)

    def start(self):
        self.thread.start()
        return self

    def join(self):
        self.thread.join()
        return self

    def _run(self):
        connection = socket.create_connection(self.address, timeout=20)
        reader = threading.Thread(target=self._read, args=(connection,))
        self.began = time.monotonic()
        reader.start()
        while (passed := time.monotonic() - self.began) < self.seconds:
            due = int(passed * self.rate) - self.sent
            if due > 0:
                self.sent += due
                connection.sendall(self.request * due)
            time.sleep(TICK)
        connection.sendall(self.request.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        self.sent += 1
        reader.join()
        connection.close()

    def _read(self, connection):
        said = b""
        while piece := connection.recv(262144):
            said += piece
            found = list(re.finditer(rb"HTTP/1\.1 (\d{3}) ", said))
            self.answers.update(int(status[1]) for status in found)
            said = said[found[-1].end() :] if found else said[-16:]
        self.ended = time.monotonic()


def run(*loads):
    """Starts all and waits for all: what was answered, and how long it took from the first call to the last answer."""
    for load in loads:
        load.start()
    for load in loads:
        load.join()
    assert all(sum(load.answers.values()) == load.sent for load in loads), "a call was not answered"
    took = max(load.ended for load in loads) - min(load.began for load in loads)
    return sum((load.answers for load in loads), Counter()), took
