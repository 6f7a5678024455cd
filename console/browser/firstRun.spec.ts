// From an empty console to the first call.
import { expect, test } from "./fixtures";

test("the guided way ends with a key that calls the backend", async ({ open, upstream, tollgate, management }) => {
  const page = await open("/first-run");
  await page.getByLabel("Name of the API").fill("guided");
  await page.getByLabel("Backend").fill(upstream.url);
  await page.getByRole("button", { name: "Next" }).click();
  await page.getByLabel("Name of the stage").fill("prod");
  await page.getByRole("button", { name: "Next" }).click();
  await page.getByLabel("Name of the plan").fill("starter");
  await page.getByRole("button", { name: "Next" }).click();
  await page.getByLabel("Name of the key").fill("guided-key");
  await page.getByRole("button", { name: "Set up" }).click();
  await expect(page.getByRole("heading", { name: "It is ready to be called" })).toBeVisible();
  const { item } = await management.call<{ item: { name: string; value: string }[] }>(
    "GET",
    "/apikeys?includeValues=true",
  );
  const value = item.find(({ name }) => name === "guided-key")?.value ?? "";
  const apiId = /restapis\/(\w+)\/prod/.exec(await page.content())?.[1] ?? "";
  const stage = `${tollgate.gateway}/restapis/${apiId}/prod/_user_request_`;
  const paths = ["/", "/a/deep/path?x=1"];
  const answers = await Promise.all(paths.map((path) => answer(stage + path, value)));
  expect(answers).toMatchObject([{ path: "/" }, { path: "/a/deep/path?x=1" }]);
  expect((await fetch(`${stage}/`)).status).toBe(403);
});

test("an API is imported, and a mistake in it is told beside the document", async ({ open, page }) => {
  await open("/apis/import");
  const document = page.getByLabel("OpenAPI document");
  await document.fill("{ this is nothing");
  await page.getByRole("button", { name: "Import", exact: true }).click();
  await expect(page.getByText(/Invalid|not valid|document|OpenAPI/i).last()).toBeVisible();
  const paths = { "/pets": { get: { responses: {}, "x-amazon-apigateway-integration": { type: "mock" } } } };
  await document.fill(JSON.stringify({ openapi: "3.0.1", info: { title: "imported", version: "1" }, paths }));
  await page.getByRole("button", { name: "Import", exact: true }).click();
  await expect(page.getByRole("heading", { name: "imported" })).toBeVisible();
  await expect(page.getByText("/pets", { exact: true })).toBeVisible();
});

async function answer(url: string, key: string): Promise<unknown> {
  return (await fetch(url, { headers: { "x-api-key": key } })).json();
}
