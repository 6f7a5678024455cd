// Limits in words.
import type { QuotaSettings, ThrottleSettings, UsagePlan } from "../api/usagePlans";
import { count } from "./numbers";

export function throttleText(throttle: ThrottleSettings | undefined): string {
  if (throttle === undefined) return "no throttle";
  return `${count(throttle.rateLimit ?? 0)} calls/s, burst ${count(throttle.burstLimit ?? 0)}`;
}

export function quotaText(quota: QuotaSettings | undefined): string {
  if (quota === undefined) return "no quota";
  return `${count(quota.limit)} calls per ${quota.period.toLowerCase()}`;
}

export const planLimits = (plan: UsagePlan): string => `${throttleText(plan.throttle)}; ${quotaText(plan.quota)}`;

/**
 * What a token bucket lets pass in its first second, from full, and in the long run: the burst stands for a second's
 * start, and the rate fills in what is taken. Nothing is said of limits that cannot be.
 */
export function effective(throttle: ThrottleSettings): string {
  const { rateLimit = 0, burstLimit = 0 } = throttle;
  if (!(rateLimit >= 0 && burstLimit >= 0)) return "";
  if (rateLimit === 0 || burstLimit === 0) return "Lets no call pass.";
  return `Up to ${count(Math.floor(burstLimit + rateLimit))} calls in the first second from rest, ${count(rateLimit)} a second after that.`;
}
