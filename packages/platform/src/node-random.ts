import { randomFillSync } from "node:crypto";
import { invariant, type Random } from "@quorate/base";

/** Random numbers fit for identities and secrets. Drawn from the system a page at a time. */
export class NodeRandom implements Random {
  readonly #pool: Uint32Array<ArrayBuffer> = new Uint32Array(1024);
  #used: number = this.#pool.length;

  #u32(): number {
    if (this.#used === this.#pool.length) {
      randomFillSync(this.#pool);
      this.#used = 0;
    }
    const drawn = this.#pool[this.#used] as number;
    // What was given out once is in no memory dump of ours.
    this.#pool[this.#used++] = 0;
    return drawn;
  }

  below(bound: number): number {
    invariant(bound >= 1 && bound <= 2 ** 32, "bound is out of range", () => ({ bound }));
    // Values past the last whole multiple of the bound would favour small results.
    const limit = 2 ** 32 - (2 ** 32 % bound);
    for (;;) {
      const drawn = this.#u32();
      if (drawn < limit) return drawn % bound;
    }
  }

  u64(): bigint {
    return (BigInt(this.#u32()) << 32n) | BigInt(this.#u32());
  }
}
