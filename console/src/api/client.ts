// Requests to the management API under the session's cookie. The one place that calls fetch.

/** A "no" of the server, in its own words. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly requestId: string | null,
  ) {
    super(message);
    this.name = "ApiError";
  }
}

export type Query = Record<string, string | number | boolean | undefined>;

export interface Call {
  method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  query?: Query;
  /** Sent as JSON; text and files as they are. */
  body?: unknown;
  /** Kept by the server with what the request changed. */
  reason?: string;
  signal?: AbortSignal;
}

const API = "/console/api";

let csrfToken: string | undefined;
let onSignedOut: () => void = () => undefined;

/** What changes have to bring along: told by the session. */
export function setCsrfToken(token: string | undefined): void {
  csrfToken = token;
}

/** What happens when the server no longer knows the session. */
export function whenSignedOut(listener: () => void): void {
  onSignedOut = listener;
}

/** Runs an operation of the management API, named by its path there. */
export async function call<T>(path: string, options: Call = {}): Promise<T> {
  const response = await send(`${API}${path}${queryString(options.query)}`, options);
  return (await read(response)) as T;
}

/** Sends a request to the console's own address. */
export async function send(url: string, { method = "GET", body, reason, signal }: Call = {}): Promise<Response> {
  const headers = new Headers();
  if (csrfToken !== undefined && method !== "GET") headers.set("x-tollgate-csrf", csrfToken);
  if (reason) headers.set("x-tollgate-reason", encodeURIComponent(reason));
  const init: RequestInit = { method, headers, credentials: "same-origin" };
  if (signal) init.signal = signal;
  if (typeof body === "string" || body instanceof Blob) {
    init.body = body;
  } else if (body !== undefined) {
    headers.set("content-type", "application/json");
    init.body = JSON.stringify(body);
  }
  const response = await reach(url, init);
  if (response.ok) return response;
  const error = await refusal(response);
  if (response.status === 401) onSignedOut();
  throw error;
}

async function reach(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(0, "Unreachable", "Tollgate does not answer. Is it running?", null);
  }
}

async function refusal(response: Response): Promise<ApiError> {
  const text = await response.text();
  const code = response.headers.get("x-amzn-errortype") ?? `HTTP ${response.status}`;
  return new ApiError(response.status, code, message(text) ?? code, response.headers.get("x-amzn-requestid"));
}

function message(text: string): string | undefined {
  try {
    const body = JSON.parse(text) as { message?: unknown };
    return typeof body.message === "string" ? body.message : undefined;
  } catch {
    return undefined;
  }
}

async function read(response: Response): Promise<unknown> {
  const text = await response.text();
  if (text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

export function queryString(query: Query = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== "") parameters.set(name, String(value));
  }
  const text = parameters.toString();
  return text === "" ? "" : `?${text}`;
}

/** A page of a list. `position` leads to the next one. */
export interface Page<T> {
  item: T[];
  position?: string;
}

/** Reads a list page by page, up to a bound: for lists that are short by their nature, such as plans and APIs. */
export async function all<T>(path: string, query: Query = {}, bound = 5000): Promise<T[]> {
  const items: T[] = [];
  let position: string | undefined;
  do {
    const page: Page<T> = await call(path, { query: { ...query, limit: 500, position } });
    items.push(...page.item);
    position = page.position;
  } while (position !== undefined && items.length < bound);
  return items;
}
