// When a quota runs out, if calls go on as they did.
import type { QuotaSettings } from "../api/usagePlans";
import { type Day, dayOf, plusDays, startOf } from "./time";

const DAY_MILLIS = 86_400_000;

/** A period of a quota: its first day, and the day after its last. */
export interface Period {
  first: Day;
  end: Day;
}

/** The period that a moment falls in, in UTC: weeks begin `offset` days after Sunday, months `offset` days after the 1st. */
export function periodAt(quota: QuotaSettings, millis: number): Period {
  const day = dayOf(millis);
  const offset = quota.offset ?? 0;
  switch (quota.period) {
    case "DAY":
      return { first: day, end: plusDays(day, 1) };
    case "WEEK": {
      const into = (new Date(startOf(day)).getUTCDay() - offset + 7) % 7;
      const first = plusDays(day, -into);
      return { first, end: plusDays(first, 7) };
    }
    case "MONTH": {
      const at = new Date(startOf(day) - offset * DAY_MILLIS);
      const month = (count: number): Day =>
        plusDays(dayOf(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + count, 1)), offset);
      return { first: month(0), end: month(1) };
    }
  }
}

export interface Forecast {
  /** Calls a day at the present pace. */
  pace: number;
  /** When nothing is left; `null` where the period ends first. */
  runsOutAt: number | null;
}

/** What comes of a quota at the pace of its period so far. `null` before anything was used. */
export function forecast(used: number, remaining: number, period: Period, now: number): Forecast | null {
  const elapsed = now - startOf(period.first);
  if (used <= 0 || elapsed <= 0) return null;
  const perMilli = used / elapsed;
  const runsOutAt = now + remaining / perMilli;
  return { pace: perMilli * DAY_MILLIS, runsOutAt: runsOutAt < startOf(period.end) ? runsOutAt : null };
}
