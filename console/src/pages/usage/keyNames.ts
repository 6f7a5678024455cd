// The names of a plan's keys: usage is told by their ids.
import { queryOptions, useQueries, useQuery } from "@tanstack/react-query";
import { getApiKey } from "../../api/apiKeys";
import { listPlanKeys, type UsagePlanKey } from "../../api/usagePlans";
import { KEYS, PLANS } from "../../components/queries";

export type KeyNames = ReadonlyMap<string, string>;

const PAGE = 500;

const entries = (keys: UsagePlanKey[]): [string, string][] => keys.map(({ id, name }) => [id, name ?? id]);

const nameOf = (keyId: string) =>
  queryOptions({
    queryKey: [...KEYS, keyId, "name"],
    // A key that was deleted has usage, and no name.
    queryFn: async (): Promise<[string, string]> => [
      keyId,
      await getApiKey(keyId).then(
        (key) => key.name ?? keyId,
        () => keyId,
      ),
    ],
    staleTime: 60_000,
  });

/** Names of the first keys of a plan, which are all keys of most plans, and of those that are asked for. */
export function useKeyNames(planId: string, keyIds: string[]): KeyNames {
  const { data: first } = useQuery({
    queryKey: [...PLANS, planId, "names"],
    queryFn: async () => new Map(entries((await listPlanKeys(planId, { limit: PAGE })).item)),
    staleTime: 60_000,
  });
  const others = first === undefined ? [] : keyIds.filter((id) => !first.has(id));
  const asked = useQueries({ queries: others.map(nameOf) });
  return new Map([...(first ?? []), ...asked.flatMap(({ data }) => (data ? [data] : []))]);
}

/** The name of one key, asked for where it is not known; its id until then. */
export function useKeyName(keyId: string, known: string | undefined): string {
  const { data } = useQuery({ ...nameOf(keyId), enabled: known === undefined });
  return known ?? data?.[1] ?? keyId;
}

/** The names of all keys of a plan, read page by page. */
export async function allKeyNames(planId: string): Promise<KeyNames> {
  const found: [string, string][] = [];
  let position: string | undefined;
  do {
    const page = await listPlanKeys(planId, { position, limit: PAGE });
    found.push(...entries(page.item));
    position = page.position;
  } while (position !== undefined);
  return new Map(found);
}
