"""The time of day of a Tollgate that was built for tests, and of those who call it."""

import datetime
import multiprocessing
import os
import time

DAY = 86400


class Clock:
    """Milliseconds to add to the machine's clock, in a file for the Tollgate and in shared memory for its callers.

    While it is being set, callers cannot know which of the two a call saw; so they are told both.
    """

    def __init__(self, file, offset=0, spawn=multiprocessing.get_context("spawn")):
        self.file = file
        self.low, self.high = spawn.Value("q", offset), spawn.Value("q", offset)
        self._write(offset)

    def _write(self, offset):
        fresh = self.file.with_suffix(".new")
        fresh.write_text(str(offset))
        os.replace(fresh, self.file)

    @property
    def offset(self):
        """Seconds."""
        return self.low.value / 1000

    def now(self):
        return time.time() + self.offset

    def forward_to(self, moment):
        """Sets it so that it is now `moment` (seconds since 1970), which is later than now."""
        offset = int((moment - time.time()) * 1000)
        assert offset >= self.low.value, "time does not run back here"
        self.high.value = offset
        self._write(offset)
        self.low.value = offset

    def datetime(self):
        """For botocore, which signs with it."""
        return datetime.datetime.fromtimestamp(self.now(), datetime.timezone.utc).replace(tzinfo=None)


def to_weekday(weekday):
    """Milliseconds to the next such day of the week (0 is Monday): with it, a seed meets the same ends of weeks on any day."""
    today = datetime.datetime.now(datetime.timezone.utc).weekday()
    return (weekday - today) % 7 * DAY * 1000


def next_midnight(now):
    return (int(now) // DAY + 1) * DAY


def day_name(day):
    return datetime.date.fromordinal(datetime.date(1970, 1, 1).toordinal() + day).isoformat()
