// Usage that the server told page by page, as one.
import type { Usage } from "../api/usage";

/** The keys of all pages, with the position of what was not read yet; `undefined` without a page. */
export function joined(pages: Usage[]): Usage | undefined {
  const last = pages.at(-1);
  if (last === undefined) return undefined;
  const values = Object.fromEntries(pages.flatMap((page) => Object.entries(page.values)));
  return { ...last, values };
}
