// A viewer without a mouse.
import { expect, type Locator, type Page } from "@playwright/test";

/** Stops after which what is looked for is not to be reached. */
const MOST_STOPS = 80;

/** Tabs on until something has the focus, and checks that it shows. */
export async function tabTo(page: Page, target: Locator): Promise<void> {
  await expect(target).toBeVisible();
  for (let stop = 0; stop < MOST_STOPS; stop += 1) {
    if (await isFocused(target)) {
      await expectRing(page, target);
      return;
    }
    await page.keyboard.press("Tab");
  }
  throw new Error(`the Tab key does not lead to ${target.toString()}`);
}

export const isFocused = (target: Locator): Promise<boolean> =>
  target.evaluate((element) => element === document.activeElement);

/** Fails unless an element with the focus looks otherwise than without it. */
async function expectRing(page: Page, target: Locator): Promise<void> {
  await target.scrollIntoViewIfNeeded();
  const box = await target.boundingBox();
  if (box === null) throw new Error("what has the focus has no place on the page");
  const clip = { x: Math.max(0, box.x - 8), y: Math.max(0, box.y - 8), width: box.width + 16, height: box.height + 16 };
  const [focused, plain] = [
    await page.screenshot({ clip, animations: "disabled" }),
    await target
      .evaluate((element) => (element as HTMLElement).blur())
      .then(() => page.screenshot({ clip, animations: "disabled" })),
  ];
  await target.focus();
  expect(focused.equals(plain), `the focus of ${target.toString()} shows`).toBe(false);
}
