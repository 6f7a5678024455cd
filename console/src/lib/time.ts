// Times in the viewer's zone, with UTC beside them: quotas turn at 00:00 UTC, wherever the viewer is.

const local = new Intl.DateTimeFormat(undefined, {
  year: "numeric",
  month: "short",
  day: "numeric",
  hour: "numeric",
  minute: "2-digit",
  second: "2-digit",
  timeZoneName: "short",
});
const brief = new Intl.DateTimeFormat(undefined, {
  month: "short",
  day: "numeric",
  hour: "numeric",
  minute: "2-digit",
});
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });

/** With the name of the viewer's zone: `Nov 22, 2026, 1:00:00 PM GMT+1`. */
export const localTime = (millis: number): string => local.format(new Date(millis));

/** For axes, whose title has the zone: `Nov 22, 1:00 PM`. */
export const localBrief = (millis: number): string => brief.format(new Date(millis));

/** The viewer's zone at a moment: `GMT+1`. */
export const localZone = (millis: number): string =>
  local.formatToParts(new Date(millis)).find(({ type }) => type === "timeZoneName")?.value ?? "";

export const localClock = (millis: number): string => clock.format(new Date(millis));

/** `2026-11-22 12:00:00 UTC` */
export const utcTime = (millis: number): string =>
  `${new Date(millis).toISOString().slice(0, 19).replace("T", " ")} UTC`;

/** A day of the ledger: `2026-11-22`, in UTC. */
export type Day = string;

const DAY_MILLIS = 86_400_000;

export const dayOf = (millis: number): Day => new Date(millis).toISOString().slice(0, 10);

export const today = (): Day => dayOf(Date.now());

export const startOf = (day: Day): number => Date.parse(`${day}T00:00:00Z`);

export const plusDays = (day: Day, count: number): Day => dayOf(startOf(day) + count * DAY_MILLIS);

/** Every day from the first to the last, both included. */
export function days(first: Day, last: Day): Day[] {
  const found: Day[] = [];
  for (let day = first; day <= last; day = plusDays(day, 1)) found.push(day);
  return found;
}

/** A span in the two largest of its units: `2 h 5 min`. */
export function span(millis: number): string {
  const seconds = Math.max(0, Math.ceil(millis / 1000));
  const units: [number, string][] = [
    [Math.floor(seconds / 86_400), "d"],
    [Math.floor(seconds / 3600) % 24, "h"],
    [Math.floor(seconds / 60) % 60, "min"],
    [seconds % 60, "s"],
  ];
  const first = units.findIndex(([count]) => count > 0);
  if (first < 0) return "0 s";
  return units
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(" ");
}
