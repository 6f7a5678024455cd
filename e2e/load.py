"""A process of its own that calls until its standard input ends, and then says what became of its calls.

Each client keeps its connection until it is told to close it, and calls again at once.
"""

import json
import sys
import time
from collections import Counter
from http.client import HTTPException
from threading import Event, Thread

from callers import Connection


class Client(Thread):
    def __init__(self, address, path, key, stop):
        super().__init__()
        self.address, self.path, self.key, self.stop = address, path, key, stop
        self.answers, self.failures, self.slowest = Counter(), [], 0.0

    def run(self):
        connection = Connection(self.address)
        while not self.stop.is_set():
            start = time.monotonic()
            try:
                self.answers[connection.call(self.path, self.key).status] += 1
            except (OSError, HTTPException) as failure:
                self.failures.append(repr(failure))
                connection.close()
            self.slowest = max(self.slowest, time.monotonic() - start)
        connection.close()


def main(host, port, path, key, clients):
    stop = Event()
    crowd = [Client((host, int(port)), path, key, stop) for _ in range(int(clients))]
    for client in crowd:
        client.start()
    print("calling", flush=True)
    sys.stdin.read()
    stop.set()
    for client in crowd:
        client.join()
    said = {
        "answers": sum((client.answers for client in crowd), Counter()),
        "failures": [failure for client in crowd for failure in client.failures],
        "slowest": max(client.slowest for client in crowd),
    }
    print(json.dumps(said))


if __name__ == "__main__":
    main(*sys.argv[1:])
