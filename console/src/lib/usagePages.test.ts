import { expect, it } from "vitest";
import type { Usage } from "../api/usage";
import { joined } from "./usagePages";

const page = (values: Usage["values"], position?: string): Usage => ({
  usagePlanId: "plan",
  startDate: "2026-11-20",
  endDate: "2026-11-20",
  values,
  ...(position === undefined ? {} : { position }),
});

it("joins pages, and says where the next one begins", () => {
  const [first, second] = [page({ a: [[1, 9]] }, "here"), page({ b: [[2, 8]] })];
  expect(joined([])).toBeUndefined();
  expect(joined([first])?.position).toBe("here");
  expect(joined([first, second])).toEqual(page({ a: [[1, 9]], b: [[2, 8]] }));
});
