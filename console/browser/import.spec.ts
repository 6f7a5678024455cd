// Ten thousand keys from a file, and finding one among them.
import { expect, test } from "./fixtures";

const ROWS = 10_000;

function keyFile(planId: string): string {
  const rows = Array.from({ length: ROWS }, (_, index) => {
    const number = String(index).padStart(5, "0");
    return `customer-${number},imported-value-of-key-${number},,true,${planId}`;
  });
  return ["name,key,description,enabled,usageplanIds", ...rows].join("\n");
}

test("ten thousand keys are imported with progress, and found", async ({ open, management }) => {
  test.setTimeout(180_000);
  const plan = await management.plan("imported", { quota: { limit: 100, period: "DAY" } });
  const page = await open("/api-keys/import");
  const file = { name: "keys.csv", mimeType: "text/csv", buffer: Buffer.from(keyFile(plan)) };
  await page.locator('input[type="file"]').setInputFiles(file);
  await page.getByRole("button", { name: "Import", exact: true }).click();
  const bar = page.getByRole("progressbar");
  await expect(bar).toBeVisible();
  await expect(page.getByText(/of 10,000 rows/)).toBeVisible();
  await expect(page.getByText("Every row became a key.")).toBeVisible({ timeout: 120_000 });
  await expect(page.getByText("10,000 keys imported, 0 rows refused")).toBeVisible();

  await page.getByRole("link", { name: "API keys" }).first().click();
  await page.getByPlaceholder("Search by the beginning of a name").fill("customer-04711");
  await expect(page.getByRole("link", { name: "customer-04711" })).toBeVisible();
  await expect(page.getByRole("row")).toHaveCount(2);
});

test("what is wrong with a row is told with its place in the file", async ({ open }) => {
  const page = await open("/api-keys/import");
  const rows = [
    "name,key,description,enabled,usageplanIds",
    "good,a-value-that-is-long-enough,,true,",
    "bad,short,,true,",
  ];
  const file = { name: "keys.csv", mimeType: "text/csv", buffer: Buffer.from(rows.join("\n")) };
  await page.locator('input[type="file"]').setInputFiles(file);
  await page.getByRole("button", { name: "Import", exact: true }).click();
  await expect(page.getByRole("heading", { name: "What the server said" })).toBeVisible();
  await expect(page.getByText(/at least 20 characters/)).toBeVisible();
});

test("many keys are disabled at once", async ({ open, management }) => {
  const names = ["bulk-a", "bulk-b", "bulk-c"];
  for (const name of names) await management.key(name);
  const page = await open("/api-keys");
  await page.getByPlaceholder("Search by the beginning of a name").fill("bulk-");
  await expect(page.getByRole("row")).toHaveCount(4);
  await page.getByRole("checkbox", { name: "Select all of this page" }).click({ force: true });
  await page.getByRole("button", { name: "With the selected keys" }).click();
  await page.getByRole("menuitem", { name: "Disable" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Disable" }).click();
  await expect(page.getByText("Disable: done for 3 keys.")).toBeVisible();
  await expect(page.getByText("Disabled", { exact: true })).toHaveCount(3);
});
