"""Disks that fail: a small filesystem to be filled or made read-only, and a limit that makes every write fail."""

import contextlib
import resource
import shutil
import subprocess
from pathlib import Path


class NoDisk(Exception):
    """This machine does not let us mount a filesystem."""


class SmallDisk:
    """A filesystem in memory, of a few megabytes."""

    def __init__(self, folder, megabytes=24):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.ballast = self.folder / "ballast"
        if not shutil.which("mount"):
            raise NoDisk("there is no `mount`")
        self._mount("-t", "tmpfs", "-o", f"size={megabytes}m,mode=700", "tmpfs")

    def _mount(self, *arguments):
        done = subprocess.run(["mount", *arguments, str(self.folder)], capture_output=True, text=True)
        if done.returncode:
            raise NoDisk(done.stderr.strip())

    def fill(self):
        """Writes until nothing more goes in."""
        with self.ballast.open("ab", buffering=0) as file:
            for size in (1 << 20, 4096, 1):
                with contextlib.suppress(OSError):
                    while file.write(b"x" * size):
                        pass

    def free(self):
        self.ballast.unlink(missing_ok=True)

    def read_only(self, yes):
        """Only while no file on it is open for writing."""
        self._mount("-o", "remount,ro" if yes else "remount,rw")

    def close(self):
        subprocess.run(["umount", "--lazy", str(self.folder)], check=False)


def forbid_writes(process, yes):
    """Makes every write of a process to a file fail (EFBIG), or succeed again. Sockets and pipes are not files."""
    # A process that has died in between needs nothing.
    with contextlib.suppress(ProcessLookupError):
        _, most = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (0 if yes else most, most))
