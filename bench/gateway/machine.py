"""What is measured on the machine, and what machine it is."""

import os
import re
import subprocess
from contextlib import contextmanager
from pathlib import Path

GATEWAY_CORE, LOAD_CORE = "0", "1"
# The nice of what goes first.
FIRST = -20


@contextmanager
def preferred():
    """Puts this process, and all that it starts, before others of the machine. Says whether it may.

    Linux may share time out among sessions first, and by nice within each only; a session has a nice of its own, which is
    set back at the end."""
    session = Path("/proc/self/autogroup")
    before = re.search(r"nice (-?\d+)", session.read_text() if session.exists() else "")
    try:
        # The session first: who may set that may set the other.
        if before:
            session.write_text(str(FIRST))
        os.setpriority(os.PRIO_PROCESS, 0, FIRST)
    except OSError:
        yield False
        return
    try:
        yield True
    finally:
        if before:
            session.write_text(before.group(1))


def on_core(core, command, **options):
    """Starts a command that may run on one core only."""
    return subprocess.Popen(["taskset", "-c", core, *command], **options)


def family(pid):
    """A process and its children; none once it has ended."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [pid, *(member for child in children for member in family(int(child)))]


def cpu_nanos(pid):
    """CPU time of all threads of a process and its children, in nanoseconds."""
    total = 0
    for member in family(pid):
        for task in Path(f"/proc/{member}/task").iterdir():
            try:
                total += int((task / "schedstat").read_text().split()[0])
            except FileNotFoundError:
                continue
    return total


def resident_bytes(pid):
    """Resident memory of a process and its children."""
    pages = sum(int(Path(f"/proc/{member}/statm").read_text().split()[1]) for member in family(pid))
    return pages * os.sysconf("SC_PAGE_SIZE")


def described():
    """The machine in one line, with its load from others."""
    model = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text()).group(1)
    memory = int(re.search(r"MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text()).group(1)) / 2**20
    kernel = subprocess.run(["uname", "-sr"], capture_output=True, text=True, check=True).stdout.strip()
    load = os.getloadavg()[0]
    return f"{model}, {os.cpu_count()} virtual cores, {memory:.0f} GiB, {kernel}; load average {load:.1f}"
