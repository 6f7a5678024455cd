// The names of a few keys, for a chart's legend.
import { useQueries } from "@tanstack/react-query";
import { getApiKey } from "../../api/apiKeys";
import { KEYS } from "../../components/queries";

export function useKeyNames(planId: string, ids: string[]): ReadonlyMap<string, string> {
  return useQueries({
    queries: ids.map((id) => ({
      queryKey: [...KEYS, id, "name", planId],
      // A key that was deleted has usage, and no name.
      queryFn: async (): Promise<[string, string]> => [
        id,
        await getApiKey(id).then(
          (key) => key.name ?? id,
          () => id,
        ),
      ],
      staleTime: 60_000,
    })),
    combine: (results) => new Map(results.flatMap(({ data }) => (data ? [data] : []))),
  });
}
