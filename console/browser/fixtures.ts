// What browser tests share: a node and a backend for each file, and a page that loads nothing from elsewhere.
import { test as base, expect, type Page } from "@playwright/test";
import { Management } from "./management";
import { ACCESS_KEY_ID, SECRET_ACCESS_KEY, Tollgate } from "./tollgate";
import { Upstream } from "./upstream";

interface PerTest {
  /** Opens a page of the console, signed in as the administrator. */
  open: (path: string) => Promise<Page>;
}

interface PerFile {
  tollgate: Tollgate;
  upstream: Upstream;
  management: Management;
}

export const test = base.extend<PerTest, PerFile>({
  tollgate: [
    // eslint-disable-next-line no-empty-pattern -- Playwright reads what a fixture needs from this pattern.
    async ({}, use) => {
      const tollgate = await Tollgate.start();
      await use(tollgate);
      await tollgate.end();
    },
    { scope: "worker" },
  ],
  upstream: [
    // eslint-disable-next-line no-empty-pattern -- as above
    async ({}, use) => {
      const upstream = await Upstream.start();
      await use(upstream);
      await upstream.end();
    },
    { scope: "worker" },
  ],
  management: [async ({ tollgate }, use) => use(await Management.open(tollgate)), { scope: "worker" }],

  page: async ({ page, tollgate }, use) => {
    const [foreign, failures]: [string[], string[]] = [[], []];
    page.on("request", (request) => {
      const url = request.url();
      if (!url.startsWith(tollgate.management) && !url.startsWith("data:") && !url.startsWith("blob:"))
        foreign.push(url);
    });
    page.on("pageerror", (error) => failures.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error" && !message.text().startsWith("Failed to load resource"))
        failures.push(message.text());
    });
    await use(page);
    expect(foreign, "requests to other hosts").toEqual([]);
    expect(failures, "errors in the page, such as what the Content-Security-Policy stopped").toEqual([]);
  },

  open: async ({ page, tollgate }, use) => {
    await use(async (path) => {
      await page.goto(`${tollgate.management}/console${path}`);
      await signIn(page);
      return page;
    });
  },
});

/** Signs in, unless the browser is. */
export async function signIn(page: Page, id = ACCESS_KEY_ID, secret = SECRET_ACCESS_KEY): Promise<void> {
  const button = page.getByRole("button", { name: "Sign in" });
  const frame = page.locator("#console-header");
  await expect(button.or(frame)).toBeVisible();
  if (await frame.isVisible()) return;
  await page.getByLabel("Access key ID").fill(id);
  await page.getByLabel("Secret access key").fill(secret);
  await button.click();
  await expect(frame).toBeVisible();
}

export { expect };
