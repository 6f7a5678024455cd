// How long calls took, from counts by bucket.
import type { Reading } from "../api/operator";

/** The time within which a share of the calls between two readings was answered, in milliseconds; `null` without calls. */
export function percentile(earlier: Reading, later: Reading, boundsMicros: number[], share: number): number | null {
  const counts = later.latency.map((count, bucket) => Math.max(0, count - (earlier.latency[bucket] ?? 0)));
  const wanted = share * counts.reduce((sum, count) => sum + count, 0);
  if (wanted === 0) return null;
  let passed = 0;
  for (const [bucket, count] of counts.entries()) {
    if (passed + count >= wanted) {
      const [from, to] = [boundsMicros[bucket - 1] ?? 0, boundsMicros[bucket] ?? boundsMicros.at(-1) ?? 0];
      // Within a bucket calls are taken to be spread evenly.
      return (from + ((to - from) * (wanted - passed)) / count) / 1000;
    }
    passed += count;
  }
  return null;
}

/** Milliseconds in the unit that suits them. */
export function latencyText(millis: number | null): string {
  if (millis === null) return "–";
  if (millis >= 1000) return `${(millis / 1000).toFixed(1)} s`;
  return `${millis.toFixed(millis < 10 ? 1 : 0)} ms`;
}
