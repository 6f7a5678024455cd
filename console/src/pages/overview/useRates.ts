// The gateway's readings, the new ones added to those that are here already.
import { useQuery } from "@tanstack/react-query";
import { useRef } from "react";
import { getTraffic, type Reading } from "../../api/operator";
import { percentile } from "../../lib/latency";
import { type Rates, rates, thin } from "../../lib/rates";

/** How long the chart looks back. */
const WINDOW_MILLIS = 15 * 60 * 1000;
/** Points of the chart. */
const POINTS = 90;
/** Seconds that "now" is averaged over. */
const NOW_READINGS = 6;

export interface LiveRates {
  now: Rates | undefined;
  history: Rates[];
  error: Error | null;
  totals: Reading | undefined;
  /** Milliseconds within which half of the calls, and nearly all of them, were answered just now. */
  latency: { median: number | null; p99: number | null };
}

export function useRates(): LiveRates {
  const kept = useRef<Reading[]>([]);
  const { data, error } = useQuery({
    queryKey: ["traffic"],
    queryFn: async () => {
      const traffic = await getTraffic(kept.current.at(-1)?.at);
      const all = [...kept.current, ...traffic.readings];
      kept.current = all.filter((reading) => reading.at > traffic.now - WINDOW_MILLIS);
      return { readings: kept.current, bounds: traffic.latencyBoundsMicros };
    },
    refetchInterval: 2_000,
    gcTime: 0,
  });
  const readings = data?.readings ?? [];
  const [first, last] = [readings.slice(-NOW_READINGS).at(0), readings.at(-1)];
  const within = (share: number): number | null =>
    first && last ? percentile(first, last, data?.bounds ?? [], share) : null;
  return {
    now: first && last ? rates([first, last])[0] : undefined,
    history: rates(thin(readings, POINTS)),
    totals: last,
    latency: { median: within(0.5), p99: within(0.99) },
    error,
  };
}
