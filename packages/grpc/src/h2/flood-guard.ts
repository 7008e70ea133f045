/**
 * Counts frames that cost us work and bring no call forward: settings, pings, resets, priorities, empty data and such.
 * An honest peer sends few of them between two calls; a flood is nothing else.
 */
import type { Clock } from "@quorate/base";

export interface FloodLimits {
  /** Frames without progress that are borne within one window of time. */
  readonly idleFramesMax: number;
  /** Length of that window in milliseconds. */
  readonly windowMs: number;
  /** Streams reset by the peer at once, in the same chunk in which they came, within one window. */
  readonly rapidResetsMax: number;
}

export const defaultFloodLimits: FloodLimits = { idleFramesMax: 1000, windowMs: 30_000, rapidResetsMax: 64 };

export class FloodGuard {
  readonly #limits: FloodLimits;
  readonly #clock: Clock;
  #idleFrames = 0;
  #idleSinceMs: number;
  #resets = 0;
  #resetsSinceMs: number;

  constructor(limits: FloodLimits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
    this.#idleSinceMs = clock.nowMs();
    this.#resetsSinceMs = this.#idleSinceMs;
  }

  /** A call went forward. */
  progress(): void {
    this.#idleFrames = 0;
  }

  /** @returns true when the frame is one too many. */
  idleFrame(): boolean {
    this.#idleFrames += 1;
    if (this.#idleFrames <= this.#limits.idleFramesMax) return false;
    const nowMs = this.#clock.nowMs();
    if (nowMs - this.#idleSinceMs <= this.#limits.windowMs) return true;
    this.#idleSinceMs = nowMs;
    this.#idleFrames = 1;
    return false;
  }

  /** @returns true when the reset is one too many. */
  rapidReset(): boolean {
    this.#resets += 1;
    if (this.#resets <= this.#limits.rapidResetsMax) return false;
    const nowMs = this.#clock.nowMs();
    if (nowMs - this.#resetsSinceMs <= this.#limits.windowMs) return true;
    this.#resetsSinceMs = nowMs;
    this.#resets = 1;
    return false;
  }
}
