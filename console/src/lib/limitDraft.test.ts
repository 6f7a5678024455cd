import { describe, expect, it } from "vitest";
import { draftErrors, draftOf, EMPTY_LIMITS, limitPatch, quotaOf, throttleOf } from "./limitDraft";

describe("a patch of limits", () => {
  const plan = { throttle: { rateLimit: 10, burstLimit: 20 }, quota: { limit: 1000, period: "DAY" as const } };

  it("of what did not change is empty", () => {
    expect(limitPatch(plan, draftOf(plan))).toEqual([]);
  });

  it("removes what was turned off", () => {
    const draft = { ...draftOf(plan), throttled: false, limited: false };
    expect(limitPatch(plan, draft)).toEqual([
      { op: "remove", path: "/throttle" },
      { op: "remove", path: "/quota" },
    ]);
  });

  it("names single members", () => {
    const draft = { ...draftOf(plan), rate: "0.5", period: "WEEK" as const, offset: "2" };
    expect(limitPatch(plan, draft)).toEqual([
      { op: "replace", path: "/throttle/rateLimit", value: "0.5" },
      { op: "replace", path: "/quota/period", value: "WEEK" },
      { op: "replace", path: "/quota/offset", value: "2" },
    ]);
  });

  it("adds what a plan had not", () => {
    expect(limitPatch({}, EMPTY_LIMITS).map((operation) => operation.path)).toEqual([
      "/throttle/rateLimit",
      "/throttle/burstLimit",
      "/quota/limit",
      "/quota/period",
    ]);
  });
});

it("leaves out what is turned off", () => {
  const off = { ...EMPTY_LIMITS, throttled: false, limited: false };
  expect([throttleOf(off), quotaOf(off)]).toEqual([undefined, undefined]);
  expect(draftErrors({ ...off, rate: "" })).toEqual({});
});

it("sends nothing that is no number", () => {
  expect(draftErrors({ ...EMPTY_LIMITS, rate: "", burst: "x" })).toEqual({
    rate: "The rate is a number.",
    burst: "The burst is a number.",
  });
});
