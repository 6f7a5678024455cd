// Usage of plans by keys, from the ledger that refuses.
import { call } from "./client";
import { replace } from "./patch";

/** Used and remaining, day by day; remaining is -1 without a quota. */
export type DayPair = [used: number, remaining: number];

export interface Usage {
  usagePlanId: string;
  startDate: string;
  endDate: string;
  values: Record<string, DayPair[]>;
  position?: string;
}

export interface UsageQuery {
  startDate: string;
  endDate: string;
  keyId?: string | undefined;
  position?: string | undefined;
  limit?: number | undefined;
}

export const getUsage = (plan: string, query: UsageQuery): Promise<Usage> =>
  call(`/usageplans/${plan}/usage`, { query: { ...query } });

/** Sets what a key has left of its current period. */
export const updateUsage = (plan: string, key: string, remaining: number, reason: string): Promise<Usage> =>
  call(`/usageplans/${plan}/keys/${key}/usage`, {
    method: "PATCH",
    body: { patchOperations: [replace("/remaining", remaining)] },
    reason,
  });
