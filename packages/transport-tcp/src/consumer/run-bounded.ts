/** Runs `task` for each item, at most `inFlightMax` at once; resolves with the results in the items' order. */
export async function runBounded<Item, Result>(
  items: readonly Item[],
  inFlightMax: number,
  task: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      const index = next;
      next += 1;
      results[index] = await task(items[index] as Item);
    }
  };
  await Promise.all(Array.from({ length: Math.min(inFlightMax, items.length) }, worker));
  return results;
}
