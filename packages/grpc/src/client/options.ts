/** What a client can be told. */
import type { Clock, Random } from "@quorate/base";
import type { Socket } from "node:net";
import type { ConnectionOptions } from "node:tls";
import type { Metadata } from "../metadata.ts";

/** Where to connect: a TCP address, a Unix socket, or a function that makes a connected (or connecting) socket. */
export type Target =
  | { readonly host: string; readonly port: number }
  | { readonly path: string }
  | { readonly connect: () => Socket };

export interface BackoffOptions {
  /** Pause after the first failure. */
  readonly baseMs: number;
  readonly maxMs: number;
  readonly factor: number;
  /** Share of the pause by which it varies, either way. */
  readonly jitter: number;
}

export interface ClientKeepaliveOptions {
  /** Ping after this long without a sign of the server; 0 means never. Servers refuse less than what they allow. */
  readonly timeMs: number;
  /** How long the server may then stay silent before the connection is given up. */
  readonly timeoutMs: number;
  /** Ping also while there are no calls. */
  readonly withoutCalls: boolean;
}

export interface GrpcClientOptions {
  readonly target: Target;
  /** Options of tls.connect; absent: no TLS. `servername` is taken from the host unless given. */
  readonly tls?: ConnectionOptions;
  /** What is sent as `:authority`; by default host and port. */
  readonly authority?: string;
  readonly userAgent?: string;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly receiveMessageBytesMax?: number;
  readonly headerBytesMax?: number;
  readonly streamWindowBytes?: number;
  readonly connectionWindowBytes?: number;
  /** From the start of the connection to the server's settings. */
  readonly connectTimeoutMs?: number;
  readonly backoff?: Partial<BackoffOptions>;
  readonly keepalive?: Partial<ClientKeepaliveOptions>;
  /** Calls that may wait for a connection or a free stream; more fail with RESOURCE_EXHAUSTED. */
  readonly waitingCallsMax?: number;
  /** Is told of every change of state; `reason` says why a connection failed. */
  readonly onState?: (state: ClientState, reason: string) => void;
}

/**
 * ```
 *   idle ──call, connect()──► connecting ──settings──► ready
 *     ▲                          │  ▲                    │
 *     │                       failed ──backoff──┘        │
 *     └──────────────connection ended ◄──────────────────┘        closed: for good
 * ```
 */
export type ClientState = "idle" | "connecting" | "ready" | "failed" | "closed";

export interface CallOptions {
  readonly metadata?: Metadata;
  /** The call fails with DEADLINE_EXCEEDED when it takes longer; the server is told. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Wait for a connection however long it takes, instead of failing while the server cannot be reached. */
  readonly waitForReady?: boolean;
}
