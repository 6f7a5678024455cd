import { expect, it } from "vitest";
import { busiest, byKey, usageRows } from "./usageTable";

const usage = {
  usagePlanId: "p",
  startDate: "2026-11-30",
  endDate: "2026-12-01",
  values: {
    quiet: [
      [1, 9],
      [0, 9],
    ],
    busy: [
      [5, -1],
      [7, -1],
    ],
  } as Record<string, [number, number][]>,
};

it("names days across the end of a month and puts the busiest first", () => {
  const [busy, quiet] = byKey(usage);
  expect(busy).toMatchObject({ keyId: "busy", used: 12, remaining: null });
  expect(quiet?.days).toEqual([
    { day: "2026-11-30", used: 1, remaining: 9 },
    { day: "2026-12-01", used: 0, remaining: 9 },
  ]);
});

it("sums what has no colour of its own", () => {
  expect(busiest(byKey(usage), 1)).toEqual([
    { keyId: "busy", used: [5, 7] },
    { keyId: null, used: [1, 0] },
  ]);
  expect(busiest(byKey(usage), 2)).toHaveLength(2);
});

it("writes a row for each key and day", () => {
  expect(usageRows(byKey(usage), new Map([["busy", "Joe"]]))[0]).toEqual(["busy", "Joe", "2026-11-30", 5, ""]);
});
