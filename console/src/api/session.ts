// Who is signed in.
import { ApiError, send, setCsrfToken } from "./client";

export type Role = "admin" | "read-only" | "key-issuer";

export interface Session {
  accessKeyId: string;
  role: Role;
  /** The plans that a key issuer may add keys to. */
  usagePlanIds: string[];
  csrfToken: string;
  /** Milliseconds since 1970. */
  expires: number;
}

const SESSION = "/console/session";

/** The session of this browser, if it has one. */
export async function currentSession(): Promise<Session | null> {
  try {
    return await begin(await send(SESSION));
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return null;
    throw error;
  }
}

export async function signIn(accessKeyId: string, secretAccessKey: string): Promise<Session> {
  return begin(await send(SESSION, { method: "POST", body: { accessKeyId, secretAccessKey } }));
}

export async function signInByLink(link: string): Promise<Session> {
  return begin(await send(SESSION, { method: "POST", body: { link } }));
}

export async function signOut(): Promise<void> {
  await send(SESSION, { method: "DELETE" });
  setCsrfToken(undefined);
}

async function begin(response: Response): Promise<Session> {
  const session = (await response.json()) as Session;
  setCsrfToken(session.csrfToken);
  return session;
}
