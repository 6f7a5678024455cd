// How a quota burns down: what was left at the end of each day, what is left now, and what follows at this pace.
import type { Forecast, Period } from "./forecast";
import { plusDays, startOf } from "./time";
import type { DayUsage } from "./usageTable";

interface Point {
  x: Date;
  y: number;
}

export interface BurnDown {
  past: Point[];
  /** From now to where it runs out, or to the end of the period. */
  forecast: Point[];
}

export function burnDown(
  days: DayUsage[],
  remaining: number,
  coming: Forecast | null,
  period: Period,
  now: number,
): BurnDown {
  const used = days.reduce((sum, day) => sum + day.used, 0);
  const past: Point[] = [{ x: new Date(startOf(period.first)), y: remaining + used }];
  let left = remaining + used;
  for (const day of days) {
    left -= day.used;
    past.push({ x: new Date(Math.min(startOf(plusDays(day.day, 1)), now)), y: left });
  }
  if (coming === null || remaining === 0) return { past, forecast: [] };
  const end = startOf(period.end);
  const last: Point =
    coming.runsOutAt === null
      ? { x: new Date(end), y: Math.max(0, remaining - (coming.pace * (end - now)) / 86_400_000) }
      : { x: new Date(coming.runsOutAt), y: 0 };
  return { past, forecast: [{ x: new Date(now), y: remaining }, last] };
}
