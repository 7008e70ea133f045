import type { ServiceError } from "@grpc/grpc-js";
import { SeededRandom } from "@quorate/base";
import { type History, HistoryRecorder, type HistoryRequest, type OperationResult } from "@quorate/sim";
import { KvClient } from "../../e2e/support/kv-client.ts";
import { pause } from "../../support/index.ts";
import { send } from "./wire.ts";

/** Longer than an election, so that only what a kill cuts off stays without a result. */
const tryMs = 3_000;

/** Refusals that come before a request is proposed, or from what it finds when it is applied: nothing was changed. */
const definite: readonly (readonly [RegExp, string])[] = [
  [/required revision has been compacted/, "compacted"],
  [/required revision is a future revision/, "future"],
];

function toResult(error: unknown): OperationResult {
  const { details = String(error) } = error as Partial<ServiceError>;
  const refusal = definite.find(([pattern]) => pattern.test(details));
  return refusal === undefined ? { status: "unknown", error: details } : { status: "failed", error: refusal[1] };
}

/** Draws what a client asks: few keys, so that clients get into each other's way. */
function draw(random: SeededRandom, value: string, known: number): HistoryRequest {
  const key = `k${random.below(6)}`;
  const all = { key: "k", rangeEnd: "l" };
  const kind = random.below(100);
  if (kind < 35) return { kind: "put", key, value, prevKv: random.below(2) === 0 };
  if (kind < 60) return { kind: "range", ...(random.below(4) === 0 ? all : { key }) };
  if (kind < 68) return { kind: "range", ...all, serializable: true };
  if (kind < 74) return { kind: "range", ...all, revision: Math.max(1, known - random.below(30)) };
  if (kind < 82) return { kind: "delete", key, prevKv: true };
  if (kind < 99 || known < 40) {
    return {
      kind: "txn",
      compares: [{ key, target: "version", result: "=", value: random.below(3) }],
      success: [
        { kind: "put", key, value },
        { kind: "range", ...all },
      ],
      failure: [{ kind: "range", key }],
    };
  }
  return { kind: "compact", revision: known - 20 };
}

/** Clients that ask as fast as they are answered, each its own member first and the next one after a failure. */
export class RecordingClients {
  readonly #recorder: HistoryRecorder = new HistoryRecorder();
  readonly #clients: readonly KvClient[];
  readonly #running: Promise<void>[];
  readonly #since: bigint = process.hrtime.bigint();
  readonly #paceMs: number;
  #known = 1;
  #answered = 0;
  #stopped = false;

  /** @param paceMs how long a client pauses between its requests. */
  constructor(endpoints: readonly string[], count: number, paceMs: number) {
    this.#clients = endpoints.map((url) => new KvClient(url));
    this.#paceMs = paceMs;
    this.#running = Array.from({ length: count }, (_, client) => this.#work(client));
  }

  #now(): number {
    return Number(process.hrtime.bigint() - this.#since);
  }

  async #work(number: number): Promise<void> {
    const random = new SeededRandom(number + 1);
    let at = number;
    for (let i = 0; !this.#stopped; i++) {
      const request = draw(random, `${number}:${i}`, this.#known);
      const client = this.#clients[at % this.#clients.length] as KvClient;
      const id = this.#recorder.invoke(number, this.#now(), request);
      try {
        const result = await send(client, request, tryMs);
        this.#recorder.finish(id, this.#now(), result);
        this.#known = Math.max(this.#known, result.revision);
        this.#answered += 1;
      } catch (error) {
        const result = toResult(error);
        this.#recorder.finish(id, this.#now(), result);
        if (result.status === "unknown") at += 1;
      }
      await pause(this.#paceMs);
    }
  }

  /** How many requests were answered. */
  get answered(): number {
    return this.#answered;
  }

  /** Stops the clients and gives what they recorded. */
  async stop(): Promise<History> {
    this.#stopped = true;
    await Promise.all(this.#running);
    for (const client of this.#clients) client.close();
    return this.#recorder.history();
  }
}
