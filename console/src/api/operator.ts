// What an operator asks of a node beyond AWS's operations.
import { call } from "./client";

const ROOT = "/tollgate/v1";

export interface NodeDescription {
  version?: string;
  gateway?: string;
  gatewayTls?: string;
  region: string;
  accountId: string;
}

/** Counts that only grow, at one moment (milliseconds since 1970). */
export interface Reading {
  at: number;
  answered: number;
  admitted: number;
  throttled: number;
  quotaExceeded: number;
  refused: number;
  clientErrors: number;
  serverErrors: number;
  /** Calls by how long they took: a count for each bound, and one for what took longer. */
  latency: number[];
}

export interface Traffic {
  now: number;
  /** The upper ends of the buckets of `latency`. */
  latencyBoundsMicros: number[];
  readings: Reading[];
}

export interface BusyPlan {
  usagePlanId: string;
  name: string | null;
  calls: number;
  keys: number;
}

export interface BusyKey {
  keyId: string;
  name: string | null;
  usagePlanId: string;
  planName: string | null;
  calls: number;
}

export interface Busiest {
  day: string;
  plans: BusyPlan[];
  keys: BusyKey[];
}

export interface NearQuota {
  keyId: string;
  name: string | null;
  usagePlanId: string;
  planName: string;
  used: number;
  limit: number;
  period: string;
  resetsOn: string;
}

export type Finding =
  | { kind: "UnlimitedPlan" | "PlanWithoutStage"; usagePlanId: string; name: string }
  | {
      kind: "StageWithOpenMethods";
      apiId: string;
      apiName: string;
      stage: string;
      methods: string[];
      all: boolean;
      plans: string[];
    }
  | { kind: "UndeployedKeyRequirement"; apiId: string; apiName: string; stage: string; methods: string[] }
  | { kind: "BucketsOutOfReach"; nodes: string[] }
  | { kind: "KeyInNoPlan"; keyId: string; name: string | null };

export interface RefusedCall {
  requestId: string;
  at: number;
  status: number;
  level: string;
  reason: string;
  apiId: string | null;
  apiName: string | null;
  stage: string | null;
  method: string;
  path: string;
  resourcePath: string | null;
  keyId: string | null;
  keyName: string | null;
  keyEnabled: boolean | null;
  usagePlanId: string | null;
  planName: string | null;
  clearsAt: number | null;
  bucket: { burstLimit: number; tokens: number; fullInMillis: number } | null;
  quota: { limit: number; remaining: number; resetsAt: number } | null;
}

export interface Extension {
  keyId: string;
  keyName: string | null;
  at: number;
  remaining: number;
  author: string;
  reason: string | null;
}

export interface StageCall {
  apiId: string;
  stage: string;
  method: string;
  path: string;
  keyId?: string | undefined;
  headers?: Record<string, string>;
  body?: string;
}

export interface StageAnswer {
  status: number;
  headers: [string, string][];
  body: string;
  cut: boolean;
  latencyMillis: number;
}

/** One of the nodes that share a store. */
export interface ServingNode {
  id: string;
  name: string;
  version: string;
  management: string;
  /** Seconds since 1970. */
  startedDate: number;
  alive: boolean;
  /** Milliseconds since it was heard of. */
  silentFor: number;
  /** The last change that is in force there. */
  revision: number;
  /** Changes that are not. */
  behind: number;
  /** Milliseconds since the first of those was made. */
  lag: number;
}

interface Items<T> {
  item: T[];
}

export const getNode = (): Promise<NodeDescription> => call(`${ROOT}/node`);

export const listNodes = async (): Promise<ServingNode[]> => (await call<Items<ServingNode>>(`${ROOT}/nodes`)).item;

export const getTraffic = (since?: number): Promise<Traffic> => call(`${ROOT}/traffic`, { query: { since } });

export const getBusiest = (): Promise<Busiest> => call(`${ROOT}/busiest`);

export const listNearQuota = async (): Promise<NearQuota[]> =>
  (await call<Items<NearQuota>>(`${ROOT}/near-quota`)).item;

export const listFindings = async (): Promise<Finding[]> => (await call<Items<Finding>>(`${ROOT}/findings`)).item;

export const listRefusals = async (keyId?: string): Promise<RefusedCall[]> =>
  (await call<Items<RefusedCall>>(`${ROOT}/refusals`, { query: { keyId } })).item;

export const getRefusal = (requestId: string): Promise<RefusedCall> =>
  call(`${ROOT}/refusals/${encodeURIComponent(requestId)}`);

export const listExtensions = async (plan: string): Promise<Extension[]> =>
  (await call<Items<Extension>>(`${ROOT}/usageplans/${plan}/extensions`)).item;

export const callStage = (stageCall: StageCall): Promise<StageAnswer> =>
  call(`${ROOT}/stage-calls`, { method: "POST", body: stageCall });
