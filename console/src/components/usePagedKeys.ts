// Keys, a page of the server's at a time: a million of them are never here at once.
import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import type { Page } from "../api/client";
import type { KeyListQuery } from "../api/usagePlans";
import { useKept } from "./useKept";

export interface PagedKeys<T> {
  items: T[] | undefined;
  error: Error | null;
  loading: boolean;
  pageIndex: number;
  pagesSeen: number;
  more: boolean;
  goTo: (page: number) => void;
  reload: () => void;
}

/** The way through the pages of one search: where each one begins, and which one is shown. */
interface Walk {
  of: string;
  /** `null` for the first page. */
  positions: (string | null)[];
  at: number;
}

/** Positions are opaque, so a page is reached by those before it; what was reached is remembered. */
export function usePagedKeys<T>(
  queryKey: readonly unknown[],
  limit: number,
  nameQuery: string,
  read: (query: KeyListQuery) => Promise<Page<T>>,
): PagedKeys<T> {
  const start: Walk = { of: nameQuery, positions: [null], at: 1 };
  const [walk, setWalk] = useKept<Walk>(`walk of ${queryKey.join(" ")}`, start);
  const current = walk.of === nameQuery ? walk : start;
  const queries = useQueryClient();
  const position = current.positions[current.at - 1] ?? undefined;
  const page = useQuery({
    queryKey: [...queryKey, "page", nameQuery, position ?? ""],
    queryFn: () => read({ position, limit, nameQuery }),
    placeholderData: keepPreviousData,
  });
  // The position of the page before leads nowhere in another search.
  const next = page.isPlaceholderData ? undefined : page.data?.position;
  return {
    items: page.data?.item,
    error: page.error,
    loading: page.isPending || page.isPlaceholderData,
    pageIndex: current.at,
    pagesSeen: Math.max(current.positions.length, current.at + (next === undefined ? 0 : 1)),
    more: next !== undefined,
    goTo: (at) => {
      const positions = [...current.positions];
      if (at === current.at + 1 && next !== undefined) positions[at - 1] = next;
      if (at <= positions.length) setWalk({ of: nameQuery, positions, at });
    },
    reload: () => void queries.invalidateQueries({ queryKey }),
  };
}
