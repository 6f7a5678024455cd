"""A PostgreSQL server of the tests' own, and Tollgates that share a database in it."""

import itertools
import os
import subprocess
from pathlib import Path
from urllib.parse import quote

from wire import Wire, to_unix_socket

SCRIPT = Path(__file__).resolve().parent / "postgres.sh"
MASTER_KEY = "5e" * 32


class Postgres:
    """A server that ends with this process at the latest. `say` does to it what operators and accidents do."""

    def __init__(self):
        self.script = subprocess.Popen([str(SCRIPT)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        ready = self.script.stdout.readline().split()
        assert ready and ready[0] == "ready", "PostgreSQL does not start"
        self.folder, self.names, self.port = ready[1], itertools.count(), 5432

    def say(self, word):
        self.script.stdin.write(word + "\n")
        self.script.stdin.flush()
        assert self.script.stdout.readline() == "done\n", f"PostgreSQL did not {word}"

    def end(self):
        self.script.stdin.close()
        self.script.wait(30)

    def url(self, database):
        return f"postgres://tollgate@{quote(self.folder, safe='')}:{self.port}/{database}"

    def wire(self):
        """A wire to the server, and what a database's address is by it."""
        wire = Wire(to_unix_socket(Path(self.folder) / f".s.PGSQL.{self.port}"))
        return wire, lambda database: f"postgres://tollgate@127.0.0.1:{wire.port}/{database}?sslmode=disable"

    def serve_tls(self, certificate, key, port):
        """Restarts it to listen by TLS on a port of loopback, too, and to ask for passwords there."""
        owner = os.stat(self.folder)
        for name, source in (("server.crt", certificate), ("server.key", key)):
            target = Path(self.folder) / "data" / name
            target.write_bytes(Path(source).read_bytes())
            target.chmod(0o600)
            os.chown(target, owner.st_uid, owner.st_gid)
        rules = Path(self.folder) / "data" / "pg_hba.conf"
        rules.write_text("local all all trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n")
        settings = Path(self.folder) / "data" / "postgresql.conf"
        settings.write_text(settings.read_text() + f"ssl = on\nlisten_addresses = '127.0.0.1'\nport = {port}\n")
        self.port = port
        self.say("restart")

    def make_database(self):
        name = f"shared{next(self.names)}"
        self.query("postgres", f"CREATE DATABASE {name}")
        return name

    def query(self, database, sql):
        """What a statement returns: rows of text."""
        folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
        psql = str(folders[-1] / "psql") if folders else "psql"
        command = [psql, "-h", self.folder, "-p", str(self.port), "-U", "tollgate", "-d", database, "-qAt", "-F", "\t", "-c", sql]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, env={"PATH": os.environ["PATH"]})
        assert done.returncode == 0, done.stderr
        return [line.split("\t") for line in done.stdout.splitlines()]
