/** Unary calls of a client: one message out, one in. */
import { Metadata } from "../metadata.ts";
import { GrpcCode } from "../status.ts";
import { Call } from "./call.ts";
import type { GrpcClient } from "./client.ts";
import type { CallOptions } from "./options.ts";
import { type CallStatus, GrpcStatusError, localStatus } from "./status.ts";

export interface UnaryReply {
  /** It may be a view of a larger chunk, and keeping it keeps the chunk; nobody writes to it again. */
  readonly message: Uint8Array;
  readonly headers: Metadata;
  readonly trailers: Metadata;
}

/** Gets either an error or a reply. */
export type UnaryCallback = (error: GrpcStatusError | undefined, reply: UnaryReply | undefined) => void;

export class UnaryClientCall extends Call {
  readonly #callback: UnaryCallback;
  #headers: Metadata | undefined = undefined;
  #message: Uint8Array | undefined = undefined;
  #messages = 0;

  constructor(client: GrpcClient, path: string, options: CallOptions, callback: UnaryCallback) {
    super(client, path, options);
    this.#callback = callback;
  }

  override takeHeaders(metadata: Metadata): void {
    super.takeHeaders(metadata);
    this.#headers = metadata;
  }

  override takeMessage(message: Uint8Array): void {
    this.#messages += 1;
    this.#message = message;
  }

  protected override onOver(status: CallStatus): void {
    if (status.code !== GrpcCode.ok) {
      this.#callback(new GrpcStatusError(status), undefined);
    } else if (this.#message === undefined || this.#messages !== 1) {
      const text = `the server answered a unary call with ${this.#messages} messages`;
      this.#callback(new GrpcStatusError(localStatus(GrpcCode.internal, text)), undefined);
    } else {
      const headers = this.#headers ?? new Metadata();
      this.#callback(undefined, { message: this.#message, headers, trailers: status.trailers });
    }
  }
}
