// The commands that do what each tab of an API does.
import type { NodeDescription } from "../../api/operator";
import type { Resource, Stage } from "../../api/restApis";
import { aws, quote } from "../../lib/cli";
import { invokeUrl } from "../../lib/invokeUrl";

export interface ApiParts {
  apiId: string;
  resources: Resource[];
  stages: Stage[];
  node: NodeDescription | undefined;
}

export function apiCommands({ apiId: restApiId, resources, stages, node }: ApiParts, tab: string): string[] {
  const stageName = stages[0]?.stageName ?? "STAGE";
  const called = resources.find(({ resourceMethods }) => resourceMethods !== undefined);
  const httpMethod = Object.keys(called?.resourceMethods ?? {})[0] ?? "GET";
  const deploy = aws("create-deployment", { restApiId, stageName });
  switch (tab) {
    case "stages":
      return [
        aws("get-stages", { restApiId }),
        aws("update-stage", {
          restApiId,
          stageName,
          patchOperations: [
            { op: "replace", path: "/*/*/throttling/rateLimit", value: "100" },
            { op: "replace", path: "/*/*/throttling/burstLimit", value: "200" },
          ],
        }),
        aws("delete-stage", { restApiId, stageName }),
        deploy,
      ];
    case "try":
      return [
        `curl -i -X ${httpMethod === "ANY" ? "GET" : httpMethod} -H 'x-api-key: VALUE' \\\n  ` +
          quote(invokeUrl(node, location.hostname, restApiId, stageName) + (called?.path ?? "/")),
      ];
    default:
      return [
        aws("get-resources", { restApiId, embed: "methods" }),
        aws("update-method", {
          restApiId,
          resourceId: called?.id ?? "RESOURCE_ID",
          httpMethod,
          patchOperations: [{ op: "replace", path: "/apiKeyRequired", value: "true" }],
        }),
        aws("create-resource", {
          restApiId,
          parentId: resources.find(({ path }) => path === "/")?.id ?? "RESOURCE_ID",
          pathPart: "NAME",
        }),
        deploy,
      ];
  }
}
