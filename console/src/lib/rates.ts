// Rates, from counts that only grow.
import type { Reading } from "../api/operator";

/** Calls a second between two readings, at the time of the later one. */
export interface Rates {
  at: number;
  answered: number;
  admitted: number;
  throttled: number;
  quotaExceeded: number;
  errors: number;
}

/** The rates between readings. A count that fell began anew: the node was started again. */
export function rates(readings: Reading[]): Rates[] {
  return readings.slice(1).flatMap((later, index) => {
    const earlier = readings[index];
    if (earlier === undefined || later.at <= earlier.at || later.answered < earlier.answered) return [];
    const seconds = (later.at - earlier.at) / 1000;
    const rate = (of: (reading: Reading) => number): number => Math.max(0, of(later) - of(earlier)) / seconds;
    return [
      {
        at: later.at,
        answered: rate((reading) => reading.answered),
        admitted: rate((reading) => reading.admitted),
        throttled: rate((reading) => reading.throttled),
        quotaExceeded: rate((reading) => reading.quotaExceeded),
        errors: rate((reading) => reading.serverErrors),
      },
    ];
  });
}

/** Every so many-th reading, the last one among them, so that a long history is a chart of few points. */
export function thin(readings: Reading[], points: number): Reading[] {
  const step = Math.max(1, Math.ceil(readings.length / points));
  return readings.filter((_, index) => (readings.length - 1 - index) % step === 0);
}
