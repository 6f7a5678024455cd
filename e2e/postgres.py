"""A PostgreSQL server of the tests' own, and Tollgates that share a database in it."""

import itertools
import os
import subprocess
from pathlib import Path
from urllib.parse import quote

SCRIPT = Path(__file__).resolve().parent / "postgres.sh"
MASTER_KEY = "5e" * 32


class Postgres:
    """A server that ends with this process at the latest. `say` does to it what operators and accidents do."""

    def __init__(self):
        self.script = subprocess.Popen([str(SCRIPT)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        ready = self.script.stdout.readline().split()
        assert ready and ready[0] == "ready", "PostgreSQL does not start"
        self.folder, self.names = ready[1], itertools.count()

    def say(self, word):
        self.script.stdin.write(word + "\n")
        self.script.stdin.flush()
        assert self.script.stdout.readline() == "done\n", f"PostgreSQL did not {word}"

    def end(self):
        self.script.stdin.close()
        self.script.wait(30)

    def url(self, database):
        return f"postgres://tollgate@{quote(self.folder, safe='')}/{database}"

    def make_database(self):
        name = f"shared{next(self.names)}"
        self.query("postgres", f"CREATE DATABASE {name}")
        return name

    def query(self, database, sql):
        """What a statement returns: rows of text."""
        folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
        psql = str(folders[-1] / "psql") if folders else "psql"
        command = [psql, "-h", self.folder, "-U", "tollgate", "-d", database, "-qAt", "-F", "\t", "-c", sql]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, env={"PATH": os.environ["PATH"]})
        assert done.returncode == 0, done.stderr
        return [line.split("\t") for line in done.stdout.splitlines()]
