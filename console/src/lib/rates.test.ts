import { expect, it } from "vitest";
import type { Reading } from "../api/operator";
import { rates, thin } from "./rates";

const reading = (at: number, answered: number, throttled = 0): Reading => ({
  at,
  answered,
  admitted: answered - throttled,
  throttled,
  quotaExceeded: 0,
  refused: throttled,
  clientErrors: throttled,
  serverErrors: 0,
});

it("takes differences over the time between them", () => {
  const [first, second] = rates([reading(0, 0), reading(2000, 10, 4), reading(3000, 10, 4)]);
  expect(first).toMatchObject({ at: 2000, answered: 5, throttled: 2, admitted: 3 });
  expect(second).toMatchObject({ answered: 0 });
});

it("skips the step back of a node that was started again", () => {
  expect(rates([reading(0, 100), reading(1000, 5), reading(2000, 7)]).map((rate) => rate.answered)).toEqual([2]);
});

it("thins from the end", () => {
  const readings = Array.from({ length: 10 }, (_, second) => reading(second, 0));
  expect(thin(readings, 4).map((kept) => kept.at)).toEqual([0, 3, 6, 9]);
  expect(thin(readings, 100)).toHaveLength(10);
});
