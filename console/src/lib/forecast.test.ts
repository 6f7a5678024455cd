import { describe, expect, it } from "vitest";
import { forecast, periodAt } from "./forecast";

const at = (text: string): number => Date.parse(text);

describe("periods", () => {
  it("turn at 00:00 UTC", () => {
    expect(periodAt({ limit: 1, period: "DAY" }, at("2026-11-22T23:59:59Z"))).toEqual({
      first: "2026-11-22",
      end: "2026-11-23",
    });
  });

  it("of a week begin on its offset after Sunday", () => {
    // 2026-11-22 is a Sunday.
    const week = (offset: number) => periodAt({ limit: 1, period: "WEEK", offset }, at("2026-11-22T12:00:00Z")).first;
    expect([week(0), week(1), week(6)]).toEqual(["2026-11-22", "2026-11-16", "2026-11-21"]);
  });

  it("of a month begin on its offset after the first", () => {
    const month = (offset: number, day: string) =>
      periodAt({ limit: 1, period: "MONTH", offset }, at(`${day}T00:00:00Z`));
    expect(month(0, "2026-02-28")).toEqual({ first: "2026-02-01", end: "2026-03-01" });
    expect(month(9, "2026-01-05")).toEqual({ first: "2025-12-10", end: "2026-01-10" });
  });
});

describe("a forecast", () => {
  const period = { first: "2026-11-22", end: "2026-11-23" };

  it("says when nothing is left", () => {
    expect(forecast(60, 30, period, at("2026-11-22T12:00:00Z"))).toEqual({
      pace: 120,
      runsOutAt: at("2026-11-22T18:00:00Z"),
    });
  });

  it("says that it lasts", () => {
    expect(forecast(10, 90, period, at("2026-11-22T12:00:00Z"))?.runsOutAt).toBeNull();
  });

  it("says nothing of a period without calls", () => {
    expect(forecast(0, 100, period, at("2026-11-22T12:00:00Z"))).toBeNull();
  });
});
