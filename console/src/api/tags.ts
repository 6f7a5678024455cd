// Tags of a resource, by its ARN.
import { call } from "./client";

export const tagResource = (arn: string, tags: Record<string, string>): Promise<void> =>
  call(`/tags/${encodeURIComponent(arn)}`, { method: "PUT", body: { tags } });

export const untagResource = (arn: string, key: string): Promise<void> =>
  call(`/tags/${encodeURIComponent(arn)}`, { method: "DELETE", query: { tagKeys: key } });
