// Where a stage is called.
import type { NodeDescription } from "../api/operator";

/** The address of a stage by path. A gateway that listens everywhere is reached by the name that the console is. */
export function invokeUrl(node: NodeDescription | undefined, hostname: string, apiId: string, stage: string): string {
  const address = node?.gateway ?? "";
  const everywhere = /^(?:0\.0\.0\.0|\[::\]):(\d+)$/.exec(address);
  const reached = everywhere ? `${hostname}:${everywhere[1] ?? ""}` : address;
  return `http://${reached}/restapis/${apiId}/${stage}/_user_request_`;
}
