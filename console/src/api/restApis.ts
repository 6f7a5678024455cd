// REST APIs, their resources, methods and stages.
import { all, call } from "./client";
import type { PatchOperation } from "./patch";

export interface RestApi {
  id: string;
  name: string;
  description?: string;
  createdDate: number;
  rootResourceId: string;
  apiKeySource?: string;
}

export interface Integration {
  type: string;
  httpMethod?: string;
  uri?: string;
  timeoutInMillis?: number;
}

export interface Method {
  httpMethod: string;
  authorizationType?: string;
  apiKeyRequired: boolean;
  methodIntegration?: Integration;
}

export interface Resource {
  id: string;
  parentId?: string;
  pathPart?: string;
  path: string;
  resourceMethods?: Record<string, Method>;
}

export interface MethodSetting {
  throttlingRateLimit: number;
  throttlingBurstLimit: number;
}

export interface Stage {
  stageName: string;
  deploymentId: string;
  description?: string;
  createdDate: number;
  lastUpdatedDate: number;
  methodSettings?: Record<string, MethodSetting>;
  variables?: Record<string, string>;
}

export interface Deployment {
  id: string;
  description?: string;
  createdDate: number;
}

export const listRestApis = (): Promise<RestApi[]> => all("/restapis");

export const getRestApi = (id: string): Promise<RestApi> => call(`/restapis/${id}`);

export const createRestApi = (name: string, description?: string): Promise<RestApi> =>
  call("/restapis", { method: "POST", body: { name, description } });

export const deleteRestApi = (id: string): Promise<void> => call(`/restapis/${id}`, { method: "DELETE" });

export const importRestApi = (document: string): Promise<RestApi> =>
  call("/restapis", { method: "POST", query: { mode: "import" }, body: document });

export const listResources = (api: string): Promise<Resource[]> =>
  all(`/restapis/${api}/resources`, { embed: "methods" });

export const createResource = (api: string, parent: string, pathPart: string): Promise<Resource> =>
  call(`/restapis/${api}/resources/${parent}`, { method: "POST", body: { pathPart } });

export const putMethod = (api: string, resource: string, method: string, apiKeyRequired: boolean): Promise<Method> =>
  call(`/restapis/${api}/resources/${resource}/methods/${method}`, {
    method: "PUT",
    body: { authorizationType: "NONE", apiKeyRequired },
  });

export const updateMethod = (
  api: string,
  resource: string,
  method: string,
  patchOperations: PatchOperation[],
): Promise<Method> =>
  call(`/restapis/${api}/resources/${resource}/methods/${method}`, { method: "PATCH", body: { patchOperations } });

export const putIntegration = (
  api: string,
  resource: string,
  method: string,
  integration: { type: "HTTP_PROXY" | "MOCK"; uri?: string },
): Promise<Integration> =>
  call(`/restapis/${api}/resources/${resource}/methods/${method}/integration`, {
    method: "PUT",
    body: integration.type === "MOCK" ? { type: "MOCK" } : { ...integration, httpMethod: method },
  });

export const listStages = async (api: string): Promise<Stage[]> => {
  const stages: { item: Stage[] } = await call(`/restapis/${api}/stages`);
  return stages.item;
};

export const updateStage = (api: string, stage: string, patchOperations: PatchOperation[]): Promise<Stage> =>
  call(`/restapis/${api}/stages/${stage}`, { method: "PATCH", body: { patchOperations } });

export const deleteStage = (api: string, stage: string): Promise<void> =>
  call(`/restapis/${api}/stages/${stage}`, { method: "DELETE" });

export const createDeployment = (api: string, stageName: string, description?: string): Promise<Deployment> =>
  call(`/restapis/${api}/deployments`, { method: "POST", body: { stageName, description } });
