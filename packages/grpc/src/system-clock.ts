/** The real clock, for those who bring none. Its timers do not keep a process alive that has nothing else to do. */
import type { Clock, Timer } from "@quorate/base";

class SystemTimer implements Timer {
  readonly #handle: NodeJS.Timeout;

  constructor(delayMs: number, fire: () => void) {
    this.#handle = setTimeout(fire, delayMs);
    this.#handle.unref();
  }

  cancel(): void {
    clearTimeout(this.#handle);
  }
}

export const systemClock: Clock = {
  nowMs: () => performance.now(),
  wallMs: () => Date.now(),
  startTimer: (delayMs, fire) => new SystemTimer(delayMs, fire),
  nextTurn: (run) => {
    setImmediate(run);
  },
};
