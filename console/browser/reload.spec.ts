// A reload loses nothing that was typed or chosen; leaving a page does.
import { expect, test } from "./fixtures";

test("a form is as it was after a reload, and empty when it is opened anew", async ({ open }) => {
  const page = await open("/usage-plans/create");
  const name = page.getByLabel("Name", { exact: true });
  await name.fill("half done");
  await page.getByLabel("Rate").fill("7");
  await page.reload();
  await expect(name).toHaveValue("half done");
  await expect(page.getByLabel("Rate")).toHaveValue("7");
  await page.getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("button", { name: "Create usage plan" }).first().click();
  await expect(name).toHaveValue("");
});

test("a value of one's own for a key is kept nowhere", async ({ open }) => {
  const page = await open("/api-keys/create");
  await page.getByLabel("Your own").check({ force: true });
  await page.getByLabel("Your own value").fill("a-secret-of-twenty-characters");
  const kept = await page.evaluate(() => JSON.stringify([sessionStorage, localStorage]));
  expect(kept).not.toContain("a-secret");
});

test("a search and the page that it led to are as they were", async ({ open, management }) => {
  const rows = Array.from({ length: 120 }, (_, row) => `found-${row},value-of-the-key-number-${row},,true,`);
  await management.call(
    "POST",
    "/apikeys?mode=import&format=csv",
    ["name,key,description,enabled,usageplanIds", ...rows].join("\n"),
  );
  await management.key("another");
  const page = await open("/api-keys");
  await expect(page.getByRole("link", { name: "another" })).toBeVisible();
  await page.getByPlaceholder("Search by the beginning of a name").fill("found-");
  await expect(page.getByRole("link", { name: "another" })).toHaveCount(0);
  await expect(page.getByRole("row")).toHaveCount(51);
  await page.getByRole("button", { name: "Next page" }).click();
  await expect(page.getByRole("button", { name: "Page 2" })).toHaveAttribute("aria-current", "true");
  const first = await page
    .getByRole("link", { name: /^found-/ })
    .first()
    .innerText();
  await page.reload();
  await expect(page.getByRole("link", { name: first, exact: true })).toBeVisible();
  await expect(page.getByPlaceholder("Search by the beginning of a name")).toHaveValue("found-");
  await expect(page.getByRole("button", { name: "Page 2" })).toHaveAttribute("aria-current", "true");
});
