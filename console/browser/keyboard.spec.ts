// The whole way by keyboard alone: the focus shows at every stop, and ends where work goes on.
import { findings } from "./accessibility";
import { expect, test } from "./fixtures";
import { isFocused, tabTo } from "./keyboard";
import { ACCESS_KEY_ID, SECRET_ACCESS_KEY } from "./tollgate";

test("a plan, its key and an extension are made without a mouse", async ({ page, tollgate, management }) => {
  test.setTimeout(120_000);
  const key = await management.key("keyboard-key");
  const { keyboard } = page;
  const button = (name: string | RegExp) => page.getByRole("button", { name });
  const dialog = page.getByRole("dialog");

  await page.goto(`${tollgate.management}/console/usage-plans`);
  await tabTo(page, page.getByLabel("Access key ID"));
  await keyboard.type(ACCESS_KEY_ID);
  await tabTo(page, page.getByLabel("Secret access key"));
  await keyboard.type(SECRET_ACCESS_KEY);
  await keyboard.press("Enter");

  await tabTo(page, button("Create usage plan").first());
  await keyboard.press("Enter");
  await expect(page.getByLabel("Name", { exact: true })).toBeFocused();
  await keyboard.type("by-keyboard");
  await tabTo(page, page.getByRole("checkbox", { name: /Throttle/ }));
  await keyboard.press("Space");
  await expect(page.getByLabel("Rate")).toHaveCount(0);
  await tabTo(page, page.getByLabel("Calls", { exact: true }));
  await keyboard.press("Control+A");
  await keyboard.type("40");
  await tabTo(page, button(/Period of the quota/));
  await keyboard.press("Enter");
  await keyboard.press("ArrowDown");
  await keyboard.press("ArrowDown");
  await keyboard.press("Enter");
  await tabTo(page, button("Create usage plan"));
  await keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "by-keyboard" })).toBeVisible();
  await expect(page.getByText("40 calls per month").first()).toBeVisible();
  // What was done is told, and can be dismissed by name.
  expect(await findings(page)).toEqual([]);

  await tabTo(page, page.getByRole("tab", { name: "Details" }));
  await keyboard.press("ArrowRight");
  await keyboard.press("ArrowRight");
  await tabTo(page, button("Add API key"));
  await keyboard.press("Enter");
  await tabTo(page, dialog.getByRole("button", { name: /API key/ }));
  await keyboard.press("Enter");
  await keyboard.type("keyb");
  await expect(page.getByRole("option", { name: /keyboard-key/ })).toBeVisible();
  await keyboard.press("ArrowDown");
  await keyboard.press("Enter");
  await tabTo(page, dialog.getByRole("button", { name: "Add", exact: true }));
  await keyboard.press("Enter");
  await expect(page.getByText("keyboard-key is in by-keyboard now.")).toBeVisible();
  await expect(dialog).toHaveCount(0);
  expect(await isFocused(button("Add API key")), "the focus is back on what opened the dialog").toBe(true);

  await page.goto(`${tollgate.management}/console/api-keys/${key.id}`);
  await tabTo(page, page.getByRole("link", { name: "See usage" }));
  await keyboard.press("Enter");
  await tabTo(page, button("Extend quota"));
  await keyboard.press("Enter");
  await tabTo(page, page.getByLabel("Calls left in this period"));
  await keyboard.press("Control+A");
  await keyboard.type("500");
  expect(await findings(page), "in a dialog").toEqual([]);
  await tabTo(page, page.getByLabel("Reason"));
  await keyboard.type("a larger contract");
  await tabTo(page, page.getByLabel("Calls left in this period"));
  // As in any form, Enter sends it.
  await keyboard.press("Enter");
  await expect(page.getByText("keyboard-key has 500 calls left in this period.")).toBeVisible();
  await expect(page.getByRole("cell", { name: "a larger contract" })).toBeVisible();
  expect(await isFocused(button("Extend quota")), "the focus is back on what opened the dialog").toBe(true);
});
