// Numbers as people read them.

const grouped = new Intl.NumberFormat(undefined, { maximumFractionDigits: 2 });
const short = new Intl.NumberFormat(undefined, { notation: "compact", maximumFractionDigits: 1 });

export const count = (value: number): string => grouped.format(value);

/** A rate: as many digits as say something. */
export const rate = (value: number): string =>
  grouped.format(value < 100 ? Math.round(value * 10) / 10 : Math.round(value));

/** For axes: `1.5K`. */
export const compact = (value: number): string => short.format(value);

export const plural = (value: number, noun: string): string => `${count(value)} ${noun}${value === 1 ? "" : "s"}`;

/** How long: `1.5 s`. */
export const seconds = (millis: number): string => `${rate(millis / 1000)} s`;
