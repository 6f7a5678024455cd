// The gateway's readings, the new ones added to those that are here already.
import { useQuery } from "@tanstack/react-query";
import { useRef } from "react";
import { getTraffic, type Reading } from "../../api/operator";
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
}

export function useRates(): LiveRates {
  const kept = useRef<Reading[]>([]);
  const { data = [], error } = useQuery({
    queryKey: ["traffic"],
    queryFn: async () => {
      const traffic = await getTraffic(kept.current.at(-1)?.at);
      const all = [...kept.current, ...traffic.readings];
      kept.current = all.filter((reading) => reading.at > traffic.now - WINDOW_MILLIS);
      return kept.current;
    },
    refetchInterval: 2_000,
    gcTime: 0,
  });
  const [first, last] = [data.slice(-NOW_READINGS).at(0), data.at(-1)];
  return {
    now: first && last ? rates([first, last])[0] : undefined,
    history: rates(thin(data, POINTS)),
    totals: last,
    error,
  };
}
