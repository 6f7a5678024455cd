import { expect, it } from "vitest";
import { burnDown } from "./burnDown";

const period = { first: "2026-11-22", end: "2026-11-29" };
const now = Date.parse("2026-11-23T12:00:00Z");
const days = [
  { day: "2026-11-22", used: 10, remaining: 90 },
  { day: "2026-11-23", used: 20, remaining: 70 },
];

it("steps down day by day to what is left now", () => {
  const { past } = burnDown(days, 70, null, period, now);
  expect(past.map(({ x, y }) => [x.toISOString(), y])).toEqual([
    ["2026-11-22T00:00:00.000Z", 100],
    ["2026-11-23T00:00:00.000Z", 90],
    ["2026-11-23T12:00:00.000Z", 70],
  ]);
});

it("goes on to nothing, or to the end", () => {
  const out = burnDown(days, 70, { pace: 70, runsOutAt: now + 86_400_000 }, period, now);
  expect(out.forecast.at(-1)).toEqual({ x: new Date(now + 86_400_000), y: 0 });
  const lasts = burnDown(days, 70, { pace: 10, runsOutAt: null }, period, now);
  expect(lasts.forecast.at(-1)?.y).toBeCloseTo(15);
  expect(burnDown(days, 0, { pace: 10, runsOutAt: null }, period, now).forecast).toEqual([]);
});
