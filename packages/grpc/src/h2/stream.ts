/** One stream of a connection: its two flow-control windows, its two halves, and what waits to be sent on it. */
import type { FieldPairs } from "./hpack-encoder.ts";
import type { HeaderList } from "./hpack-decoder.ts";
import type { Session } from "./session.ts";

/** How a stream ends once everything written to it has left. */
export type StreamEnding = "open" | "data" | "trailers";

export abstract class Http2Stream {
  readonly id: number;
  readonly session: Session;
  /** Bytes of data the peer lets us send; negative after it shrank its window. */
  sendWindow: number;
  /** Bytes of data the peer may still send. */
  receiveWindow: number;
  /** Bytes consumed that the peer was not yet told of. */
  uncredited = 0;
  /** We sent END_STREAM or RST_STREAM. */
  localClosed = false;
  /** The peer sent END_STREAM. */
  remoteClosed = false;
  /** The content-length the peer announced, -1 when it did not. */
  declaredBytes = -1;
  receivedBytes = 0;

  /** Data that found no window; `pendingAt` is the first part not yet sent, `pendingOffset` how far it is sent. */
  readonly pending: Uint8Array[] = [];
  pendingAt = 0;
  pendingOffset = 0;
  pendingBytes = 0;
  ending: StreamEnding = "open";
  endFields: FieldPairs | undefined = undefined;
  /** The sender has the stream in its queue. */
  queued = false;
  /** The writer was told to wait. */
  wantsDrain = false;

  constructor(session: Session, id: number) {
    this.session = session;
    this.id = id;
    this.sendWindow = session.sender.initialWindow;
    this.receiveWindow = session.streamWindowBytes;
  }

  /** A header list that is not the first of a request, or any one of a response. */
  abstract takeHeaders(list: HeaderList, endStream: boolean): void;
  /** Data in `bytes[start, end)`, which may be kept; whoever has used it calls `session.consumed`. */
  abstract takeData(bytes: Buffer, start: number, end: number): void;
  /** The peer has sent all it will send. Called at most once, not after `takeReset`. */
  abstract takeEnd(): void;
  /**
   * The stream was cut off. Called at most once.
   *
   * @param code the HTTP/2 error code.
   * @param lost the whole connection ended; otherwise the peer reset the stream, or we did for a fault of the peer's.
   */
  abstract takeReset(code: number, reason: string, lost: boolean): void;
  /** Everything written has left, and the writer was told to wait. */
  abstract takeDrain(): void;
}
