import { SeededRandom } from "@quorate/base";

/** Mixes a name into a seed, so that each named stream has a sequence of its own. */
function mixSeed(seed: number, name: string): number {
  let hash = (0x811c9dc5 ^ (seed >>> 0)) >>> 0;
  const high = Math.floor(seed / 0x100000000);
  hash = Math.imul(hash ^ high, 0x01000193) >>> 0;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193) >>> 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b) >>> 0;
  return (hash ^ (hash >>> 13)) >>> 0;
}

/**
 * A named stream of random choices. A new draw in one stream does not shift any other, so a change of the workload does
 * not reshuffle the faults.
 */
export class Dice extends SeededRandom {
  /** @param seed the root seed of the run. */
  constructor(seed: number, name: string) {
    super(mixSeed(seed, name));
  }

  /** True in `permille` of 1,000 cases. */
  chance(permille: number): boolean {
    return permille > 0 && this.below(1000) < permille;
  }

  /** An integer in `[low, high]`. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  /** One of a list that is not empty. */
  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }

  /** One of a list, or undefined when it is empty. */
  pickAny<T>(list: readonly T[]): T | undefined {
    return list.length === 0 ? undefined : this.pick(list);
  }
}
