// Addresses of pages, as links have them and as the router has them.

export const BASE = "/console";

export const toHref = (path: string): string => `${BASE}${path}`;

export const fromHref = (href: string): string => (href.startsWith(BASE) ? href.slice(BASE.length) || "/" : href);
