"""What became of all calls: by the callers' own count, against what the ledger says and the quotas allow."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from torture.clock import day_name


@dataclass
class Line:
    """The calls of one key in one period."""

    sure: int = 0
    """Admitted in this period, and no other."""
    either: int = 0
    """Admitted in this period or in a neighbour: the calls were under way as it changed."""
    lost: int = 0
    """Cut off, and not seen by the upstream: admitted or not, nobody knows."""


@dataclass
class Books:
    """`period_of(key, day)` says to which of its periods a day of a key belongs."""

    period_of: object
    lines: dict = field(default_factory=lambda: defaultdict(Line))
    days: dict = field(default_factory=lambda: defaultdict(Line))
    answers: Counter = field(default_factory=Counter)
    admitted: int = 0

    def enter(self, reports, seen):
        """Takes the reports of callers, and the names of the calls that the upstream saw."""
        assert all(times == 1 for times in seen.values()), "a call reached the upstream twice"
        for answers, cut in reports:
            for key, first, last, answer, times in answers:
                self.answers[answer] += times
                if answer == "200":
                    self._admit(key, first, last, times)
            for name, key, first, last in cut:
                if name in seen:
                    self._admit(key, first, last, 1)
                else:
                    self._each(key, first, last, lambda line: setattr(line, "lost", line.lost + 1))
        assert self.admitted == len(seen), f"callers know of {self.admitted} calls, the upstream of {len(seen)}"

    def _admit(self, key, first, last, times):
        self.admitted += times
        for table, name in ((self.lines, lambda day: self.period_of(key, day)), (self.days, lambda day: day)):
            touched = {(key, name(day)) for day in range(first, last + 1)}
            for at in touched:
                if len(touched) == 1:
                    table[at].sure += times
                else:
                    table[at].either += times

    def _each(self, key, first, last, note):
        for at in {(key, self.period_of(key, day)) for day in range(first, last + 1)}:
            note(self.lines[at])
        for day in range(first, last + 1):
            note(self.days[key, day])

    def check_quota(self, key, period, limit, deaths, used_up):
        """No call too many; and where the quota was used up, no unit is missing but what deaths may strand."""
        line = self.lines[key, period]
        where = f"{key} in period {period}: {line}, limit {limit}, {deaths} deaths"
        assert line.sure <= limit, f"over-admitted: {where}"
        stranded = limit - (line.sure + line.either + line.lost)
        bound = deaths * max(1, limit // 100)
        if not used_up:
            return 0, 0
        assert stranded <= bound, f"{stranded} units are stranded, {bound} may be: {where}"
        return max(0, stranded), bound

    def check_ledger(self, key, day, used):
        """The ledger never has a call that was not admitted. Returns how many calls it has not."""
        line = self.days[key, day]
        most = line.sure + line.either + line.lost
        assert used <= most, f"the ledger has {used} calls of {key} on {day_name(day)}, and there were {line}"
        return max(0, line.sure - used)
