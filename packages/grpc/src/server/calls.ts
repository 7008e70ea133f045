/** The faces that a call shows to its handler. */
import type { Metadata } from "../metadata.ts";
import type { Peer } from "./peer.ts";

/** Why a call was cut short: the client, its deadline, or the connection. */
export type CancelReason = "cancelled" | "deadline" | "connection";

/** What may travel with a failure besides code and message. */
export interface FailDetails {
  /** Sent as trailers. */
  readonly trailers?: Metadata;
  /** A serialized google.rpc.Status, sent as grpc-status-details-bin. */
  readonly statusDetails?: Uint8Array;
}

/** What unary and streaming calls have in common. */
export interface CallBase {
  /** `/package.Service/Method`. */
  readonly path: string;
  readonly metadata: Metadata;
  readonly authority: string;
  /** When the client gives up, on the scale of the server's clock (`nowMs`); undefined: never. */
  readonly deadlineMs: number | undefined;
  readonly peer: Peer;
  /** Nobody waits for the answer any more. Answering all the same does nothing. */
  readonly cancelled: boolean;
  /**
   * Calls `listener` once when the call is cut short, at once when it was already. One listener: a second replaces the
   * first. A handler without a listener must still answer in the end: until then it counts against the connection.
   */
  onCancel(listener: (reason: CancelReason) => void): void;
  /** Adds response headers; they leave with the first message. Nothing happens when they have left. */
  setHeaders(metadata: Metadata): void;
  /** Adds trailers, also to a failure. */
  setTrailers(metadata: Metadata): void;
  /**
   * Ends the call with a status other than OK.
   *
   * @param code one of `GrpcCode`.
   * @param message any text.
   */
  fail(code: number, message: string, details?: FailDetails): void;
}

export interface ServerCall extends CallBase {
  /**
   * The request. It may be a view of a larger chunk of received bytes, and keeping it keeps the chunk; nobody writes to
   * it again.
   */
  readonly message: Uint8Array;
  /**
   * Answers the call with OK.
   *
   * @param message the response, whole or in parts that follow one another; belongs to the engine from here on and must
   *   not change.
   */
  respond(message: Uint8Array | readonly Uint8Array[]): void;
}

export interface ServerStream extends CallBase {
  /** Takes messages in order; see `ServerCall.message` for who owns them. Messages wait until there is a listener. */
  onMessage(listener: (message: Uint8Array) => void): void;
  /** Called once behind the last message. */
  onHalfClose(listener: () => void): void;
  /** Called when writing may go on after `write` returned false. */
  onDrain(listener: () => void): void;
  /** Sends the response headers now instead of with the first message. */
  sendHeaders(): void;
  /**
   * Sends one message; it belongs to the engine from here on.
   *
   * @returns false when the client takes no more for now: nothing is lost, but the writer should wait for `onDrain`.
   */
  write(message: Uint8Array | readonly Uint8Array[]): boolean;
  /** Ends the call with OK behind all messages. */
  end(): void;
  /** Stops taking messages; once its window is full the client stops too. */
  pause(): void;
  resume(): void;
}
