// Every page: accessible, in light and dark and on a phone, with nothing from another host. Shots are left to be looked at.
import type { Page } from "@playwright/test";
import { findings } from "./accessibility";
import { expect, test } from "./fixtures";
import { callMany, type Management } from "./management";
import type { Upstream } from "./upstream";

type Visit = [name: string, path: string, landmark: string];

/** An API, plans and keys that have something to show, and the pages that show it. */
async function arrange(management: Management, upstream: Upstream): Promise<Visit[]> {
  const petstore = await management.petstore(upstream.url);
  await management.petstore(upstream.url, { name: "open-store", apiKeyRequired: false });
  const apiStages = [{ apiId: petstore.apiId, stage: petstore.stage }];
  const bronze = await management.plan("bronze", {
    description: "For a start",
    throttle: { rateLimit: 5, burstLimit: 10 },
    quota: { limit: 40, period: "DAY" },
    apiStages,
    tags: { team: "pets" },
  });
  await management.plan("unlimited");
  const joe = await management.key("Joe Black", bronze);
  for (let index = 0; index < 30; index += 1) await management.key(`customer-${index}`);
  const refused = await refusedCall(petstore.url, joe.value);
  return [
    ["overview", "/", "Calls per second"],
    ["plans", "/usage-plans", "Plans"],
    ["plan", `/usage-plans/${bronze}`, "Details"],
    ["plan-stages", `/usage-plans/${bronze}?tab=stages`, "API stages"],
    ["plan-keys", `/usage-plans/${bronze}?tab=keys`, "API keys"],
    ["plan-create", "/usage-plans/create", "Limits"],
    ["keys", "/api-keys", "Keys"],
    ["key", `/api-keys/${joe.id}`, "Associated usage plans"],
    ["key-create", "/api-keys/create", "Key"],
    ["key-import", "/api-keys/import", "File"],
    ["usage", `/usage?plan=${bronze}`, "Keys with calls"],
    ["usage-key", `/usage?plan=${bronze}&key=${joe.id}`, "Quota of this day"],
    ["apis", "/apis", "REST APIs"],
    ["api", `/apis/${petstore.apiId}`, "Resources"],
    ["api-stages", `/apis/${petstore.apiId}?tab=stages`, "Stages"],
    ["api-try", `/apis/${petstore.apiId}?tab=try`, "Call"],
    ["api-import", "/apis/import", "Import OpenAPI"],
    ["refusals", `/refusals?request=${refused}`, "Refused by"],
    ["first-run", "/first-run", "Set up an API"],
  ];
}

const FORMS = [
  { form: "light", theme: "light", width: 1280, height: 900 },
  { form: "dark", theme: "dark", width: 1280, height: 900 },
  { form: "phone", theme: "light", width: 360, height: 780 },
] as const;

for (const { form, theme, width, height } of FORMS) {
  test(`every page, ${form}`, async ({ open, page, management, upstream }) => {
    test.setTimeout(300_000);
    const visits = await arrange(management, upstream);
    await page.setViewportSize({ width, height });
    await page.addInitScript((chosen) => localStorage.setItem("tollgate-theme", chosen), theme);
    const serious: string[] = [];
    for (const [name, path, landmark] of visits) {
      await open(path);
      await expect(page.getByRole("heading", { name: landmark }).first()).toBeVisible();
      await expect(page.getByText("Loading", { exact: true })).toHaveCount(0);
      await shoot(page, `${name}-${form}`);
      serious.push(...(await findings(page)).map((finding) => `${name}: ${finding}`));
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      expect(overflow, `${name} scrolls sideways`).toBeLessThanOrEqual(0);
    }
    expect(serious).toEqual([]);
  });
}

test("the sign-in page, and what a first visit loads", async ({ page, tollgate }) => {
  let bytes = 0;
  page.on("response", (response) => {
    void response
      .request()
      .sizes()
      .then((sizes) => (bytes += sizes.responseBodySize));
  });
  const response = await page.goto(`${tollgate.management}/console/`);
  await expect(page.getByRole("button", { name: "Sign in" })).toBeVisible();
  expect(response?.headers()["content-security-policy"]).toContain("default-src 'none'");
  await shoot(page, "sign-in-light");
  await page.evaluate(() => localStorage.setItem("tollgate-theme", "dark"));
  expect(await findings(page)).toEqual([]);
  expect(bytes).toBeGreaterThan(50_000);
  expect(bytes, "bytes of the first load").toBeLessThan(1_000_000);
  await page.reload();
  await expect(page.getByRole("button", { name: "Sign in" })).toBeVisible();
  await shoot(page, "sign-in-dark");
  expect(await findings(page)).toEqual([]);
});

test("the keyboard reaches and opens a page", async ({ open, page, management }) => {
  await management.plan("bronze");
  await open("/usage-plans");
  await page.getByRole("link", { name: "bronze" }).focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "bronze" })).toBeVisible();
  await page.getByRole("tab", { name: "Details" }).focus();
  await page.keyboard.press("ArrowRight");
  await expect(page.getByRole("button", { name: "Add API stage" })).toBeVisible();
});

/** Leaves a picture of a page, as high as it is. A "full page" of Playwright's is one pixel wide for a moment: the menu closes. */
async function shoot(page: Page, name: string): Promise<void> {
  const { width, height } = page.viewportSize() ?? { width: 1280, height: 900 };
  const whole = await page.evaluate(() => document.documentElement.scrollHeight);
  await page.setViewportSize({ width, height: Math.max(height, whole) });
  await page.screenshot({ path: `browser/shots/${name}.png`, animations: "disabled" });
  await page.setViewportSize({ width, height });
}

/** Calls until something is refused, and returns the request id of that. */
async function refusedCall(url: string, key: string): Promise<string> {
  await callMany(url, key, 36);
  const refused = await fetch(url, { headers: { "x-api-key": "nobody" } });
  return refused.headers.get("x-amzn-requestid") ?? "";
}
