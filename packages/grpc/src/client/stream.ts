/** The HTTP/2 stream under one attempt of a call. */
import { ErrorCode } from "../h2/frames.ts";
import { FieldKind } from "../h2/header-field.ts";
import type { HeaderList } from "../h2/hpack-decoder.ts";
import { Http2Stream } from "../h2/stream.ts";
import { canDecode, type MessageFault, MessageReader, type MessageSink } from "../message-reader.ts";
import { Metadata } from "../metadata.ts";
import { codeOfHttpStatus, codeOfReset, GrpcCode } from "../status.ts";
import type { ClientSession } from "./session.ts";
import { type CallStatus, localStatus, readStatus } from "./status.ts";

/** Takes what comes back for a call. */
export interface AttemptSink {
  takeHeaders(metadata: Metadata): void;
  takeMessage(message: Uint8Array): void;
  /** The call is over. Called once; nothing follows. */
  takeStatus(status: CallStatus): void;
  takeDrain(): void;
  /** The server has certainly not looked at the call: it may be sent again. */
  takeUnprocessed(reason: string): void;
}

const resetNames: readonly string[] = [
  "NO_ERROR",
  "PROTOCOL_ERROR",
  "INTERNAL_ERROR",
  "FLOW_CONTROL_ERROR",
  "SETTINGS_TIMEOUT",
  "STREAM_CLOSED",
  "FRAME_SIZE_ERROR",
  "REFUSED_STREAM",
  "CANCEL",
  "COMPRESSION_ERROR",
  "CONNECT_ERROR",
  "ENHANCE_YOUR_CALM",
  "INADEQUATE_SECURITY",
  "HTTP_1_1_REQUIRED",
];

export class ClientStream extends Http2Stream implements MessageSink {
  declare readonly session: ClientSession;
  readonly #sink: AttemptSink;
  #reader: MessageReader | undefined = undefined;
  #headersTaken = false;
  #over = false;
  /** Messages that wait for the caller, in which case the window is not extended. */
  #paused = false;
  #waiting: Uint8Array[] = [];
  #uncreditedBytes = 0;
  #status: CallStatus | undefined = undefined;

  constructor(session: ClientSession, id: number, sink: AttemptSink) {
    super(session, id);
    this.#sink = sink;
  }

  takeHeaders(list: HeaderList, endStream: boolean): void {
    if (this.#over || this.#status !== undefined) return;
    if (list.tooLarge) {
      this.#giveUp(GrpcCode.internal, "the server's header list is too large");
      return;
    }
    const { fields } = list;
    if (endStream) {
      this.#status = readStatus(fields);
      return;
    }
    if (this.#headersTaken) {
      this.#giveUp(GrpcCode.internal, "the server sent headers twice");
      return;
    }
    let status = "";
    let contentType = "";
    let encoding: string | undefined;
    for (const { kind, value } of fields) {
      if (kind === FieldKind.status) status = value;
      else if (kind === FieldKind.contentType) contentType = value;
      else if (kind === FieldKind.grpcEncoding) encoding = value;
    }
    if (status.startsWith("1") && status.length === 3) return;
    this.#headersTaken = true;
    if (status !== "200") {
      this.#giveUp(codeOfHttpStatus(Number(status)), `unexpected HTTP status code ${status}`);
    } else if (!contentType.startsWith("application/grpc")) {
      this.#giveUp(GrpcCode.unknown, `unexpected content-type ${JSON.stringify(contentType)}`);
    } else if (!canDecode(encoding)) {
      this.#giveUp(GrpcCode.internal, `grpc: Decompressor is not installed for grpc-encoding "${encoding}"`);
    } else {
      this.#reader = new MessageReader(this, this.session.messageBytesMax, encoding);
      this.#sink.takeHeaders(Metadata.ofFields(fields));
    }
  }

  takeData(bytes: Buffer, start: number, end: number): void {
    if (this.#over) return;
    if (this.#reader === undefined) {
      this.#giveUp(GrpcCode.internal, "the server sent data before headers");
      return;
    }
    this.#reader.feed(bytes, start, end);
    if (this.#waiting.length === 0) this.session.consumed(this, end - start);
    else this.#uncreditedBytes += end - start;
  }

  takeMessage(message: Uint8Array): void {
    if (this.#over) return;
    if (this.#paused || this.#waiting.length > 0) this.#waiting.push(message);
    else this.#sink.takeMessage(message);
  }

  takeFault(fault: MessageFault): void {
    this.#giveUp(fault.code, fault.message);
  }

  takeEnd(): void {
    if (this.#over) return;
    // The answer is complete, whatever we still had to say.
    if (!this.localClosed) this.session.resetStream(this, ErrorCode.noError);
    this.#status ??= localStatus(GrpcCode.internal, "the server closed the stream without sending trailers");
    this.#deliver();
  }

  takeReset(code: number, reason: string, lost: boolean): void {
    if (this.#over || this.#status !== undefined) return;
    if (lost) {
      this.#finish(localStatus(GrpcCode.unavailable, `connection lost: ${reason}`));
    } else if (code === ErrorCode.refusedStream && !this.#headersTaken) {
      this.#over = true;
      this.#sink.takeUnprocessed("the server refused the stream");
    } else {
      const text = `stream terminated by RST_STREAM with error code: ${resetNames[code] ?? code}`;
      this.#finish(localStatus(codeOfReset(code), text));
    }
  }

  takeDrain(): void {
    if (!this.#over) this.#sink.takeDrain();
  }

  /** The server said that it will not look at this stream. */
  takeUnprocessed(reason: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#sink.takeUnprocessed(reason);
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#deliver();
  }

  /** Ends the attempt without a word to the sink. */
  cancel(): void {
    if (this.#over) return;
    this.#over = true;
    this.session.resetStream(this, ErrorCode.cancel);
  }

  #deliver(): void {
    while (!this.#paused && this.#waiting.length > 0 && !this.#over) {
      const batch = this.#waiting;
      this.#waiting = [];
      let taken = 0;
      while (taken < batch.length && !this.#paused && !this.#over) {
        this.#sink.takeMessage(batch[taken++] as Uint8Array);
      }
      if (taken < batch.length) this.#waiting = [...batch.slice(taken), ...this.#waiting];
    }
    if (this.#waiting.length > 0 || this.#over) return;
    if (this.#uncreditedBytes > 0) {
      const bytes = this.#uncreditedBytes;
      this.#uncreditedBytes = 0;
      this.session.consumed(this, bytes);
    }
    if (this.#status !== undefined && !this.#paused) this.#finish(this.#status);
  }

  #giveUp(code: number, message: string): void {
    if (this.#over) return;
    this.session.resetStream(this, ErrorCode.cancel);
    this.#finish(localStatus(code, message));
  }

  #finish(status: CallStatus): void {
    if (this.#over) return;
    this.#over = true;
    this.#sink.takeStatus(status);
  }
}
