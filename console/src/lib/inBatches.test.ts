import { expect, it } from "vitest";
import { inBatches } from "./inBatches";

it("does everything, so many at once, and tells what failed", async () => {
  const progress: number[] = [];
  let [running, most] = [0, 0];
  const work = async (item: number): Promise<void> => {
    running += 1;
    most = Math.max(most, running);
    await Promise.resolve();
    running -= 1;
    if (item === 3) throw new Error("no");
  };
  const failed = await inBatches([1, 2, 3, 4, 5], 2, work, (done) => progress.push(done));
  expect(failed).toEqual([{ item: 3, error: new Error("no") }]);
  expect(most).toBe(2);
  expect(progress).toEqual([1, 2, 3, 4, 5]);
});
