/** How long to wait before the next attempt to connect. */
import type { Random } from "@quorate/base";
import { randomBytes, randomInt } from "node:crypto";
import type { BackoffOptions } from "./options.ts";

export const defaultBackoff: BackoffOptions = { baseMs: 1000, maxMs: 120_000, factor: 1.6, jitter: 0.2 };

export const systemRandom: Random = {
  below: (bound) => randomInt(bound),
  u64: () => randomBytes(8).readBigUInt64BE(),
};

const steps = 1_000_000;

export class Backoff {
  readonly #options: BackoffOptions;
  readonly #random: Random;
  #failures = 0;

  constructor(options: BackoffOptions, random: Random) {
    this.#options = options;
    this.#random = random;
  }

  /** A connection stood: the next failure is the first again. */
  reset(): void {
    this.#failures = 0;
  }

  /** @returns milliseconds to wait after one more failure. */
  nextMs(): number {
    const { baseMs, maxMs, factor, jitter } = this.#options;
    const pause = Math.min(maxMs, baseMs * factor ** this.#failures);
    this.#failures += 1;
    const share = (this.#random.below(steps) / steps) * 2 - 1;
    return pause * (1 + jitter * share);
  }
}
