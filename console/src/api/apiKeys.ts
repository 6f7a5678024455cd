// API keys.
import { call, type Page } from "./client";
import type { PatchOperation } from "./patch";
import type { KeyListQuery } from "./usagePlans";

export interface ApiKey {
  id: string;
  /** Only where it was asked for. */
  value?: string;
  name?: string;
  customerId?: string;
  description?: string;
  enabled: boolean;
  /** Seconds since 1970. */
  createdDate: number;
  lastUpdatedDate: number;
  tags?: Record<string, string>;
}

export interface NewApiKey {
  name: string;
  description?: string;
  customerId?: string;
  enabled: boolean;
  /** Made by the server where it is left out. */
  value?: string;
}

export interface ImportResult {
  ids: string[];
  warnings: string[];
}

export const listApiKeys = (
  { position, limit, nameQuery }: KeyListQuery,
  { includeValues = false } = {},
): Promise<Page<ApiKey>> =>
  call("/apikeys", { query: { position, limit, name: nameQuery, includeValues: includeValues || undefined } });

export const getApiKey = (id: string, { includeValue = false } = {}): Promise<ApiKey> =>
  call(`/apikeys/${id}`, { query: { includeValue: includeValue || undefined } });

export const createApiKey = (key: NewApiKey): Promise<ApiKey> => call("/apikeys", { method: "POST", body: key });

export const updateApiKey = (id: string, patchOperations: PatchOperation[]): Promise<ApiKey> =>
  call(`/apikeys/${id}`, { method: "PATCH", body: { patchOperations } });

export const deleteApiKey = (id: string): Promise<void> => call(`/apikeys/${id}`, { method: "DELETE" });

export const importApiKeys = (csv: string): Promise<ImportResult> =>
  call("/apikeys", { method: "POST", query: { mode: "import", format: "csv" }, body: csv });
