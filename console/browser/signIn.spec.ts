// Signing in and out, and what each role sees.
import { expect, signIn, test } from "./fixtures";

test("a wrong secret signs nobody in", async ({ page, tollgate }) => {
  await page.goto(`${tollgate.management}/console/`);
  await page.getByLabel("Access key ID").fill("AKIABROWSERBROWSER00");
  await page.getByLabel("Secret access key").fill("guessed");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByText("The access key id or the secret access key is wrong")).toBeVisible();
});

test("signing out ends the session on the server", async ({ open, page, context, tollgate }) => {
  await open("/usage-plans");
  const cookies = await context.cookies();
  const cookie = cookies.find(({ name }) => name === "tollgate-session");
  expect(cookie).toMatchObject({ httpOnly: true, sameSite: "Strict", path: "/console" });
  const asSession = (): Promise<Response> =>
    fetch(`${tollgate.management}/console/api/usageplans`, {
      headers: { cookie: `tollgate-session=${cookie?.value ?? ""}` },
    });
  expect((await asSession()).status).toBe(200);
  await page.getByRole("button", { name: /AKIABROWSERBROWSER00/ }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await expect(page.getByRole("button", { name: "Sign in" })).toBeVisible();
  expect((await asSession()).status).toBe(401);
});

test("a link signs in once", async ({ page, browser, tollgate }) => {
  const link = await tollgate.command("console-link");
  await page.goto(link);
  await expect(page.getByRole("heading", { name: "Overview" })).toBeVisible();
  expect(page.url()).not.toContain("link");
  const second = await browser.newPage();
  await second.goto(link);
  await expect(second.getByText("This link was used already")).toBeVisible();
  await second.close();
});

test("a reader is offered nothing that changes anything", async ({ page, tollgate, management }) => {
  const plan = await management.plan("readable", { quota: { limit: 5, period: "DAY" } });
  const pair = await management.call<Pair>("POST", "/tollgate/v1/credentials", { role: "read-only" });
  await page.goto(`${tollgate.management}/console/usage-plans/${plan}`);
  await signIn(page, pair.accessKeyId, pair.secretAccessKey);
  await expect(page.getByRole("heading", { name: "readable" })).toBeVisible();
  for (const name of ["Edit", "Delete", "Add API stage"]) {
    await expect(page.getByRole("button", { name, exact: true })).toHaveCount(0);
  }
  for (const path of ["/usage-plans/create", "/api-keys/create", "/api-keys/import", "/apis/import", "/first-run"]) {
    await page.goto(`${tollgate.management}/console${path}`);
    await expect(page.getByRole("heading", { name: "Overview" }), path).toBeVisible();
  }
  // What a reader's browser might send anyway is refused by the server.
  const status = await page.evaluate(async (id) => {
    const { csrfToken } = (await (await fetch("/console/session")).json()) as { csrfToken: string };
    const headers = { "x-tollgate-csrf": csrfToken };
    const response = await fetch(`/console/api/usageplans/${id}`, { method: "DELETE", headers });
    return [response.status, response.headers.get("x-amzn-errortype")];
  }, plan);
  expect(status).toEqual([403, "AccessDeniedException"]);
});

test("a key issuer adds keys to its own plan, and sees no other", async ({ page, tollgate, management }) => {
  const [own] = [await management.plan("partners"), await management.plan("inner-circle")];
  const pair = await management.call<Pair>("POST", "/tollgate/v1/credentials", {
    role: "key-issuer",
    usagePlanIds: [own],
  });
  await page.goto(`${tollgate.management}/console/`);
  await signIn(page, pair.accessKeyId, pair.secretAccessKey);
  await expect(page.getByRole("heading", { name: "API keys" })).toBeVisible();
  await expect(page.getByRole("link", { name: "APIs" })).toHaveCount(0);
  await page.goto(`${tollgate.management}/console/apis`);
  await expect(page.getByRole("heading", { name: "API keys" })).toBeVisible();
  await page.getByRole("button", { name: "Create API key" }).click();
  await page.getByLabel("Name", { exact: true }).fill("partner-1");
  await page.getByRole("button", { name: /^Usage plan/ }).click();
  await expect(page.getByRole("option", { name: /inner-circle/ })).toHaveCount(0);
  await page.getByRole("option", { name: /partners/ }).click();
  await page.getByRole("button", { name: "Create API key" }).click();
  await expect(page.getByRole("heading", { name: "partner-1" })).toBeVisible();
  await expect(page.getByRole("link", { name: "partners" })).toBeVisible();
});

test("another site cannot use a session", async ({ tollgate, open, context }) => {
  await open("/");
  const cookies = await context.cookies();
  const cookie = `tollgate-session=${cookies.find(({ name }) => name === "tollgate-session")?.value ?? ""}`;
  const send = async (headers: Record<string, string>): Promise<number> =>
    (
      await fetch(`${tollgate.management}/console/api/usageplans`, {
        method: "POST",
        body: '{"name":"x"}',
        headers: { cookie, ...headers },
      })
    ).status;
  expect(await send({}), "without the session's token").toBe(403);
  expect(await send({ origin: "http://evil.example" }), "from another origin").toBe(403);
});

interface Pair {
  accessKeyId: string;
  secretAccessKey: string;
}
