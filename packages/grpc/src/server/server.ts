/**
 * A gRPC server on any number of listeners, plain and TLS.
 *
 * HTTP/1.1 on the same ports is handed to a server of node:http, HTTP/2 requests that are not gRPC to a hook.
 */
import type { Timer } from "@quorate/base";
import net, { type ListenOptions, type Server as NetServer, type Socket } from "node:net";
import tls, { type Server as TlsServer, TLSSocket, type TlsOptions } from "node:tls";
import { DeadlineWheel } from "../deadline.ts";
import { ErrorCode, putFrameHeader, putUint32, FrameType } from "../h2/frames.ts";
import { Intake } from "../h2/intake.ts";
import { TurnFlusher } from "../h2/turn.ts";
import type { GrpcStream } from "./grpc-stream.ts";
import type { HttpExchange, HttpHandler } from "./http-exchange.ts";
import { type GrpcServerOptions, type Http1Handler, type ServerSettings, toSettings } from "./options.ts";
import { type PrefaceOutcome, PrefaceReader } from "./preface.ts";
import { Routes, type StreamHandler, type UnaryHandler } from "./routes.ts";
import { ServerSession } from "./session.ts";
import { StreamCall } from "./stream-call.ts";

const sweepMs = 1000;

export interface AttachOptions {
  /** Hold the client to the keepalive interval. */
  readonly enforcePingInterval?: boolean;
}

/** Counters for metrics; they only grow, but for `connections`. */
export interface ServerStats {
  connections: number;
  messagesReceived: number;
  messagesSent: number;
  /** Bytes of connections that have closed; `GrpcServer.bytes` adds those that are open. */
  bytesReceived: number;
  bytesSent: number;
}

export class GrpcServer implements PrefaceOutcome {
  readonly settings: ServerSettings;
  readonly routes: Routes = new Routes();
  readonly flusher: TurnFlusher;
  readonly intake: Intake;
  readonly deadlines: DeadlineWheel;
  readonly httpHandler: HttpHandler;
  readonly stats: ServerStats = {
    connections: 0,
    messagesReceived: 0,
    messagesSent: 0,
    bytesReceived: 0,
    bytesSent: 0,
  };
  readonly #http1: Http1Handler;
  readonly #sessions = new Set<ServerSession>();
  /** Connections that have not said yet what they speak, and how they are to be treated. */
  readonly #fresh = new Map<Socket, AttachOptions>();
  readonly #listeners = new Set<NetServer>();
  #sweeper: Timer | undefined = undefined;
  #closing: Promise<void> | undefined = undefined;
  #onEmpty: (() => void) | undefined = undefined;

  constructor(options: GrpcServerOptions = {}) {
    this.settings = toSettings(options);
    this.flusher = new TurnFlusher(this.settings.clock);
    this.intake = new Intake(this.settings.clock);
    this.deadlines = new DeadlineWheel(this.settings.clock);
    this.httpHandler = options.http2 ?? refuseHttp;
    this.#http1 = toHttp1Handler(options.http1);
  }

  /** Serves a unary method; add all methods before clients come. @throws TypeError when the path is not `/service/method` or is taken. */
  unary(path: string, handler: UnaryHandler): void {
    this.routes.add(path, handler, undefined);
  }

  /** Serves a method that streams, either way or both. @throws TypeError as `unary` does. */
  stream(path: string, handler: StreamHandler): void {
    this.routes.add(path, undefined, handler);
  }

  /** Serves every path without a handler; without an argument again with UNIMPLEMENTED. */
  unknown(handler?: StreamHandler): void {
    this.routes.setUnknown(handler);
  }

  /** Bytes received and sent so far, over all connections. */
  bytes(): { readonly received: number; readonly sent: number } {
    let received = this.stats.bytesReceived;
    let sent = this.stats.bytesSent;
    for (const session of this.#sessions) {
      received += session.bytesRead;
      sent += session.sender.output.bytesWritten;
    }
    return { received, sent };
  }

  // Connections

  /** Takes over a connected socket; a TLS socket must have finished its handshake. */
  attach(socket: Socket | TLSSocket, options: AttachOptions = {}): void {
    if (this.#closing !== undefined || this.#sessions.size + this.#fresh.size >= this.settings.connectionsMax) {
      socket.on("error", () => {});
      socket.destroy();
      return;
    }
    this.#fresh.set(socket, options);
    new PrefaceReader(socket, this.settings.clock, this.settings.handshakeTimeoutMs, this);
  }

  onHttp2(socket: Socket, rest: Buffer): void {
    const options = this.#fresh.get(socket);
    this.#fresh.delete(socket);
    const session = new ServerSession(this, socket, options?.enforcePingInterval ?? true);
    this.#sessions.add(session);
    this.stats.connections += 1;
    this.settings.observer.connectionOpened?.(session.peer);
    this.#sweeper ??= this.settings.clock.startTimer(sweepMs, () => this.#sweep());
    if (rest.length > 0) session.receive(rest);
  }

  onOther(socket: Socket, firstBytes: Buffer): void {
    this.#fresh.delete(socket);
    if (beginsRequest(firstBytes)) this.#http1(socket, firstBytes);
    else refuseHttp1(socket);
  }

  onGone(socket: Socket): void {
    this.#fresh.delete(socket);
  }

  #sweep(): void {
    this.#sweeper = undefined;
    const nowMs = this.settings.clock.nowMs();
    for (const session of this.#sessions) session.sweep(nowMs);
    if (this.#sessions.size > 0) this.#sweeper = this.settings.clock.startTimer(sweepMs, () => this.#sweep());
  }

  sessionFailed(session: ServerSession, code: number, reason: string): void {
    this.settings.observer.connectionFailed?.(session.peer, code, reason);
  }

  sessionClosed(session: ServerSession, reason: string): void {
    if (!this.#sessions.delete(session)) return;
    this.stats.connections -= 1;
    this.stats.bytesReceived += session.bytesRead;
    this.stats.bytesSent += session.sender.output.bytesWritten;
    this.settings.observer.connectionClosed?.(session.peer, reason);
    if (this.#sessions.size === 0) this.#onEmpty?.();
  }

  callStarted(path: string, streaming: boolean): void {
    this.settings.observer.callStarted?.(path, streaming);
  }

  callEnded(call: GrpcStream, code: number): void {
    this.settings.observer.callEnded?.(call.path, call instanceof StreamCall, code);
  }

  // Listeners

  /** Listens without TLS. Clients are held to the keepalive interval unless told otherwise. */
  listen(options: ListenOptions, attach: AttachOptions = {}): Promise<NetServer> {
    const listener = net.createServer({ noDelay: true, allowHalfOpen: true }, (socket) => this.attach(socket, attach));
    return this.#start(listener, options);
  }

  /** Listens with TLS, offering h2 and http/1.1 by ALPN. */
  listenTls(options: ListenOptions, secrets: TlsOptions, attach: AttachOptions = {}): Promise<TlsServer> {
    const listener = tls.createServer({
      minVersion: "TLSv1.2",
      ALPNProtocols: ["h2", "http/1.1"],
      handshakeTimeout: this.settings.handshakeTimeoutMs,
      noDelay: true,
      ...secrets,
    });
    listener.on("secureConnection", (socket) => this.attach(socket, attach));
    // Node reports a handshake that takes too long here, and leaves the socket open.
    listener.on("tlsClientError", (_error, socket) => socket.destroy());
    return this.#start(listener, options);
  }

  #start<L extends NetServer>(listener: L, options: ListenOptions): Promise<L> {
    this.#listeners.add(listener);
    // Counts those too that have not finished their TLS handshake.
    if (Number.isFinite(this.settings.connectionsMax)) listener.maxConnections = this.settings.connectionsMax;
    listener.once("close", () => this.#listeners.delete(listener));
    return new Promise((resolve, reject) => {
      listener.once("error", reject);
      listener.listen(options, () => {
        listener.off("error", reject);
        resolve(listener);
      });
    });
  }

  /**
   * Stops: no new connections, no new calls; what is under way may end within `graceMs`, then everything is cut off.
   * Connections that were handed on to HTTP/1.1 are not waited for.
   */
  close(options: { readonly graceMs: number }): Promise<void> {
    this.#closing ??= this.#close(options.graceMs);
    return this.#closing;
  }

  async #close(graceMs: number): Promise<void> {
    for (const listener of this.#listeners) listener.close();
    for (const socket of this.#fresh.keys()) socket.destroy();
    if (this.#sessions.size > 0) {
      await new Promise<void>((resolve) => {
        const grace = this.settings.clock.startTimer(graceMs, () => {
          for (const session of this.#sessions) session.socket.destroy();
        });
        this.#onEmpty = () => {
          grace.cancel();
          resolve();
        };
        for (const session of this.#sessions) session.shutdown();
      });
    }
    this.#sweeper?.cancel();
    this.#sweeper = undefined;
  }
}

/** Says what grpc-go says to a request that is not gRPC. */
export function refuseHttp(exchange: HttpExchange): void {
  const contentType = exchange.fields.find((field) => field.name === "content-type")?.value ?? "";
  const text = `invalid gRPC request content-type ${JSON.stringify(contentType)}`;
  exchange.respond(
    415,
    [
      ["content-type", "text/plain; charset=utf-8"],
      ["grpc-status", "3"],
      ["grpc-message", text],
    ],
    Buffer.from(`${text}\n`, "latin1"),
  );
}

function toHttp1Handler(http1: GrpcServerOptions["http1"]): Http1Handler {
  if (http1 === undefined) return refuseHttp1;
  if (typeof http1 === "function") return http1;
  return (socket, firstBytes) => {
    socket.unshift(firstBytes);
    http1.emit("connection", socket);
    socket.resume();
  };
}

const methods = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "CONNECT", "TRACE"];

/** Tells whether bytes could be the beginning of a request over HTTP/1.1; what is not is a broken HTTP/2 preface. */
function beginsRequest(bytes: Buffer): boolean {
  const text = bytes.toString("latin1", 0, 8);
  return methods.some((method) => `${method} `.startsWith(text) || text.startsWith(`${method} `));
}

/** Nobody here speaks HTTP/1.1: say so in HTTP/2, as the preface was expected. */
function refuseHttp1(socket: Socket): void {
  const frames = Buffer.alloc(26);
  putFrameHeader(frames, 0, 0, FrameType.settings, 0, 0);
  putFrameHeader(frames, 9, 8, FrameType.goAway, 0, 0);
  putUint32(frames, 22, ErrorCode.protocolError);
  socket.on("error", () => {});
  socket.once("finish", () => socket.destroy());
  socket.end(frames);
}
