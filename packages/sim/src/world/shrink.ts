/** Whether a run with these faults alone still fails the same way. */
export type Fails = (faults: readonly number[]) => Promise<boolean>;

/** Runs that shrinking may take. */
const runsMost = 200;

/**
 * Finds a small list of faults that is enough for a failure: leaves out ever smaller parts of it, as long as the rest
 * still fails.
 *
 * Source: Zeller and Hildebrandt, "Simplifying and isolating failure-inducing input" (ddmin).
 */
export async function shrinkFaults(faults: readonly number[], fails: Fails): Promise<number[]> {
  let kept = [...faults];
  let runs = 0;
  const stillFails = async (list: readonly number[]): Promise<boolean> => {
    runs += 1;
    return await fails(list);
  };
  if (await stillFails([])) return [];
  let parts = 2;
  while (kept.length >= 2 && runs < runsMost) {
    const size = Math.ceil(kept.length / parts);
    let smaller: number[] | undefined;
    for (let from = 0; from < kept.length && runs < runsMost; from += size) {
      const rest = [...kept.slice(0, from), ...kept.slice(from + size)];
      if (await stillFails(rest)) {
        smaller = rest;
        break;
      }
    }
    if (smaller !== undefined) {
      kept = smaller;
      parts = Math.max(2, parts - 1);
    } else if (size === 1) break;
    else parts = Math.min(kept.length, parts * 2);
  }
  return kept;
}
