import { expect, it } from "vitest";
import { aws, quote, signedCurl } from "./cli";

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

it("signs what AWS has no operation for", () => {
  expect(signedCurl("findings")).toBe(
    'curl --aws-sigv4 "aws:amz:$AWS_DEFAULT_REGION:apigateway" --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" \\\n' +
      '  "$AWS_ENDPOINT_URL/tollgate/v1/findings"',
  );
});

it("quotes nothing that needs no quotes", () => {
  expect([quote("a/b:c"), quote("a b"), quote("")]).toEqual(["a/b:c", "'a b'", "''"]);
});
