/** The connection that the client needs: unary calls on one endpoint. `@quorate/grpc` gives it; tests fake it. */
import type { Endpoint } from "./endpoint.ts";

/** How one call ended. */
export type Outcome =
  | { readonly ok: true; readonly message: Uint8Array }
  | {
      readonly ok: false;
      /** gRPC status code. */
      readonly status: number;
      readonly message: string;
      /** Who refused, why, and what to do next, when the server said so beside its text. */
      readonly explanation: string | undefined;
      /** The request certainly never reached the server, so that repeating it is safe. */
      readonly unsent: boolean;
    };

export interface CallOptions {
  /** Header fields, lower-case names. */
  readonly metadata: ReadonlyArray<readonly [name: string, value: string]>;
  /** Milliseconds from now after which the call has failed; Infinity for never. */
  readonly timeoutMs: number;
}

export interface Transport {
  /** Calls `done` exactly once, never from within this call. */
  unary(path: string, message: Uint8Array, options: CallOptions, done: (outcome: Outcome) => void): void;
  /** Lets what is under way end, takes nothing new, and closes the connection. */
  close(): Promise<void>;
}

/** Certificates and keys as PEM text. */
export interface TlsOptions {
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  /** Do not verify the server; for tests. */
  readonly insecureSkipVerify?: boolean | undefined;
  /** The name the server's certificate must carry, when it is not the endpoint's host. */
  readonly serverName?: string | undefined;
}

/**
 * Makes the transport of an endpoint; connecting may wait for the first call.
 *
 * @param tls undefined for plain connections.
 * @param dialTimeoutMs limit of making a connection.
 */
export type Connect = (endpoint: Endpoint, tls: TlsOptions | undefined, dialTimeoutMs: number) => Transport;
