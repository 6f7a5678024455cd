import { expect, it } from "vitest";
import { aws, quote } from "./cli";

it("writes a command as the CLI wants it", () => {
  expect(aws("create-api-key", { name: "Joe's key", enabled: true, description: undefined })).toBe(
    `aws apigateway create-api-key \\\n  --name 'Joe'\\''s key' \\\n  --enabled`,
  );
  expect(aws("create-api-key", { enabled: false })).toContain("--no-enabled");
});

it("writes structures as JSON", () => {
  const patchOperations = [{ op: "replace" as const, path: "/name", value: "x" }];
  expect(aws("update-api-key", { apiKey: "abc", patchOperations })).toBe(
    `aws apigateway update-api-key \\\n  --api-key abc \\\n  --patch-operations '[{"op":"replace","path":"/name","value":"x"}]'`,
  );
});

it("quotes nothing that needs no quotes", () => {
  expect([quote("a/b:c"), quote("a b"), quote("")]).toEqual(["a/b:c", "'a b'", "''"]);
});
