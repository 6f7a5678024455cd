// Usage of a plan, 500 keys at a time: the rest is read when it is asked for.
import { type InfiniteData, useInfiniteQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { getUsage, type Usage } from "../../api/usage";
import type { UsagePlan } from "../../api/usagePlans";
import { USAGE } from "../../components/queries";
import { joined } from "../../lib/usagePages";
import type { Range } from "./RangePicker";

/** Keys of one page; the ledger gives them in the order of their ids. */
const PAGE = 500;

export interface PlanUsage {
  data: Usage | undefined;
  error: Error | null;
  /** Whether keys are left that were not read. */
  more: boolean;
  reading: boolean;
  readAll: () => void;
  stop: () => void;
}

export function usePlanUsage(plan: UsagePlan, range: Range): PlanUsage {
  // What all keys are read of: another plan or other days begin with their first page again.
  const subject = `${plan.id} ${range.startDate} ${range.endDate}`;
  const [wanted, setWanted] = useState<string | null>(null);
  const query = useInfiniteQuery<Usage, Error, InfiniteData<Usage>, unknown[], string | undefined>({
    queryKey: [...USAGE, plan.id, "keys", range],
    initialPageParam: undefined,
    queryFn: ({ pageParam }) => getUsage(plan.id, { ...range, position: pageParam, limit: PAGE }),
    getNextPageParam: (page) => page.position,
    // A long report is not read anew by itself.
    refetchInterval: ({ state }) => ((state.data?.pages.length ?? 0) > 1 ? false : 15_000),
    refetchOnWindowFocus: false,
  });
  const all = wanted === subject;
  const { hasNextPage, isFetching, error, fetchNextPage } = query;
  const reading = all && hasNextPage && error === null;
  useEffect(() => {
    if (reading && !isFetching) void fetchNextPage();
  }, [reading, isFetching, fetchNextPage]);
  return {
    data: joined(query.data?.pages ?? []),
    error,
    more: hasNextPage,
    reading,
    readAll: () => setWanted(subject),
    stop: () => setWanted(null),
  };
}
