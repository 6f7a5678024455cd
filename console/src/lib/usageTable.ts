// Usage as tables and series: by day, and by key.
import type { DayPair, Usage } from "../api/usage";
import { days, type Day } from "./time";

export interface DayUsage {
  day: Day;
  used: number;
  /** `null` without a quota. */
  remaining: number | null;
}

export interface KeyUsage {
  keyId: string;
  used: number;
  /** On the last day; `null` without a quota. */
  remaining: number | null;
  days: DayUsage[];
}

/** Usage by key, the busiest first. */
export function byKey(usage: Usage): KeyUsage[] {
  const range = days(usage.startDate, usage.endDate);
  return Object.entries(usage.values)
    .map(([keyId, pairs]) => {
      const list = pairs.map((pair, index) => dayUsage(range[index] ?? "", pair));
      const used = list.reduce((sum, day) => sum + day.used, 0);
      return { keyId, used, remaining: list.at(-1)?.remaining ?? null, days: list };
    })
    .toSorted((a, b) => b.used - a.used || (a.keyId < b.keyId ? -1 : 1));
}

function dayUsage(day: Day, [used, remaining]: DayPair): DayUsage {
  return { day, used, remaining: remaining < 0 ? null : remaining };
}

export interface Series {
  keyId: string | null;
  /** By day of the range. */
  used: number[];
}

/** The busiest keys one by one and all others as one (`null`), for a chart of few colours. */
export function busiest(keys: KeyUsage[], shown: number): Series[] {
  const series: Series[] = keys
    .slice(0, shown)
    .map((key) => ({ keyId: key.keyId, used: key.days.map((day) => day.used) }));
  const others = keys.slice(shown);
  const [first] = others;
  if (first === undefined) return series;
  const sums = first.days.map((_, index) => others.reduce((sum, key) => sum + (key.days[index]?.used ?? 0), 0));
  return [...series, { keyId: null, used: sums }];
}

/** Rows for a file: one for each key and day. */
export function usageRows(keys: KeyUsage[], names: ReadonlyMap<string, string>): (string | number)[][] {
  return keys.flatMap((key) =>
    key.days.map((day) => [key.keyId, names.get(key.keyId) ?? "", day.day, day.used, day.remaining ?? ""]),
  );
}
