import { expect, it } from "vitest";
import { methodRows } from "./methodRows";

it("puts methods below their resource, and resources below their parents", () => {
  const method = { httpMethod: "GET", apiKeyRequired: true };
  const rows = methodRows([
    { id: "c", path: "/pets/{id}", resourceMethods: { GET: method } },
    { id: "a", path: "/" },
    { id: "b", path: "/pets", resourceMethods: { GET: method, POST: method } },
  ]);
  expect(rows.map(({ id, depth }) => [id, depth])).toEqual([
    ["a", 0],
    ["b", 1],
    ["b GET", 1],
    ["b POST", 1],
    ["c", 2],
    ["c GET", 2],
  ]);
});
