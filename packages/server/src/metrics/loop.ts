import { monitorEventLoopDelay, type IntervalHistogram } from "node:perf_hooks";
import type { MetricsWriter } from "./exposition.ts";

/** How long turns of the event loop take: a stalled loop is a lost leader. */
export class LoopMonitor {
  readonly #delay: IntervalHistogram;

  constructor() {
    this.#delay = monitorEventLoopDelay({ resolution: 10 });
    this.#delay.enable();
  }

  /** The longest turn seen, in milliseconds, beyond the sampling interval. */
  get longestMs(): number {
    return Math.max(0, this.#delay.max / 1e6 - 10);
  }

  write(w: MetricsWriter): void {
    const seconds = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e9 - 0.01);
    w.metric("quorate_event_loop_delay_seconds", "gauge", "How long turns of the event loop took since the start.", [
      [{ quantile: "0.5" }, seconds(this.#delay.percentile(50))],
      [{ quantile: "0.99" }, seconds(this.#delay.percentile(99))],
      [{ quantile: "0.999" }, seconds(this.#delay.percentile(99.9))],
      [{ quantile: "1" }, seconds(this.#delay.max)],
    ]);
  }

  stop(): void {
    this.#delay.disable();
  }
}
