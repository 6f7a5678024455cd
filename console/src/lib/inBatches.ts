// Many small requests, some at once, with progress told.

export interface Failed<T> {
  item: T;
  error: Error;
}

/** Runs `work` on every item, `width` at a time. What fails is returned; the rest goes on. */
export async function inBatches<T>(
  items: T[],
  width: number,
  work: (item: T) => Promise<unknown>,
  onProgress: (done: number) => void = () => undefined,
): Promise<Failed<T>[]> {
  const failed: Failed<T>[] = [];
  const waiting = items.values();
  let done = 0;
  const worker = async (): Promise<void> => {
    for (const item of waiting) {
      try {
        await work(item);
      } catch (error) {
        failed.push({ item, error: error instanceof Error ? error : new Error(String(error)) });
      }
      done += 1;
      onProgress(done);
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, worker));
  return failed;
}
