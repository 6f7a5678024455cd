// Nodes that share a store: who signs in at one is signed in at all, and each shows them all.
import { expect, signIn, test } from "./fixtures";
import { Postgres } from "./postgres";
import { Tollgate } from "./tollgate";

test("nodes are shown with their state, and share sessions", async ({ browser }) => {
  const postgres = await Postgres.start();
  const settings = { TOLLGATE_STORE__URL: postgres.url, TOLLGATE_MASTER_KEY: "5e".repeat(32) };
  const [first, second] = [await Tollgate.start(settings), await Tollgate.start(settings)];
  const page = await browser.newPage();
  try {
    await page.goto(`${first.management}/console/`);
    await signIn(page);
    const nodes = page.getByRole("table", { name: "Nodes" });
    await expect(nodes.getByText("Serves")).toHaveCount(2);
    // Cookies belong to a host, whatever the port: the browser brings the same session along.
    await page.goto(`${second.management}/console/`);
    await expect(page.locator("#console-header")).toBeVisible();
    await expect(nodes.getByText(new URL(first.management).host)).toBeVisible();
    first.kill();
    await expect(nodes.getByText(/Silent for/)).toBeVisible();
    await page.screenshot({ path: "browser/shots/nodes-light.png", fullPage: true, animations: "disabled" });
  } finally {
    await page.close();
    await Promise.all([first.end(), second.end()]);
    await postgres.end();
  }
});
