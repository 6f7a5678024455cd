// The name by which AWS's tagging operations know a resource.
import type { NodeDescription } from "../api/operator";

/** The ARN of a resource, named by its path below the service, such as `/usageplans/abc`. */
export const arnOf = (node: NodeDescription | undefined, resource: string): string =>
  `arn:aws:apigateway:${node?.region ?? ""}::${resource}`;
