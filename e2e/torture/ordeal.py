"""The ordeal of one Tollgate: load from several processes, and what a seed makes of kills, full disks and edits."""

import bisect
import multiprocessing
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field

import arrange
from callers import Connection
from harness import poll
from torture.clock import next_midnight
from torture.crowd import Key, Post, crowd, upstream
from torture.disk import forbid_writes
from torture.editor import Editor

PROCESSES, CONNECTIONS = 3, 8

CALLS_BEFORE_A_FAULT = (100, 600)
"""Calls that the upstream sees from one fault to the next."""

UNREPORTED = 0.5
"""Seconds that a call may be old which a death takes from the ledger: it is 0.2, and the machine may be busy."""


class Pace(threading.Thread):
    """Notes how many calls the upstream has seen by when."""

    def __init__(self, seen):
        super().__init__(daemon=True)
        self.seen, self.noted, self.stopped = seen, [(0, 0)], threading.Event()

    def run(self):
        while not self.stopped.wait(0.02):
            self.noted.append((time.monotonic(), self.seen.value))

    def since(self, moment):
        """Calls since then."""
        before = bisect.bisect_right(self.noted, moment, key=lambda noted: noted[0])
        return self.seen.value - self.noted[before - 1][1]


@dataclass(frozen=True)
class Plan:
    """A plan of the ordeal. `limit` is what its quota is when a day ends."""

    name: str
    limit: int | None
    period: str = "DAY"
    keys: int = 1

    def period_of(self, day):
        # 1970-01-04 was a Sunday.
        return (day - 3) // 7 if self.period == "WEEK" else day


PLANS = (
    Plan("large", 3000, keys=2),
    Plan("small", 100),
    Plan("single", 1),
    Plan("weekly", 5000, period="WEEK"),
    Plan("edited", 2500, keys=2),
    Plan("toggled", 1500),
    Plan("open", None),
)


@dataclass
class Ordeal:
    tollgate: object
    clock: object
    seed: int
    disk: object = None
    """The filesystem of the data directory, if it is one that can be filled."""
    deaths: Counter = field(default_factory=Counter)
    """By day."""
    faults: Counter = field(default_factory=Counter)
    used_up: set = field(default_factory=set)
    """Keys with the days at whose end their quotas were used up."""
    days: int = 0
    """Days that have ended."""
    most_missing: int = 0
    """How many calls the ledger may lack."""
    disk_failed: tuple = (float("-inf"), float("-inf"))
    """From when until when, the last time."""

    def __post_init__(self):
        spawn = multiprocessing.get_context("spawn")
        self.dice = random.Random(self.seed)
        self.seen, port = spawn.Value("q", 0), spawn.Value("i", 0)
        self.stop_upstream, self.said, self.saw = spawn.Event(), spawn.Queue(), spawn.Queue()
        shared = (port, self.seen, self.stop_upstream, self.saw)
        self.upstream = spawn.Process(target=upstream, args=shared, daemon=True)
        self.upstream.start()
        poll(lambda: port.value, within=30, what="the upstream")
        self.pace = Pace(self.seen)
        self.pace.start()
        self.post = Post(spawn.Value("i", 0), self.clock.low, self.clock.high, spawn.Event())
        self._arrange(f"http://127.0.0.1:{port.value}")
        self.callers = [
            spawn.Process(
                target=crowd,
                args=(n, self.seed, self.post, self.api.path(), list(self.keys.values()), CONNECTIONS, self.said),
                daemon=True,
            )
            for n in range(PROCESSES)
        ]
        self.own, self.own_cut = Counter(), []
        for process in self.callers:
            process.start()

    def _arrange(self, url):
        client = self.tollgate.client()
        self.api = arrange.an_api(client, type("Upstream", (), {"url": url}))
        self.ids, self.key_ids, self.keys, self.plan_of = {}, {}, {}, {}
        for plan in PLANS:
            quota = {"limit": plan.limit, "period": plan.period} if plan.limit else None
            self.ids[plan.name] = arrange.a_plan(client, self.api, quota=quota)
            for number in range(plan.keys):
                made, name = arrange.a_key(client, self.ids[plan.name]), f"{plan.name}-{number}"
                self.keys[name], self.key_ids[name], self.plan_of[name] = Key(name, made.value), made, plan
        self.editor = Editor(self, random.Random(f"{self.seed}/editor"))

    @property
    def day(self):
        return int(self.clock.now()) // 86400

    def period_of(self, key, day):
        return self.plan_of[key].period_of(day)

    def let_pass(self, calls):
        """Waits until the upstream has seen so many calls more."""
        until = self.seen.value + calls
        poll(lambda: self.seen.value >= until, within=60, what=f"{calls} more calls ({self.tollgate.log()[-2000:]})")

    # What may happen. Each leaves the process serving.

    def start(self):
        self.tollgate.start()
        self.post.port.value = self.tollgate.gateway[1]
        self.editor.client = self.tollgate.client()

    def kill(self):
        self._die()
        self.start()

    def _die(self):
        self.deaths[self.day] += 1
        now, (failed, mended) = time.monotonic(), self.disk_failed
        self.tollgate.kill()
        could_report_until = failed if now - mended < 1 else now
        self.most_missing += self.pace.since(could_report_until - UNREPORTED)
        self.post.port.value = 0

    def stop(self):
        assert self.tollgate.stop() == 0, self.tollgate.log()[-2000:]
        self.post.port.value = 0
        self.start()

    def take_over(self):
        old = self.tollgate.take_over()
        self.editor.client = self.tollgate.client()
        assert old.wait(30) == 0

    def start_on_a_read_only_disk(self):
        assert self.tollgate.stop() == 0
        self.post.port.value = 0
        self.disk.read_only(True)
        try:
            self.tollgate.refuses_to_start(because="Read-only file system")
        finally:
            self.disk.read_only(False)
        self.start()

    def fill_the_disk(self, then_kill=False):
        self.disk.fill()
        self._with_a_bad_disk(self.disk.free, then_kill)

    def forbid_writes(self, then_kill=False):
        process = self.tollgate.process
        forbid_writes(process, True)
        self._with_a_bad_disk(lambda: forbid_writes(process, False), then_kill)

    def _with_a_bad_disk(self, mend, then_kill):
        self.disk_failed = (time.monotonic(), float("inf"))
        # Calls of the plan without a quota are served whatever the disk does.
        self.let_pass(self.dice.randint(50, 150))
        if then_kill:
            self._die()
            mend()
            self.start()
        else:
            mend()
            poll(self.editor.could_write, within=10, what="a write once the disk is mended")
        self.disk_failed = (self.disk_failed[0], time.monotonic())

    def cycle(self):
        """One kill, and perhaps something before it."""
        faults = {
            "nothing": lambda: None,
            "stop": self.stop,
            "take-over": self.take_over,
            "writes forbidden": self.forbid_writes,
            "writes forbidden, then death": lambda: self.forbid_writes(then_kill=True),
        }
        if self.disk:
            faults["disk full"] = self.fill_the_disk
            faults["disk full, then death"] = lambda: self.fill_the_disk(then_kill=True)
            faults["start on a read-only disk"] = self.start_on_a_read_only_disk
        fault = self.dice.choice(list(faults))
        self.faults[fault] += 1
        self.let_pass(self.dice.randint(*CALLS_BEFORE_A_FAULT))
        before = sum(self.deaths.values())
        faults[fault]()
        if sum(self.deaths.values()) == before:
            self.let_pass(self.dice.randint(*CALLS_BEFORE_A_FAULT) // 4)
            self.kill()

    def end_day(self):
        """Goes on to the next day, having used up all quotas (on every other day) or in the midst of calls."""
        self.days += 1
        if self.days % 2:
            with self.editor.paused():
                self.editor.settle()
                for name, plan in self.plan_of.items():
                    if plan.limit:
                        self._use_up(name)
                self._cross_midnight()
        else:
            # With units on leases, draws on their way, and perhaps a death before anything was called back.
            self.let_pass(self.dice.randint(*CALLS_BEFORE_A_FAULT) // 4)
            # A change that was signed before the clock jumps would be refused after it.
            with self.editor.paused():
                self._cross_midnight()
            if self.dice.random() < 0.5:
                self.faults["death at midnight"] += 1
                self.kill()

    def _cross_midnight(self):
        today, midnight = self.day, next_midnight(self.clock.now())
        # Either the clock jumps, or midnight is lived through.
        self.clock.forward_to(midnight + 60 if self.dice.random() < 0.5 else midnight - 0.3)
        poll(lambda: self.day > today, within=5, what="the new day")
        self.editor.client = self.tollgate.client()

    def _use_up(self, name):
        connection = Connection(self.tollgate.gateway)
        for number in range(100_000):
            call = f"own.{name}.{self.day}.{number}"
            answer = connection.call(self.api.path(), self.keys[name].value, headers={"x-call": call})
            if answer.status == 200:
                self.own[name, self.day, self.day, "200"] += 1
                continue
            assert answer.json == {"message": "Limit Exceeded"}, answer
            self.used_up.add((name, self.day))
            break
        connection.close()

    def close(self):
        """Ends callers and upstream, and returns what they report."""
        self.pace.stopped.set()
        self.post.stop.set()
        reports = [self.said.get(timeout=60) for _ in self.callers]
        self.stop_upstream.set()
        seen = self.saw.get(timeout=60)
        for process in (*self.callers, self.upstream):
            process.join(30)
        own = [(*what, times) for what, times in self.own.items()]
        return [*reports, (own, self.own_cut)], seen

    def abandon(self):
        self.pace.stopped.set()
        for process in (*self.callers, self.upstream):
            process.kill()
            process.join(10)
