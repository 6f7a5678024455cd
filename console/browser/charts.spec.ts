// Charts and tables show the numbers that the gateway counted.
import { expect, test } from "./fixtures";
import { callMany } from "./management";

test("the overview shows what became of calls", async ({ open, management, upstream }) => {
  const petstore = await management.petstore(upstream.url);
  const stages = [{ apiId: petstore.apiId, stage: petstore.stage }];
  const plan = await management.plan("metered", { quota: { limit: 10, period: "DAY" }, apiStages: stages });
  const key = await management.key("busy-key", plan);
  const statuses = await callMany(petstore.url, key.value, 12);
  expect(statuses.filter((status) => status === 200)).toHaveLength(10);

  const page = await open("/");
  await expect(page.getByText(/1[2-9] calls since Tollgate was started/)).toBeVisible();
  const plans = page.getByRole("table", { name: "Busiest plans" });
  await expect(
    plans.getByRole("row", { name: /metered/ }).getByRole("cell", { name: "10", exact: true }),
  ).toBeVisible();
  const near = page.getByRole("table", { name: "Keys near their quota" });
  await expect(near.getByRole("row", { name: /busy-key/ })).toContainText("10 of 10 per day");

  // While calls come, the rate is what the gateway counts, and it shows.
  const calling = callMany(petstore.url, key.value, 400);
  await expect(page.getByTestId("rate-quotaExceeded")).not.toHaveText(/^(–|0)$/, { timeout: 20_000 });
  await expect(page.getByTestId("latency")).toHaveText(/[\d.]+ ms \/ [\d.]+ ms/);
  await calling;
});

test("usage of a key is charted, extended with a reason, and downloaded", async ({ open, management, upstream }) => {
  const petstore = await management.petstore(upstream.url, { name: "charted" });
  const stages = [{ apiId: petstore.apiId, stage: petstore.stage }];
  const plan = await management.plan("charted", { quota: { limit: 50, period: "MONTH" }, apiStages: stages });
  const key = await management.key("charted-key", plan);
  await callMany(petstore.url, key.value, 20);

  const page = await open(`/usage?plan=${plan}&key=${key.id}`);
  await expect(page.getByText("Quota of this month")).toBeVisible();
  const days = page.getByRole("table", { name: "Days" });
  await expect(days.getByRole("cell", { name: "20", exact: true })).toBeVisible();
  await expect(days.getByRole("cell", { name: "30", exact: true })).toBeVisible();
  // The chart's last bar says what the table says.
  const chart = page.getByRole("application", { name: "Calls of charted-key by day" });
  await expect(chart).toBeVisible();

  await page.getByRole("button", { name: "Extend quota" }).click();
  await page.getByLabel("Calls left in this period").fill("500");
  await page.getByLabel("Reason").fill("Größerer Vertrag, ticket 17");
  await page.getByRole("dialog").getByRole("button", { name: "Extend" }).click();
  await expect(page.getByText("charted-key has 500 calls left in this period.")).toBeVisible();
  await expect(page.getByRole("cell", { name: "Größerer Vertrag, ticket 17" })).toBeVisible();

  const downloading = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download" }).click();
  await page.getByRole("menuitem", { name: "CSV" }).click();
  const lines = await text(await downloading);
  expect(lines).toContain(`${key.id},charted-key,${new Date().toISOString().slice(0, 10)},20,500`);
});

test("a call is tried with a key, and shows where the key stands", async ({ open, management, upstream }) => {
  const petstore = await management.petstore(upstream.url, { name: "tried" });
  const stages = [{ apiId: petstore.apiId, stage: petstore.stage }];
  const settings = {
    throttle: { rateLimit: 5, burstLimit: 5 },
    quota: { limit: 50, period: "DAY" },
    apiStages: stages,
  };
  await management.key("trying-key", await management.plan("tried", settings));
  const page = await open(`/apis/${petstore.apiId}?tab=try`);
  await page.getByRole("button", { name: /API key to call with/ }).click();
  await page.getByPlaceholder("Beginning of a name").fill("trying");
  await page.getByRole("option", { name: /trying-key/ }).click();
  await page.getByRole("button", { name: "Send" }).click();
  await expect(page.getByText("Status 200")).toBeVisible();
  await expect(page.getByText("Where the key stands (RateLimit)")).toBeVisible();
  await expect(page.getByText("fish").first()).toBeVisible();
});

test("usage of more keys than a page has is read on, and downloaded with names", async ({
  open,
  management,
  upstream,
}) => {
  test.setTimeout(180_000);
  const petstore = await management.petstore(upstream.url, { name: "crowded" });
  const plan = await management.plan("crowded", { apiStages: [{ apiId: petstore.apiId, stage: petstore.stage }] });
  const numbers = Array.from({ length: 510 }, (_, number) => String(number).padStart(3, "0"));
  const rows = numbers.map((number) => `crowd-${number},value-of-the-crowds-key-${number},,true,${plan}`);
  const file = ["name,key,description,enabled,usageplanIds", ...rows].join("\n");
  await management.call("POST", "/apikeys?mode=import&format=csv", file);
  for (const number of numbers) await callMany(petstore.url, `value-of-the-crowds-key-${number}`, 1);

  const page = await open(`/usage?plan=${plan}`);
  await expect(page.getByText("More keys were used.")).toBeVisible();
  await expect(page.getByRole("heading", { name: "Keys with calls (500)" })).toBeVisible();
  await page.getByRole("button", { name: "Read all keys" }).click();
  await expect(page.getByRole("heading", { name: "Keys with calls (510)" })).toBeVisible();
  await expect(page.getByText("More keys were used.")).toHaveCount(0);
  await expect(page.getByRole("link", { name: /^crowd-\d+$/ })).toHaveCount(25);

  const downloading = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download" }).click();
  await page.getByRole("menuitem", { name: "CSV" }).click();
  const lines = await text(await downloading);
  const today = new Date().toISOString().slice(0, 10);
  for (const number of numbers) expect(lines).toContain(`,crowd-${number},${today},1,`);
});

async function text(download: { createReadStream: () => Promise<NodeJS.ReadableStream> }): Promise<string> {
  let found = "";
  for await (const chunk of await download.createReadStream()) found += String(chunk);
  return found;
}
