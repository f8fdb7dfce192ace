/** Doing something with many, a few at a time. */

/**
 * @template T
 * @param {T[]} items @param {number} most at the same time @param {(item: T) => Promise<any>} work
 */
export async function abreast(items, most, work) {
  const left = items.values();
  const worker = async () => { for (const item of left) await work(item); };
  await Promise.all(Array.from({ length: most }, worker));
}
