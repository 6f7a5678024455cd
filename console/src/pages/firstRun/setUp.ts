// Makes all that a first call needs, in the order in which each thing needs the one before.
import { createApiKey } from "../../api/apiKeys";
import {
  createDeployment,
  createResource,
  createRestApi,
  putIntegration,
  putMethod,
  type RestApi,
} from "../../api/restApis";
import { call } from "../../api/client";
import { addPlanKey, createUsagePlan } from "../../api/usagePlans";
import { aws } from "../../lib/cli";
import { EMPTY_LIMITS, type LimitDraft, quotaOf, throttleOf } from "../../lib/limitDraft";

export interface Setup {
  api: string;
  backend: string;
  stage: string;
  plan: string;
  limits: LimitDraft;
  key: string;
}

export const FIRST_SETUP: Setup = {
  api: "my-api",
  backend: "",
  stage: "dev",
  plan: "bronze",
  limits: EMPTY_LIMITS,
  key: "first-key",
};

export interface Made {
  apiId: string;
  apiName: string;
  stage: string;
  planId: string;
  keyId: string;
}

export async function setUp(setup: Setup, onStep: (text: string) => void): Promise<Made> {
  onStep("Making the API …");
  const api = await createRestApi(setup.api);
  await passAll(api, backendOf(setup));
  onStep("Deploying it …");
  await createDeployment(api.id, setup.stage);
  onStep("Making the usage plan …");
  const [throttle, quota] = [throttleOf(setup.limits), quotaOf(setup.limits)];
  const plan = await createUsagePlan({
    name: setup.plan,
    apiStages: [{ apiId: api.id, stage: setup.stage }],
    ...(throttle ? { throttle } : {}),
    ...(quota ? { quota } : {}),
  });
  onStep("Making the key …");
  const key = await createApiKey({ name: setup.key, enabled: true });
  await addPlanKey(plan.id, key.id);
  return { apiId: api.id, apiName: api.name, stage: setup.stage, planId: plan.id, keyId: key.id };
}

const backendOf = ({ backend }: Setup): string => backend.replace(/\/+$/, "");

/** Passes every path and verb on to the backend, with a key. */
async function passAll(api: RestApi, backend: string): Promise<void> {
  await putMethod(api.id, api.rootResourceId, "ANY", true);
  await putIntegration(api.id, api.rootResourceId, "ANY", { type: "HTTP_PROXY", uri: `${backend}/` });
  const proxy = await createResource(api.id, api.rootResourceId, "{proxy+}");
  await putMethod(api.id, proxy.id, "ANY", true);
  const method = `/restapis/${api.id}/resources/${proxy.id}/methods/ANY`;
  await call(method, {
    method: "PATCH",
    body: { patchOperations: [{ op: "add", path: "/requestParameters/method.request.path.proxy", value: "true" }] },
  });
  await call(`${method}/integration`, {
    method: "PUT",
    body: {
      type: "HTTP_PROXY",
      httpMethod: "ANY",
      uri: `${backend}/{proxy}`,
      requestParameters: { "integration.request.path.proxy": "method.request.path.proxy" },
    },
  });
}

/** The same with the AWS CLI. Ids in capitals are told by the answers to the commands before. */
export function commandsOf(setup: Setup): string[] {
  const backend = backendOf(setup) || "BACKEND";
  const root = { restApiId: "API_ID", resourceId: "ROOT_ID", httpMethod: "ANY" };
  const proxy = { ...root, resourceId: "PROXY_ID" };
  const passing = { type: "HTTP_PROXY", integrationHttpMethod: "ANY" };
  const [throttle, quota] = [throttleOf(setup.limits), quotaOf(setup.limits)];
  return [
    aws("create-rest-api", { name: setup.api }),
    aws("get-resources", { restApiId: "API_ID" }),
    aws("put-method", { ...root, authorizationType: "NONE", apiKeyRequired: true }),
    aws("put-integration", { ...root, ...passing, uri: `${backend}/` }),
    aws("create-resource", { restApiId: "API_ID", parentId: "ROOT_ID", pathPart: "{proxy+}" }),
    aws("put-method", {
      ...proxy,
      authorizationType: "NONE",
      apiKeyRequired: true,
      requestParameters: { "method.request.path.proxy": true },
    }),
    aws("put-integration", {
      ...proxy,
      ...passing,
      uri: `${backend}/{proxy}`,
      requestParameters: { "integration.request.path.proxy": "method.request.path.proxy" },
    }),
    aws("create-deployment", { restApiId: "API_ID", stageName: setup.stage }),
    aws("create-usage-plan", {
      name: setup.plan,
      throttle,
      quota,
      apiStages: [{ apiId: "API_ID", stage: setup.stage }],
    }),
    aws("create-api-key", { name: setup.key, enabled: true }),
    aws("create-usage-plan-key", { usagePlanId: "PLAN_ID", keyId: "KEY_ID", keyType: "API_KEY" }),
  ];
}
