import { hexId, type Timer } from "@quorate/base";
import { messageOf } from "./activity.ts";
import { inBackground } from "./bugs.ts";
import type { PeerContext } from "./context.ts";

/** Clocks may differ by this much before the operator is told. */
const clockDriftMs = 1_000;

/** What the last probe of a peer found. */
export interface ProbeResult {
  /** Undefined while there was none that succeeded. */
  readonly roundTripMs: number | undefined;
  /** How far the peer's clock is ahead of ours, at most half a round trip off. */
  readonly clockAheadMs: number | undefined;
}

/** Measures round trip and clock of one peer at intervals; nothing depends on the outcome but what is shown. */
export class Prober {
  readonly #peer: PeerContext;
  #timer: Timer | undefined;
  #result: ProbeResult = { roundTripMs: undefined, clockAheadMs: undefined };
  #failing = false;
  #stopped = false;

  constructor(peer: PeerContext) {
    this.#peer = peer;
  }

  result(): ProbeResult {
    return this.#result;
  }

  start(): void {
    if (this.#stopped) return;
    this.#timer = this.#peer.clock.startTimer(this.#peer.limits.probeIntervalMs, () => {
      inBackground(this.#probe().then(() => this.start()));
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  async #probe(): Promise<void> {
    const { urls, dialer, clock, limits, logger, peerId } = this.#peer;
    const url = urls.pick();
    if (url === undefined) return;
    try {
      const sentMs = clock.nowMs();
      const answer = await dialer.exchange(url, "GET", "/raft/probing", {
        timeoutMs: limits.readTimeoutMs,
        repeatable: true,
      });
      const roundTripMs = clock.nowMs() - sentMs;
      const theirMs = probedTime(answer.body);
      if (theirMs === undefined) throw new Error(`the answer to the probe is not understood (status ${answer.status})`);
      const clockAheadMs = theirMs + roundTripMs / 2 - clock.wallMs();
      this.#result = { roundTripMs, clockAheadMs };
      this.#failing = false;
      this.#peer.onRoundTrip?.(peerId, roundTripMs);
      if (Math.abs(clockAheadMs) > clockDriftMs) {
        logger.log("warn", "prober found high clock drift", {
          "remote-peer-id": hexId(peerId),
          "clock-drift": `${clockAheadMs.toFixed(3)}ms`,
          rtt: `${roundTripMs.toFixed(3)}ms`,
        });
      }
    } catch (cause) {
      if (this.#stopped || this.#failing) return;
      this.#failing = true;
      logger.log("warn", "prober detected unhealthy status", {
        "remote-peer-id": hexId(peerId),
        error: messageOf(cause),
      });
    }
  }
}

/** Reads `{"OK":true,"Now":"..."}`, whose keys may be in any case. */
function probedTime(body: string): number | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return undefined;
  }
  if (typeof parsed !== "object" || parsed === null) return undefined;
  const fields = new Map(Object.entries(parsed).map(([key, value]) => [key.toLowerCase(), value as unknown]));
  const now = fields.get("now");
  const at = typeof now === "string" ? Date.parse(now) : Number.NaN;
  return fields.get("ok") === true && !Number.isNaN(at) ? at : undefined;
}
