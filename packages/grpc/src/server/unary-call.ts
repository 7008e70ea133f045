/** A unary call: one message in, one out. The handler runs when the request is complete. */
import { uint32At } from "../h2/frames.ts";
import { totalBytes } from "../parts.ts";
import { GrpcCode } from "../status.ts";
import type { ServerCall } from "./calls.ts";
import { GrpcStream } from "./grpc-stream.ts";
import type { RequestHead } from "./request-head.ts";
import type { UnaryHandler } from "./routes.ts";
import type { ServerSession } from "./session.ts";

const noMessage = new Uint8Array(0);
/** Reused for the message of every answer: the engine does not keep the list. */
const onePart: Uint8Array[] = [noMessage];

export class UnaryCall extends GrpcStream implements ServerCall {
  readonly #handler: UnaryHandler;
  message: Uint8Array = noMessage;
  #messages = 0;

  constructor(session: ServerSession, id: number, head: RequestHead, handler: UnaryHandler) {
    super(session, id, head);
    this.#handler = handler;
  }

  takeData(bytes: Buffer, start: number, end: number): void {
    if (this.answered) return;
    const length = end - start - 5;
    if (this.#messages === 0 && length >= 0 && bytes[start] === 0 && uint32At(bytes, start + 1) === length) {
      if (this.atBoundary && length <= this.session.messageBytesMax) {
        this.#messages = 1;
        this.message = bytes.subarray(start + 5, end);
        return;
      }
    }
    this.gather(bytes, start, end);
    this.session.consumed(this, end - start);
  }

  takeMessage(message: Uint8Array): void {
    if (this.answered) return;
    this.#messages += 1;
    if (this.#messages > 1) this.fail(GrpcCode.internal, "grpc: received more than one message for a unary call");
    else this.message = message;
  }

  takeEnd(): void {
    if (this.answered) return;
    if (!this.atBoundary) {
      this.fail(GrpcCode.internal, "unexpected EOF");
      return;
    }
    if (this.#messages === 0) {
      this.fail(GrpcCode.internal, "grpc: received no message for a unary call");
      return;
    }
    this.running = true;
    this.session.server.stats.messagesReceived += 1;
    this.#handler(this);
  }

  takeDrain(): void {
    // One message is all there is to write.
  }

  respond(message: Uint8Array | readonly Uint8Array[]): void {
    if (!this.beginAnswer(GrpcCode.ok)) return;
    this.sendHead();
    this.session.server.stats.messagesSent += 1;
    const { sender } = this.session;
    if (message instanceof Uint8Array) {
      onePart[0] = message;
      sender.message(this, onePart, message.length, false);
      onePart[0] = noMessage;
    } else {
      sender.message(this, message, totalBytes(message), false);
    }
    this.sendOk();
  }
}
