/** What a server can be told, and the bounds it keeps when it is told nothing. */
import type { Clock } from "@quorate/base";
import type { Server as HttpServer } from "node:http";
import type { Socket } from "node:net";
import { defaultFloodLimits, type FloodLimits } from "../h2/flood-guard.ts";
import { systemClock } from "../system-clock.ts";
import type { HttpHandler } from "./http-exchange.ts";
import type { Peer } from "./peer.ts";

/** Takes an HTTP/1.1 connection that came in on a gRPC port; `firstBytes` were read from it already. */
export type Http1Handler = (socket: Socket, firstBytes: Buffer) => void;

/** Is told what happens; for metrics and logs. Its methods return at once and do not throw. */
export interface GrpcServerObserver {
  connectionOpened?(peer: Peer): void;
  /** @param reason a line for a log. */
  connectionClosed?(peer: Peer, reason: string): void;
  /** A connection broke a rule or a bound and was told so by GOAWAY. */
  connectionFailed?(peer: Peer, http2Code: number, reason: string): void;
  callStarted?(path: string, streaming: boolean): void;
  /** @param code the status sent; for a call cut short what it would have been. */
  callEnded?(path: string, streaming: boolean, code: number): void;
}

export interface KeepaliveOptions {
  /** A client that pings more often, when nothing was sent to it, is told `too_many_pings`. */
  readonly minPingIntervalMs: number;
  /** Clients may ping that often without calls; otherwise only every two hours. */
  readonly permitWithoutCalls: boolean;
  /** We ping a client after this long without a sign of it; 0 means never. */
  readonly timeMs: number;
  /** How long it may then stay silent. */
  readonly timeoutMs: number;
}

export interface GrpcServerOptions {
  readonly clock?: Clock;
  readonly observer?: GrpcServerObserver;
  /** Calls at a time on one connection. */
  readonly maxConcurrentStreams?: number;
  /** The longest message that is received. */
  readonly receiveMessageBytesMax?: number;
  /** The longest header list, compressed and not. */
  readonly headerBytesMax?: number;
  readonly streamWindowBytes?: number;
  readonly connectionWindowBytes?: number;
  /** Bytes of incomplete messages that one connection may make us hold. */
  readonly heldBytesMax?: number;
  /** Unread output at which we stop reading from a client. */
  readonly unsentBytesMax?: number;
  /** Cancelled calls whose handlers still run, before new calls are refused. */
  readonly abandonedCallsMax?: number;
  /** Connections at a time; more are closed at once. */
  readonly connectionsMax?: number;
  /** How long a connection may take to say what it speaks, and to send its settings. */
  readonly handshakeTimeoutMs?: number;
  /** How long a client may leave its answers unread once we have stopped reading from it. */
  readonly stuckTimeoutMs?: number;
  readonly keepalive?: Partial<KeepaliveOptions>;
  readonly flood?: Partial<FloodLimits>;
  /** Who serves HTTP/1.1 on the same port: a server of node:http, or a function. Without one it is refused. */
  readonly http1?: HttpServer | Http1Handler;
  /** Who serves requests over HTTP/2 that are not gRPC. Without one they get 415 as from grpc-go. */
  readonly http2?: HttpHandler;
}

export interface ServerSettings {
  readonly clock: Clock;
  readonly observer: GrpcServerObserver;
  readonly maxConcurrentStreams: number;
  readonly receiveMessageBytesMax: number;
  readonly headerBytesMax: number;
  readonly streamWindowBytes: number;
  readonly connectionWindowBytes: number;
  readonly heldBytesMax: number;
  readonly unsentBytesMax: number;
  readonly abandonedCallsMax: number;
  readonly connectionsMax: number;
  readonly handshakeTimeoutMs: number;
  readonly stuckTimeoutMs: number;
  readonly keepalive: KeepaliveOptions;
  readonly flood: FloodLimits;
}

/** Fills in the defaults. */
export function toSettings(options: GrpcServerOptions): ServerSettings {
  return {
    clock: options.clock ?? systemClock,
    observer: options.observer ?? {},
    maxConcurrentStreams: options.maxConcurrentStreams ?? 20_000,
    receiveMessageBytesMax: options.receiveMessageBytesMax ?? 4 * 1024 * 1024,
    headerBytesMax: options.headerBytesMax ?? 64 * 1024,
    streamWindowBytes: options.streamWindowBytes ?? 1024 * 1024,
    connectionWindowBytes: options.connectionWindowBytes ?? 4 * 1024 * 1024,
    heldBytesMax: options.heldBytesMax ?? 256 * 1024 * 1024,
    unsentBytesMax: options.unsentBytesMax ?? 1024 * 1024,
    abandonedCallsMax: options.abandonedCallsMax ?? 1000,
    connectionsMax: options.connectionsMax ?? Number.POSITIVE_INFINITY,
    handshakeTimeoutMs: options.handshakeTimeoutMs ?? 10_000,
    stuckTimeoutMs: options.stuckTimeoutMs ?? 20_000,
    keepalive: {
      minPingIntervalMs: 5000,
      permitWithoutCalls: false,
      timeMs: 7_200_000,
      timeoutMs: 20_000,
      ...options.keepalive,
    },
    flood: { ...defaultFloodLimits, ...options.flood },
  };
}
