import type { Kernel } from "./kernel.ts";

/** How the way from one machine to another behaves; all of it may change at any time. */
export class Way {
  /** Nothing passes, and nobody is told. */
  cut = false;
  /** Messages vanish, though both sides count the connection as alive. */
  halfOpen = false;
  /** Per 1,000 messages. */
  loss = 0;
  duplicate = 0;
  reorder = 0;
  delayUs = 0;
  delayJitterUs = 0;
  /** 0: as wide as can be. */
  bytesPerMs = 0;
  /** When it was last cut, and when it was last mended or reset. */
  cutUs = 0;
  mendedUs = 0;
  /** Messages of an earlier connection are lost. */
  connection = 0;
  readonly #kernel: Kernel;
  /** When the last message of each stream arrives: appends have a stream of their own. */
  readonly #lastUs: [number, number] = [0, 0];
  #busyUntilUs = 0;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  setCut(cut: boolean): void {
    if (cut === this.cut) return;
    this.cut = cut;
    if (cut) this.cutUs = this.#kernel.nowUs;
    else this.mendedUs = this.#kernel.nowUs;
  }

  /** The connection breaks: what is on its way is lost, and both sides know. */
  reset(): void {
    this.connection += 1;
    this.mendedUs = this.#kernel.nowUs;
  }

  /** When a message that is sent now arrives, behind all before it in its stream unless it is `loose`. */
  arrivalUs(travelUs: number, bytes: number, stream: 0 | 1, loose: boolean): number {
    const { nowUs } = this.#kernel;
    let startUs = nowUs;
    if (this.bytesPerMs > 0) {
      startUs = Math.max(nowUs, this.#busyUntilUs) + Math.ceil((bytes * 1000) / this.bytesPerMs);
      this.#busyUntilUs = startUs;
    }
    const atUs = startUs + travelUs;
    if (loose) return atUs;
    const orderedUs = Math.max(atUs, this.#lastUs[stream] + 1);
    this.#lastUs[stream] = orderedUs;
    return orderedUs;
  }

  /** Takes all troubles away. */
  mend(): void {
    this.setCut(false);
    this.halfOpen = false;
    this.loss = 0;
    this.duplicate = 0;
    this.reorder = 0;
    this.delayUs = 0;
    this.delayJitterUs = 0;
    this.bytesPerMs = 0;
    this.#busyUntilUs = 0;
    this.#lastUs[0] = 0;
    this.#lastUs[1] = 0;
  }
}
