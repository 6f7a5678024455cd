// The walk of a new owner: three plans, a stage, a key for Joe; calls, usage, and the end of Joe's subscription.
import type { Page } from "@playwright/test";
import { expect, test } from "./fixtures";
import { callMany } from "./management";

const PLANS = [
  { name: "bronze", rate: "1", burst: "5", quota: "50", period: "Day" },
  { name: "silver", rate: "10", burst: "20", quota: "10000", period: "Week" },
  { name: "gold", rate: "100", burst: "200", quota: "1000000", period: "Month" },
];

test("from three plans to a key that is disabled", async ({ open, management, upstream }) => {
  test.setTimeout(180_000);
  const petstore = await management.petstore(upstream.url, { apiKeyRequired: false });
  const page = await open("/usage-plans");

  for (const plan of PLANS) await createPlan(page, plan);
  await page.getByRole("link", { name: "Usage plans" }).first().click();
  for (const { name } of PLANS) await expect(page.getByRole("link", { name })).toBeVisible();

  await page.getByRole("link", { name: "bronze" }).click();
  await page.getByRole("tab", { name: /API stages/ }).click();
  await page.getByRole("button", { name: "Add API stage" }).click();
  await page
    .getByRole("dialog")
    .getByRole("button", { name: /API stage/ })
    .click();
  await page.getByRole("option", { name: /petstore/ }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Add", exact: true }).click();
  // The exclamation mark: a method of the stage requires no key.
  await expect(page.getByText("Some methods do not require an API key")).toBeVisible();

  await page.getByRole("link", { name: "petstore" }).click();
  await page.getByRole("checkbox", { name: "API key required for GET /pets" }).click({ force: true });
  await expect(page.getByText("GET /pets requires a key. Deploy the API for callers to see it.")).toBeVisible();
  expect((await fetch(petstore.url)).status, "not deployed yet").toBe(200);
  await page.getByRole("button", { name: "Deploy API" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Deploy", exact: true }).click();
  await expect(page.getByText("The API is deployed to dev.")).toBeVisible();
  expect((await fetch(petstore.url)).status, "a key is required now").toBe(403);

  await page.getByRole("link", { name: "API keys" }).first().click();
  await page.getByRole("button", { name: "Create API key" }).click();
  await page.getByLabel("Name", { exact: true }).fill("Joe Black");
  await page.getByRole("button", { name: "Create API key" }).click();
  await expect(page.getByRole("heading", { name: "Joe Black" })).toBeVisible();
  await page.getByRole("button", { name: "Add to usage plan" }).click();
  await page
    .getByRole("dialog")
    .getByRole("button", { name: /Usage plan/ })
    .click();
  await page.getByRole("option", { name: /bronze/ }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Add", exact: true }).click();
  await expect(page.getByText("The key is in bronze now.")).toBeVisible();
  await expect(page.getByText("petstore / dev")).toBeVisible();

  await page.getByRole("button", { name: "Show the value of the key" }).click();
  const value = await page.getByText(/^[A-Za-z0-9]{40}$/).innerText();
  const statuses = await callMany(petstore.url, value, 7);
  expect(statuses.slice(0, 5)).toEqual([200, 200, 200, 200, 200]);
  expect(statuses).toContain(429);
  const admitted = statuses.filter((status) => status === 200).length;

  await page.getByRole("link", { name: "See usage" }).click();
  await expect(page.getByText("Quota of this day")).toBeVisible();
  await expect(page.getByRole("cell", { name: String(admitted), exact: true })).toBeVisible();
  await expect(page.getByRole("cell", { name: String(50 - admitted), exact: true })).toBeVisible();

  await page.getByRole("link", { name: "API keys" }).first().click();
  await page.getByRole("link", { name: "Joe Black" }).click();
  await page.getByRole("button", { name: "Disable" }).click();
  await expect(page.getByText("The key is disabled: calls with it are refused from now on.")).toBeVisible();
  const refused = await fetch(petstore.url, { headers: { "x-api-key": value } });
  expect(refused.status).toBe(403);

  await page.getByRole("link", { name: "Why refused?" }).click();
  await page.getByLabel("Request ID").fill(refused.headers.get("x-amzn-requestid") ?? "");
  await page.getByRole("button", { name: "Explain" }).click();
  await expect(page.getByRole("heading", { name: "Refused by: API key" })).toBeVisible();
  await expect(page.getByText("The key is disabled", { exact: true })).toBeVisible();
});

async function createPlan(page: Page, plan: (typeof PLANS)[number]): Promise<void> {
  await page.getByRole("link", { name: "Usage plans" }).first().click();
  await page.getByRole("button", { name: "Create usage plan" }).first().click();
  await page.getByLabel("Name", { exact: true }).fill(plan.name);
  await page.getByLabel("Rate").fill(plan.rate);
  await page.getByLabel("Burst").fill(plan.burst);
  await page.getByLabel("Calls", { exact: true }).fill(plan.quota);
  await page.getByRole("button", { name: /Period of the quota/ }).click();
  await page.getByRole("option", { name: plan.period }).click();
  await page.getByRole("button", { name: "Create usage plan" }).click();
  await expect(page.getByText(`Usage plan ${plan.name} is created.`)).toBeVisible();
}
