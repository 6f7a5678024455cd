import { expect, it } from "vitest";
import { fieldErrors } from "./fieldErrors";

const patterns = { rate: /rate limit/i, name: /name/i };

it("puts a message beside its field", () => {
  const message = "Usage Plan throttle rate limit must be a non-negative numeric";
  expect(fieldErrors(new Error(message), patterns)).toEqual({ fields: { rate: message } });
});

it("keeps what is about no field", () => {
  expect(fieldErrors(new Error("Too many"), patterns)).toEqual({ fields: {}, rest: "Too many" });
  expect(fieldErrors(null, patterns)).toEqual({ fields: {} });
});
