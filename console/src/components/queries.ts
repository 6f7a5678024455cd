// What several pages ask of the server, under one name each, so that a change made on one page shows on the others.
import { type QueryClient, useQuery, type UseQueryResult } from "@tanstack/react-query";
import { type Finding, getNode, listFindings, type NodeDescription } from "../api/operator";
import { listRestApis, listStages, type RestApi, type Stage } from "../api/restApis";
import { listUsagePlans, type UsagePlan } from "../api/usagePlans";

export const PLANS = ["usage-plans"];
export const KEYS = ["api-keys"];
export const APIS = ["rest-apis"];
export const USAGE = ["usage"];
export const FINDINGS = ["findings"];

export const usePlans = (): UseQueryResult<UsagePlan[]> =>
  useQuery({ queryKey: [...PLANS, "list"], queryFn: () => listUsagePlans() });

export const useApis = (): UseQueryResult<RestApi[]> =>
  useQuery({ queryKey: [...APIS, "list"], queryFn: listRestApis });

export interface StageOfApi {
  api: RestApi;
  stage: Stage;
}

/** Every stage of every API. */
export const useStages = (): UseQueryResult<StageOfApi[]> =>
  useQuery({
    queryKey: [...APIS, "stages"],
    queryFn: async () => {
      const apis = await listRestApis();
      const stages = await Promise.all(
        apis.map(async (api) => (await listStages(api.id)).map((stage) => ({ api, stage }))),
      );
      return stages.flat();
    },
  });

export const useFindings = (enabled = true): UseQueryResult<Finding[]> =>
  useQuery({ queryKey: FINDINGS, queryFn: listFindings, refetchInterval: 15_000, enabled });

export const useNode = (): UseQueryResult<NodeDescription> =>
  useQuery({ queryKey: ["node"], queryFn: getNode, staleTime: 60_000 });

/** Has everything that a change may show in read anew. */
export async function refresh(queries: QueryClient, ...keys: string[][]): Promise<void> {
  await Promise.all([...keys, FINDINGS].map((queryKey) => queries.invalidateQueries({ queryKey })));
}
