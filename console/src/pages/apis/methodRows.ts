// The resource tree as rows: each resource, and below it its methods.
import type { Method, Resource } from "../../api/restApis";

export interface ResourceRow {
  id: string;
  resource: Resource;
  /** Resources above it. */
  depth: number;
  /** `null` for the row of the resource itself. */
  verb: string | null;
  method: Method | null;
}

export function methodRows(resources: Resource[]): ResourceRow[] {
  return resources
    .toSorted((a, b) => (a.path < b.path ? -1 : 1))
    .flatMap((resource) => {
      const depth = resource.path === "/" ? 0 : resource.path.split("/").length - 1;
      const own: ResourceRow = { id: resource.id, resource, depth, verb: null, method: null };
      const methods = Object.entries(resource.resourceMethods ?? {}).map(([verb, method]): ResourceRow => ({
        id: `${resource.id} ${verb}`,
        resource,
        depth,
        verb,
        method,
      }));
      return [own, ...methods];
    });
}
