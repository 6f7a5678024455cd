// The limits of a plan as a form has them, and what becomes of them.
import { type PatchOperation, remove, replace } from "../api/patch";
import type { QuotaPeriod, QuotaSettings, ThrottleSettings, UsagePlan } from "../api/usagePlans";

export interface LimitDraft {
  throttled: boolean;
  rate: string;
  burst: string;
  limited: boolean;
  limit: string;
  period: QuotaPeriod;
  offset: string;
}

export type LimitField = "rate" | "burst" | "limit" | "offset";

/** Which field a message of the server is about. */
export const LIMIT_MESSAGES: Record<LimitField, RegExp> = {
  rate: /rate ?limit/i,
  burst: /burst ?limit/i,
  offset: /offset/i,
  limit: /quota limit|quota\/limit/i,
};

export const EMPTY_LIMITS: LimitDraft = {
  throttled: true,
  rate: "10",
  burst: "20",
  limited: true,
  limit: "1000",
  period: "DAY",
  offset: "0",
};

export function draftOf({ throttle, quota }: Pick<UsagePlan, "throttle" | "quota">): LimitDraft {
  return {
    throttled: throttle !== undefined,
    rate: String(throttle?.rateLimit ?? 10),
    burst: String(throttle?.burstLimit ?? 20),
    limited: quota !== undefined,
    limit: String(quota?.limit ?? 1000),
    period: quota?.period ?? "DAY",
    offset: String(quota?.offset ?? 0),
  };
}

/** What is wrong with a draft before the server is asked: what is no number can't even be sent. */
export function draftErrors(draft: LimitDraft): Partial<Record<LimitField, string>> {
  const wrong = (on: boolean, text: string): boolean => on && (text.trim() === "" || !Number.isFinite(Number(text)));
  const errors: Partial<Record<LimitField, string>> = {};
  if (wrong(draft.throttled, draft.rate)) errors.rate = "The rate is a number.";
  if (wrong(draft.throttled, draft.burst)) errors.burst = "The burst is a number.";
  if (wrong(draft.limited, draft.limit)) errors.limit = "The quota is a number.";
  if (wrong(draft.limited && draft.period !== "DAY", draft.offset)) errors.offset = "The offset is a number.";
  return errors;
}

export const throttleOf = (draft: LimitDraft): ThrottleSettings | undefined =>
  draft.throttled ? { rateLimit: Number(draft.rate), burstLimit: Number(draft.burst) } : undefined;

export const quotaOf = (draft: LimitDraft): QuotaSettings | undefined =>
  draft.limited
    ? {
        limit: Number(draft.limit),
        period: draft.period,
        ...(draft.period === "DAY" ? {} : { offset: Number(draft.offset) }),
      }
    : undefined;

/** The operations that turn a plan's limits into a draft's. */
export function limitPatch(plan: Pick<UsagePlan, "throttle" | "quota">, draft: LimitDraft): PatchOperation[] {
  const operations: PatchOperation[] = [];
  const [throttle, quota] = [throttleOf(draft), quotaOf(draft)];
  if (throttle === undefined) {
    if (plan.throttle !== undefined) operations.push(remove("/throttle"));
  } else {
    if (throttle.rateLimit !== plan.throttle?.rateLimit) operations.push(replace("/throttle/rateLimit", draft.rate));
    if (throttle.burstLimit !== plan.throttle?.burstLimit)
      operations.push(replace("/throttle/burstLimit", draft.burst));
  }
  if (quota === undefined) {
    if (plan.quota !== undefined) operations.push(remove("/quota"));
  } else {
    if (quota.limit !== plan.quota?.limit) operations.push(replace("/quota/limit", draft.limit));
    if (quota.period !== plan.quota?.period) operations.push(replace("/quota/period", quota.period));
    if ((quota.offset ?? 0) !== (plan.quota?.offset ?? 0)) operations.push(replace("/quota/offset", quota.offset ?? 0));
  }
  return operations;
}
