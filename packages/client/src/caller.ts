/** Calls that go to one endpoint after the other until one answers. */
import { AbortError } from "@quorate/base";
import { KvError, Status } from "@quorate/api";
import { type Endpoint, parseEndpoint } from "./endpoint.ts";
import { ClientError, codeOfMessage, toError } from "./errors.ts";
import type { CallOptions, Connect, Outcome, TlsOptions, Transport } from "./transport.ts";

export interface CallerOptions {
  readonly endpoints: readonly string[];
  readonly connect: Connect;
  readonly tls?: TlsOptions | undefined;
  /** Limit of one call, all attempts together; Infinity for none. */
  readonly timeoutMs: number;
  /** Larger requests are not sent; 2 MiB unless given, as servers take no more. */
  readonly requestBytesMax?: number;
  /** Limit of making a connection; 2,000 unless given. */
  readonly dialTimeoutMs?: number;
  readonly metadata?: ReadonlyArray<readonly [name: string, value: string]> | undefined;
  /** Monotonic milliseconds. */
  readonly nowMs?: () => number;
  /** Waits between rounds over all endpoints. */
  readonly pause?: (ms: number) => Promise<void>;
}

/** What may differ from call to call. */
export interface RequestOptions {
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Whether a call may be sent again though its first outcome is unknown. */
export type Repeat = "read" | "write";

const requestBytesMaxDefault = 2 * 1024 * 1024;
const dialTimeoutMsDefault = 2000;
/** How every deadline is worded, whoever noticed it. */
const outOfTime = "context deadline exceeded";
const pauseMsMin = 25;
const pauseMsMax = 400;

type Failure = Extract<Outcome, { ok: false }>;

/** The server told that another member may do better. */
function wantsOtherMember(failure: Failure): boolean {
  const code = codeOfMessage(failure.message);
  return code === "noLeader" || code === "notCapable" || code === "notSupportedForLearner";
}

/** A read may always be repeated; a write only when the server cannot have seen it. */
function mayRepeat(failure: Failure, repeat: Repeat): boolean {
  if (failure.unsent) return true;
  if (wantsOtherMember(failure)) return repeat === "read";
  return repeat === "read" && failure.status === Status.unavailable && codeOfMessage(failure.message) === undefined;
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Sends unary calls, changing the endpoint when one fails. Starts with the first endpoint. */
export class Caller {
  readonly #options: CallerOptions;
  readonly #endpoints: readonly Endpoint[];
  readonly #transports: (Transport | undefined)[];
  #current = 0;
  #closed = false;

  constructor(options: CallerOptions) {
    this.#options = options;
    const tls = options.tls !== undefined;
    this.#endpoints = options.endpoints.map((text) => parseEndpoint(text, tls));
    this.#transports = this.#endpoints.map(() => undefined);
  }

  /** The endpoints as given. */
  get endpoints(): readonly string[] {
    return this.#endpoints.map((endpoint) => endpoint.text);
  }

  #transport(at: number): Transport {
    const there = this.#transports[at];
    if (there !== undefined) return there;
    const endpoint = this.#endpoints[at] as Endpoint;
    const tls = endpoint.tls ? (this.#options.tls ?? {}) : undefined;
    const made = this.#options.connect(endpoint, tls, this.#options.dialTimeoutMs ?? dialTimeoutMsDefault);
    this.#transports[at] = made;
    return made;
  }

  #send(at: number, path: string, message: Uint8Array, options: CallOptions, signal?: AbortSignal): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      const onAbort = (): void => reject(new AbortError("the call was given up", { cause: signal?.reason }));
      if (signal?.aborted === true) {
        onAbort();
        return;
      }
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#transport(at).unary(path, message, options, (outcome) => {
        signal?.removeEventListener("abort", onAbort);
        resolve(outcome);
      });
    });
  }

  /**
   * Sends one call and returns the answer's bytes.
   *
   * @param repeat whether the call may reach a second member when the first did not answer.
   * @throws KvError for what the table knows, ClientError for the rest, AbortError for the caller's signal.
   * A write that failed by deadline or lost connection may still have happened.
   */
  async call(path: string, message: Uint8Array, repeat: Repeat, request: RequestOptions = {}): Promise<Uint8Array> {
    if (this.#closed) throw new ClientError(Status.canceled, "the client is closed", "");
    const bytesMax = this.#options.requestBytesMax ?? requestBytesMaxDefault;
    if (message.length > bytesMax) {
      const text = `trying to send message larger than max (${message.length} vs. ${bytesMax})`;
      throw new ClientError(Status.resourceExhausted, text, "");
    }
    const now = this.#options.nowMs ?? (() => performance.now());
    const timeoutMs = request.timeoutMs ?? this.#options.timeoutMs;
    const deadlineMs = now() + timeoutMs;
    const metadata = this.#options.metadata ?? [];
    let pauseMs = pauseMsMin;
    let reason: string | undefined;
    for (let attempt = 1; ; attempt++) {
      const at = this.#current;
      const endpoint = this.#endpoints[at];
      if (endpoint === undefined) throw new ClientError(Status.unavailable, "no endpoints", "");
      const leftMs = deadlineMs - now();
      if (leftMs <= 0) throw new ClientError(Status.deadlineExceeded, outOfTime, endpoint.text, reason);
      const outcome = await this.#send(at, path, message, { metadata, timeoutMs: leftMs }, request.signal);
      if (outcome.ok) return outcome.message;
      reason = `${endpoint.text} could not be asked: ${outcome.message}`;
      const elsewhere = mayRepeat(outcome, repeat);
      // Waiting endlessly is no answer: without a limit each endpoint is asked once.
      const lastRound = timeoutMs === Number.POSITIVE_INFINITY && attempt >= this.#endpoints.length;
      const sole = wantsOtherMember(outcome) && attempt >= this.#endpoints.length;
      if (!elsewhere || lastRound || sole) throw toError(outcome, endpoint.text);
      if (this.#current === at) this.#current = (at + 1) % this.#endpoints.length;
      if (attempt % this.#endpoints.length !== 0) continue;
      await (this.#options.pause ?? sleep)(Math.max(0, Math.min(pauseMs, deadlineMs - now())));
      pauseMs = Math.min(pauseMs * 2, pauseMsMax);
    }
  }

  /** Takes no more calls, lets those under way end, and closes all connections. Idempotent. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#transports.map(async (transport) => transport?.close()));
  }
}

/** Tells whether an error means that the outcome of a write is unknown. */
export function isOutcomeUnknown(error: unknown): boolean {
  if (error instanceof KvError) {
    return error.code.startsWith("timeout") || error.code === "leaderChanged" || error.code === "stopped";
  }
  return (
    error instanceof ClientError && (error.status === Status.deadlineExceeded || error.status === Status.unavailable)
  );
}
