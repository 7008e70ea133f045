import { invariant } from "./errors.ts";
import type { Random } from "./ports.ts";

/**
 * A small, fast, seeded generator (xoshiro128**), the same on every machine. Not for secrets.
 *
 * Source: Blackman and Vigna, "Scrambled linear pseudorandom number generators".
 */
export class SeededRandom implements Random {
  readonly #state: Uint32Array = new Uint32Array(4);

  /** @param seed any integer; its low 32 bits choose the sequence. */
  constructor(seed: number) {
    let mixed = seed >>> 0;
    for (let i = 0; i < 4; i++) {
      // SplitMix32 spreads neighbouring seeds over the whole state.
      mixed = (mixed + 0x9e3779b9) >>> 0;
      let z = mixed;
      z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
      z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
      this.#state[i] = (z ^ (z >>> 16)) >>> 0;
    }
  }

  /** Returns 32 uniformly drawn bits. */
  u32(): number {
    const s = this.#state;
    const s1 = s[1] as number;
    const scrambled = Math.imul(s1, 5);
    const result = Math.imul((scrambled << 7) | (scrambled >>> 25), 9) >>> 0;
    const shifted = s1 << 9;
    s[2] = (s[2] as number) ^ (s[0] as number);
    s[3] = (s[3] as number) ^ s1;
    s[1] = s1 ^ (s[2] as number);
    s[0] = (s[0] as number) ^ (s[3] as number);
    s[2] = (s[2] as number) ^ shifted;
    const s3 = s[3] as number;
    s[3] = (s3 << 11) | (s3 >>> 21);
    return result;
  }

  below(bound: number): number {
    invariant(bound >= 1 && bound <= 2 ** 32, "bound is out of range", () => ({ bound }));
    // Values past the last whole multiple of the bound would favour small results.
    const limit = 2 ** 32 - (2 ** 32 % bound);
    for (;;) {
      const drawn = this.u32();
      if (drawn < limit) return drawn % bound;
    }
  }

  u64(): bigint {
    return (BigInt(this.u32()) << 32n) | BigInt(this.u32());
  }
}
