"""Somebody who changes plans and keys all the time, and remembers what was acknowledged."""

import threading
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError
from urllib3.exceptions import HTTPError

from arrange import change_plan, replace
from callers import Connection

UNKNOWN = (BotoCoreError, HTTPError, OSError)
"""The answer was lost with the process: the change may be made or not."""


class Editor(threading.Thread):
    """Runs until it is told to stop. Its `client` is replaced when the process is."""

    def __init__(self, ordeal, dice):
        super().__init__(daemon=True)
        self.ordeal, self.dice = ordeal, dice
        self.client = ordeal.tollgate.client()
        self.turn, self.stopped = threading.RLock(), threading.Event()
        self.made, self.refused, self.unknown, self.wrong = {}, set(), set(), []
        self.limits = {"edited": {plan.limit for plan in ordeal.plan_of.values() if plan.name == "edited"}, "enabled": {True}}
        self.deployed = None
        self.numbers = self.calls = 0

    def run(self):
        while not self.stopped.is_set():
            with self.turn:
                try:
                    self.dice.choice([self.add_key, self.add_key, self.edit_limit, self.toggle, self.redeploy])()
                except Exception as failure:  # noqa: BLE001 - told at the end
                    self.wrong.append(repr(failure))
            self.stopped.wait(0.03)

    @contextmanager
    def paused(self):
        with self.turn:
            yield

    def attempt(self, change):
        """`"made"`, `"refused"` or `"unknown"`, and what was answered."""
        try:
            return "made", change(self.client)
        except ClientError as refused:
            status, code = refused.response["ResponseMetadata"]["HTTPStatusCode"], refused.response["Error"]["Code"]
            if (status, code) != (503, "ServiceUnavailableException"):
                self.wrong.append(f"a change was answered {status} {code}: {refused}")
            return "refused", None
        except UNKNOWN:
            return "unknown", None

    def add_key(self):
        self.numbers += 1
        name = f"made-{self.numbers}"
        outcome, answer = self.attempt(lambda client: client.create_api_key(name=name, enabled=True))
        if outcome == "made":
            self.made[name] = answer["id"]
        else:
            (self.refused if outcome == "refused" else self.unknown).add(name)
        return outcome

    def could_write(self):
        return self.add_key() == "made"

    def edit_limit(self):
        limit = self.dice.randint(500, 2000)
        outcome, _ = self.attempt(
            lambda client: change_plan(client, self.ordeal.ids["edited"], replace("/quota/limit", limit))
        )
        self._remember("edited", outcome, limit)

    def toggle(self):
        """A key that is disabled is refused by the time the answer is there, and stays so."""
        enabled = self.dice.random() < 0.5
        key, edit = self.ordeal.key_ids["toggled-0"], replace("/enabled", str(enabled).lower())
        outcome, _ = self.attempt(lambda client: client.update_api_key(apiKey=key.id, patchOperations=[edit]))
        self._remember("enabled", outcome, enabled)
        if outcome == "made":
            self._check_toggled(enabled)

    def _check_toggled(self, enabled):
        self.calls += 1
        name, day = f"editor.{self.calls}", self.ordeal.day
        try:
            connection = Connection(self.ordeal.tollgate.gateway, timeout=10)
            key = self.ordeal.keys["toggled-0"]
            answer = connection.call(self.ordeal.api.path(), key=key.value, headers={"x-call": name})
            connection.close()
        except Exception:  # noqa: BLE001 - whatever a killed process leaves of a connection
            self.ordeal.own_cut.append((name, "toggled-0", day, day))
            return
        if answer.status == 200:
            self.ordeal.own["toggled-0", day, day, "200"] += 1
        if not enabled and answer.status != 403:
            self.wrong.append(f"a disabled key was answered {answer.status}")
        if enabled and answer.status == 403:
            self.wrong.append("an enabled key was refused")

    def redeploy(self):
        api = self.ordeal.api
        outcome, answer = self.attempt(lambda client: client.create_deployment(restApiId=api.id, stageName=api.stage))
        if outcome != "refused":
            # After an answer that was lost nobody knows which one the stage has.
            self.deployed = answer["id"] if outcome == "made" else None

    def _remember(self, what, outcome, value):
        """What it may be now: one value once acknowledged, one of several after answers that were lost."""
        before = self.limits[what]
        self.limits[what] = {"made": {value}, "refused": before, "unknown": before | {value}}[outcome]

    def check_state(self, client):
        """What was acknowledged is there, and what was refused is not."""
        there = {}
        for page in client.get_paginator("get_api_keys").paginate(limit=500):
            there.update({key["name"]: key["id"] for key in page["items"]})
        lost = {name for name, key in self.made.items() if there.get(name) != key}
        assert not lost, f"acknowledged keys are lost: {lost}"
        half_done = self.refused & set(there)
        assert not half_done, f"keys are there whose making was refused: {half_done}"
        plan = client.get_usage_plan(usagePlanId=self.ordeal.ids["edited"])
        limits = self.limits["edited"]
        assert plan["quota"]["limit"] in limits, f"the plan has {plan['quota']}, not one of {limits}"
        enabled = client.get_api_key(apiKey=self.ordeal.key_ids["toggled-0"].id)["enabled"]
        may_be = self.limits["enabled"]
        assert enabled in may_be, f"enabled is {enabled}, not one of {may_be}"
        api = self.ordeal.api
        stage = client.get_stage(restApiId=api.id, stageName=api.stage)
        assert self.deployed in (None, stage["deploymentId"]), f"the stage lost deployment {self.deployed}: {stage}"
        assert not self.wrong, self.wrong

    def settle(self):
        """Gives the day its final limits."""
        self.check_state(self.client)
        final = next(plan.limit for plan in self.ordeal.plan_of.values() if plan.name == "edited")
        change_plan(self.client, self.ordeal.ids["edited"], replace("/quota/limit", final))
        self.limits["edited"] = {final}
        self.client.update_api_key(
            apiKey=self.ordeal.key_ids["toggled-0"].id, patchOperations=[replace("/enabled", "true")]
        )
        self.limits["enabled"] = {True}
