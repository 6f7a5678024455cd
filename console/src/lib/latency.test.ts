import { describe, expect, it } from "vitest";
import type { Reading } from "../api/operator";
import { latencyText, percentile } from "./latency";

const BOUNDS = [1000, 2000, 4000];

const reading = (latency: number[]): Reading => ({
  at: 0,
  answered: 0,
  admitted: 0,
  throttled: 0,
  quotaExceeded: 0,
  refused: 0,
  clientErrors: 0,
  serverErrors: 0,
  latency,
});

describe("a percentile", () => {
  const before = reading([5, 0, 0, 0]);

  it("is of what came between", () => {
    const after = reading([5, 10, 10, 0]);
    expect(percentile(before, after, BOUNDS, 0.5)).toBe(2);
    expect(percentile(before, after, BOUNDS, 0.75)).toBe(3);
  });

  it("of what is beyond all bounds is the last of them", () => {
    expect(percentile(before, reading([5, 0, 0, 3]), BOUNDS, 0.99)).toBe(4);
  });

  it("of nothing is nothing, also where a stage took its counts along", () => {
    expect(percentile(before, before, BOUNDS, 0.5)).toBeNull();
    expect(percentile(before, reading([0, 0, 0, 0]), BOUNDS, 0.5)).toBeNull();
  });
});

it("is told in the unit that suits it", () => {
  expect([null, 0.25, 12.4, 1500].map(latencyText)).toEqual(["–", "0.3 ms", "12 ms", "1.5 s"]);
});
