// The management API without a browser, to arrange what a test is not about.
import { ACCESS_KEY_ID, SECRET_ACCESS_KEY, type Tollgate } from "./tollgate";

interface Named {
  id: string;
}

interface Key extends Named {
  value: string;
}

export interface Petstore {
  apiId: string;
  stage: string;
  /** The address of `GET /pets`. */
  url: string;
}

export class Management {
  private constructor(
    private readonly tollgate: Tollgate,
    private readonly cookie: string,
    private readonly csrf: string,
  ) {}

  static async open(tollgate: Tollgate): Promise<Management> {
    const response = await fetch(`${tollgate.management}/console/session`, {
      method: "POST",
      body: JSON.stringify({ accessKeyId: ACCESS_KEY_ID, secretAccessKey: SECRET_ACCESS_KEY }),
    });
    const cookie = response.headers.get("set-cookie")?.split(";")[0] ?? "";
    const { csrfToken } = (await response.json()) as { csrfToken: string };
    return new Management(tollgate, cookie, csrfToken);
  }

  async call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch(`${this.tollgate.management}/console/api${path}`, {
      method,
      headers: { cookie: this.cookie, "x-tollgate-csrf": this.csrf },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return (text === "" ? undefined : JSON.parse(text)) as T;
  }

  /** `GET /pets` before an upstream, deployed. */
  async petstore(
    upstream: string,
    { name = "petstore", stage = "dev", apiKeyRequired = true } = {},
  ): Promise<Petstore> {
    const api = await this.call<Named & { rootResourceId: string }>("POST", "/restapis", { name });
    const resources = `/restapis/${api.id}/resources`;
    const pets = await this.call<Named>("POST", `${resources}/${api.rootResourceId}`, { pathPart: "pets" });
    const method = `${resources}/${pets.id}/methods/GET`;
    await this.call("PUT", method, { authorizationType: "NONE", apiKeyRequired });
    await this.call("PUT", `${method}/integration`, { type: "HTTP_PROXY", httpMethod: "GET", uri: `${upstream}/pets` });
    await this.call("POST", `/restapis/${api.id}/deployments`, { stageName: stage });
    return { apiId: api.id, stage, url: `${this.tollgate.gateway}/restapis/${api.id}/${stage}/_user_request_/pets` };
  }

  async plan(name: string, settings: object = {}): Promise<string> {
    return (await this.call<Named>("POST", "/usageplans", { name, ...settings })).id;
  }

  async key(name: string, planId?: string): Promise<Key> {
    const key = await this.call<Key>("POST", "/apikeys", { name, enabled: true });
    if (planId !== undefined) {
      await this.call("POST", `/usageplans/${planId}/keys`, { keyId: key.id, keyType: "API_KEY" });
    }
    return key;
  }
}

/** Calls an API as its callers do, and returns the statuses. */
export async function callMany(url: string, key: string, times: number): Promise<number[]> {
  const statuses: number[] = [];
  for (let call = 0; call < times; call += 1) {
    statuses.push((await fetch(url, { headers: { "x-api-key": key } })).status);
  }
  return statuses;
}
