"""A wire to a server, for cutting: what is sent while it is cut arrives when it is mended, as on a network."""

import os
import select
import socket
import threading


class Wire:
    """Listens on a port of loopback and passes on what comes, both ways. A cut wire takes what is sent and passes on
    nothing; nobody is told."""

    def __init__(self, connect):
        self.connect, self.whole, self.open = connect, threading.Event(), True
        self.whole.set()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self):
        self.whole.clear()

    def mend(self):
        self.whole.set()

    def close(self):
        self.open = False
        self.whole.set()
        self.listener.close()

    def _accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._pass_on, args=(near,), daemon=True).start()

    def _pass_on(self, near):
        self.whole.wait()
        try:
            with near, self.connect() as far:
                ends = {near: far, far: near}
                while self.open:
                    for end in select.select(list(ends), [], [], 0.2)[0]:
                        sent = end.recv(1 << 16)
                        self.whole.wait()
                        if not sent:
                            return
                        ends[end].sendall(sent)
        except OSError:
            pass


def to_unix_socket(path):
    """What connects to a Unix socket."""

    def connect():
        far = socket.socket(socket.AF_UNIX)
        far.connect(os.fspath(path))
        return far

    return connect
