// Usage plans and the keys in them.
import { all, call, type Page } from "./client";
import type { ApiKey } from "./apiKeys";
import type { PatchOperation } from "./patch";

export type QuotaPeriod = "DAY" | "WEEK" | "MONTH";

export interface ThrottleSettings {
  rateLimit?: number;
  burstLimit?: number;
}

export interface QuotaSettings {
  limit: number;
  offset?: number;
  period: QuotaPeriod;
}

export interface ApiStage {
  apiId: string;
  stage: string;
  /** By `{resource path}/{METHOD}`. */
  throttle?: Record<string, ThrottleSettings>;
}

export interface UsagePlan {
  id: string;
  name: string;
  description?: string;
  apiStages?: ApiStage[];
  throttle?: ThrottleSettings;
  quota?: QuotaSettings;
  tags?: Record<string, string>;
}

export type NewUsagePlan = Omit<UsagePlan, "id">;

/** A key as a plan lists it. */
export interface UsagePlanKey {
  id: string;
  type: string;
  value?: string;
  name?: string;
}

export const listUsagePlans = (keyId?: string): Promise<UsagePlan[]> => all("/usageplans", { keyId });

export const getUsagePlan = (id: string): Promise<UsagePlan> => call(`/usageplans/${id}`);

export const createUsagePlan = (plan: NewUsagePlan): Promise<UsagePlan> =>
  call("/usageplans", { method: "POST", body: plan });

export const updateUsagePlan = (id: string, patchOperations: PatchOperation[]): Promise<UsagePlan> =>
  call(`/usageplans/${id}`, { method: "PATCH", body: { patchOperations } });

export const deleteUsagePlan = (id: string): Promise<void> => call(`/usageplans/${id}`, { method: "DELETE" });

export interface KeyListQuery {
  position?: string | undefined;
  limit: number;
  nameQuery?: string | undefined;
}

export const listPlanKeys = (plan: string, { position, limit, nameQuery }: KeyListQuery): Promise<Page<UsagePlanKey>> =>
  call(`/usageplans/${plan}/keys`, { query: { position, limit, name: nameQuery } });

export const addPlanKey = (plan: string, key: ApiKey["id"]): Promise<UsagePlanKey> =>
  call(`/usageplans/${plan}/keys`, { method: "POST", body: { keyId: key, keyType: "API_KEY" } });

export const removePlanKey = (plan: string, key: ApiKey["id"]): Promise<void> =>
  call(`/usageplans/${plan}/keys/${key}`, { method: "DELETE" });
