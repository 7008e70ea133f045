/** A gRPC client of one target: one connection at a time, made again when it ends. */
import type { Clock, Timer } from "@quorate/base";
import net, { type Socket } from "node:net";
import tls, { TLSSocket } from "node:tls";
import { DeadlineWheel } from "../deadline.ts";
import { defaultFloodLimits } from "../h2/flood-guard.ts";
import type { FieldPairs } from "../h2/hpack-encoder.ts";
import { TurnFlusher } from "../h2/turn.ts";
import { GrpcCode } from "../status.ts";
import { systemClock } from "../system-clock.ts";
import { Backoff, defaultBackoff, systemRandom } from "./backoff.ts";
import { Call, type ClientCall } from "./call.ts";
import type { CallOptions, ClientKeepaliveOptions, ClientState, GrpcClientOptions } from "./options.ts";
import { ClientSession, type SessionOwner } from "./session.ts";
import { UnaryClientCall, type UnaryCallback, type UnaryReply } from "./unary.ts";

const noOptions: CallOptions = {};

export class GrpcClient implements SessionOwner {
  readonly clock: Clock;
  readonly deadlines: DeadlineWheel;
  readonly #options: GrpcClientOptions;
  readonly #flusher: TurnFlusher;
  readonly #backoff: Backoff;
  readonly #keepalive: ClientKeepaliveOptions;
  readonly #waitingMax: number;
  readonly #commonFields: FieldPairs;
  #state: ClientState = "idle";
  /** The connection that new calls use, once it is ready. */
  #session: ClientSession | undefined = undefined;
  /** All connections that have not ended, draining ones included. */
  readonly #sessions = new Set<ClientSession>();
  /** A socket whose handshake is under way. */
  #socket: Socket | undefined = undefined;
  #timer: Timer | undefined = undefined;
  #waiting: Call[] = [];
  #lastError = "";
  #onEmpty: (() => void) | undefined = undefined;

  constructor(options: GrpcClientOptions) {
    this.#options = options;
    this.clock = options.clock ?? systemClock;
    this.deadlines = new DeadlineWheel(this.clock);
    this.#flusher = new TurnFlusher(this.clock);
    this.#backoff = new Backoff({ ...defaultBackoff, ...options.backoff }, options.random ?? systemRandom);
    this.#keepalive = { timeMs: 0, timeoutMs: 20_000, withoutCalls: false, ...options.keepalive };
    this.#waitingMax = options.waitingCallsMax ?? 100_000;
    this.#commonFields = [
      ":authority",
      options.authority ?? authorityOf(options),
      "content-type",
      "application/grpc",
      "te",
      "trailers",
      "user-agent",
      options.userAgent ?? "grpc-quorate",
    ];
  }

  get state(): ClientState {
    return this.#state;
  }

  /** Connects now instead of with the first call. */
  connect(): void {
    if (this.#state === "idle") this.#connect();
  }

  /**
   * Makes a unary call.
   *
   * @param message the request; belongs to the engine from here on and must not change.
   * @param callback called exactly once, never from within this method's own turn unless the client is closed.
   * @returns the call, for `cancel`.
   */
  unary(
    path: string,
    message: Uint8Array | readonly Uint8Array[],
    options: CallOptions,
    callback: UnaryCallback,
  ): { cancel(): void } {
    const call = new UnaryClientCall(this, path, options, callback);
    call.writeOnly(message);
    this.#start(call, options);
    return call;
  }

  /**
   * Makes a unary call.
   *
   * @returns rejects with `GrpcStatusError` when the call ends with another status than OK.
   */
  call(
    path: string,
    message: Uint8Array | readonly Uint8Array[],
    options: CallOptions = noOptions,
  ): Promise<UnaryReply> {
    return new Promise((resolve, reject) => {
      this.unary(path, message, options, (error, reply) => {
        if (reply === undefined) reject(error);
        else resolve(reply);
      });
    });
  }

  /** Opens a streaming call. Attach its listeners before this turn ends. */
  stream(path: string, options: CallOptions = noOptions): ClientCall {
    const call = new Call(this, path, options);
    this.#start(call, options);
    return call;
  }

  #start(call: Call, options: CallOptions): void {
    if (options.signal?.aborted === true) call.cancel();
    else this.submit(call);
  }

  /** The request headers of every call to `path`. */
  requestFields(path: string): FieldPairs {
    const scheme = this.#options.tls === undefined ? "http" : "https";
    return [":method", "POST", ":scheme", scheme, ":path", path, ...this.#commonFields];
  }

  /** Sends the call now, or when there is a connection with room for it. */
  submit(call: Call): void {
    const session = this.#session;
    if (session?.hasRoom === true && this.#waiting.length === 0) {
      call.begin(session);
    } else if (this.#state === "closed") {
      call.fail(GrpcCode.cancelled, "grpc: the client connection is closing");
    } else if (this.#state === "failed" && !call.waitsForReady) {
      call.fail(GrpcCode.unavailable, this.#lastError);
    } else if (this.#waiting.length >= this.#waitingMax) {
      call.fail(GrpcCode.resourceExhausted, "grpc: too many calls wait for a connection");
    } else {
      this.#waiting.push(call);
      this.connect();
    }
  }

  // Connections

  #setState(state: ClientState, reason: string): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#options.onState?.(state, reason);
  }

  #connect(): void {
    this.#setState("connecting", "");
    let socket: Socket;
    try {
      socket = this.#open();
    } catch (error) {
      this.#onConnectError(String(error));
      return;
    }
    this.#socket = socket;
    const onError = (error: Error): void => this.#onConnectError(error.message);
    const onClose = (): void => this.#onConnectError("the connection was closed");
    socket.on("error", onError);
    socket.on("close", onClose);
    this.#timer = this.clock.startTimer(this.#options.connectTimeoutMs ?? 20_000, () => {
      this.#onConnectError("the server did not answer in time");
    });
    const begin = (): void => {
      socket.off("error", onError);
      socket.off("close", onClose);
      if (this.#socket !== socket) return;
      if (socket instanceof TLSSocket && socket.alpnProtocol !== "h2") {
        socket.on("error", () => {});
        socket.destroy();
        this.#onConnectError("the server does not offer h2 by ALPN");
        return;
      }
      this.#begin(socket);
    };
    if (socket instanceof TLSSocket) socket.once("secureConnect", begin);
    else if (socket.connecting) socket.once("connect", begin);
    else begin();
  }

  #open(): Socket {
    const { target } = this.#options;
    const secrets = this.#options.tls;
    if (secrets === undefined)
      return "connect" in target ? target.connect() : net.connect({ ...target, noDelay: true });
    const where = "connect" in target ? { socket: target.connect() } : target;
    const name = "host" in target && net.isIP(target.host) === 0 ? { servername: target.host } : {};
    return tls.connect({ ALPNProtocols: ["h2"], minVersion: "TLSv1.2", ...name, ...where, ...secrets });
  }

  #begin(socket: Socket): void {
    const session = new ClientSession(
      socket,
      {
        clock: this.clock,
        flusher: this.#flusher,
        streamWindowBytes: this.#options.streamWindowBytes ?? 1024 * 1024,
        connectionWindowBytes: this.#options.connectionWindowBytes ?? 4 * 1024 * 1024,
        headerBytesMax: this.#options.headerBytesMax ?? 64 * 1024,
        flood: defaultFloodLimits,
        unsentBytesMax: 4 * 1024 * 1024,
      },
      this.#options.receiveMessageBytesMax ?? 4 * 1024 * 1024,
      this.#keepalive,
      this,
    );
    this.#sessions.add(session);
    this.#session = session;
  }

  onReady(session: ClientSession): void {
    if (session !== this.#session) return;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#socket = undefined;
    this.#backoff.reset();
    this.#setState("ready", "");
    this.onRoom(session);
  }

  onRoom(session: ClientSession): void {
    if (session !== this.#session || this.#waiting.length === 0) return;
    let at = 0;
    while (at < this.#waiting.length && session.hasRoom) {
      const call = this.#waiting[at++] as Call;
      if (!call.isOver) call.begin(session);
    }
    if (at > 0) this.#waiting = this.#waiting.slice(at);
  }

  onDraining(session: ClientSession, reason: string): void {
    if (session !== this.#session) return;
    this.#session = undefined;
    if (this.#state === "connecting") {
      this.#onConnectError(reason);
      return;
    }
    if (this.#state !== "ready") return;
    this.#setState("idle", reason);
    if (this.#waiting.length > 0) this.#connect();
  }

  onEnded(session: ClientSession, reason: string): void {
    this.#sessions.delete(session);
    this.onDraining(session, reason);
    if (this.#sessions.size === 0) this.#onEmpty?.();
  }

  #onConnectError(reason: string): void {
    if (this.#state !== "connecting") return;
    this.#timer?.cancel();
    const socket = this.#socket;
    this.#socket = undefined;
    this.#session = undefined;
    this.#lastError = `connection error: desc = "transport: Error while dialing: ${reason}"`;
    this.#setState("failed", reason);
    socket?.destroy();
    const waiting = this.#waiting;
    this.#waiting = waiting.filter((call) => call.waitsForReady && !call.isOver);
    for (const call of waiting) if (!call.waitsForReady) call.fail(GrpcCode.unavailable, this.#lastError);
    // The calls that failed may have closed the client.
    if (this.state !== "failed") return;
    this.#timer = this.clock.startTimer(this.#backoff.nextMs(), () => {
      this.#timer = undefined;
      this.#setState("idle", "");
      if (this.#waiting.length > 0) this.#connect();
    });
  }

  /** Fails what waits, lets what is under way end, then closes. Idempotent. */
  async close(): Promise<void> {
    if (this.#state !== "closed") {
      this.#setState("closed", "");
      this.#timer?.cancel();
      this.#socket?.on("error", () => {});
      this.#socket?.destroy();
      const waiting = this.#waiting;
      this.#waiting = [];
      for (const call of waiting) call.fail(GrpcCode.cancelled, "grpc: the client connection is closing");
      for (const session of this.#sessions) session.drain();
    }
    if (this.#sessions.size === 0) return;
    await new Promise<void>((resolve) => {
      const before = this.#onEmpty;
      this.#onEmpty = () => {
        before?.();
        resolve();
      };
    });
  }
}

function authorityOf(options: GrpcClientOptions): string {
  const { target } = options;
  if (!("host" in target)) return "localhost";
  const host = target.host.includes(":") ? `[${target.host}]` : target.host;
  return `${host}:${target.port}`;
}
