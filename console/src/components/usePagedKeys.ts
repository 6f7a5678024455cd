// Keys, a page of the server's at a time: a million of them are never here at once.
import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { Page } from "../api/client";
import type { KeyListQuery } from "../api/usagePlans";

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

/** Positions are opaque, so a page is reached by those before it; what was reached is remembered. */
export function usePagedKeys<T>(
  queryKey: readonly unknown[],
  limit: number,
  nameQuery: string,
  read: (query: KeyListQuery) => Promise<Page<T>>,
): PagedKeys<T> {
  const [walk, setWalk] = useState<{ of: string; positions: (string | undefined)[]; at: number }>({
    of: nameQuery,
    positions: [undefined],
    at: 1,
  });
  const current = walk.of === nameQuery ? walk : { of: nameQuery, positions: [undefined], at: 1 };
  const queries = useQueryClient();
  const position = current.positions[current.at - 1];
  const page = useQuery({
    queryKey: [...queryKey, "page", nameQuery, position ?? ""],
    queryFn: () => read({ position, limit, nameQuery }),
    placeholderData: keepPreviousData,
  });
  const next = page.data?.position;
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
