import { monitorEventLoopDelay, type IntervalHistogram } from "node:perf_hooks";
import { Histogram, type MetricsWriter } from "./exposition.ts";

const millisecond = 1 / 1000;
/** Upper bounds of a turn's seconds. A heartbeat is due every 0.1; no turn is meant to take 0.02. */
const turnBounds: readonly number[] = [0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1];
/** How often somebody looks whether the loop is late. */
const samplingMs = 10;

/** How long turns of the event loop take: a stalled loop is a lost leader. */
export class LoopMonitor {
  readonly #turns: Histogram = new Histogram(turnBounds);
  readonly #delay: IntervalHistogram;
  #longest = 0;

  constructor() {
    this.#delay = monitorEventLoopDelay({ resolution: samplingMs });
    this.#delay.enable();
  }

  /** A turn is over. */
  onTurn(ms: number): void {
    const seconds = ms * millisecond;
    this.#turns.observe(seconds);
    if (seconds > this.#longest) this.#longest = seconds;
  }

  write(w: MetricsWriter): void {
    w.histogram("quorate_loop_turn_duration_seconds", "How long each turn of the event loop took.", [
      [{}, this.#turns],
    ]);
    w.gauge("quorate_loop_turn_longest_seconds", "The longest turn of the event loop since the start.", this.#longest);
    const seconds = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e9 - samplingMs * millisecond);
    w.metric(
      "quorate_event_loop_delay_seconds",
      "gauge",
      "How late the event loop came to what was due, looked at every 10 ms, since the start.",
      [
        [{ quantile: "0.5" }, seconds(this.#delay.percentile(50))],
        [{ quantile: "0.99" }, seconds(this.#delay.percentile(99))],
        [{ quantile: "0.999" }, seconds(this.#delay.percentile(99.9))],
        [{ quantile: "1" }, seconds(this.#delay.max)],
      ],
    );
  }

  stop(): void {
    this.#delay.disable();
  }
}
