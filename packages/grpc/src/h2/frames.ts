/**
 * The vocabulary of HTTP/2 frames (RFC 9113 §4, §6, §7).
 *
 * ```
 *  0               3       4       5                9
 *  +---------------+-------+-------+----------------+-----------
 *  | length (24)   | type  | flags | R | stream id  | payload …
 *  +---------------+-------+-------+----------------+-----------
 * ```
 */

export const frameHeaderBytes = 9;

/** The type byte of a frame. */
export const FrameType = {
  data: 0,
  headers: 1,
  priority: 2,
  rstStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

/** The flag bits; `ack` and `endStream` share one bit, on different frames. */
export const Flag = { ack: 0x1, endStream: 0x1, endHeaders: 0x4, padded: 0x8, priority: 0x20 } as const;

/** The error codes of RST_STREAM and GOAWAY. */
export const ErrorCode = {
  noError: 0,
  protocolError: 1,
  internalError: 2,
  flowControlError: 3,
  settingsTimeout: 4,
  streamClosed: 5,
  frameSizeError: 6,
  refusedStream: 7,
  cancel: 8,
  compressionError: 9,
  connectError: 10,
  enhanceYourCalm: 11,
  inadequateSecurity: 12,
  http11Required: 13,
} as const;

/** The identifiers of SETTINGS parameters. */
export const Setting = {
  headerTableSize: 1,
  enablePush: 2,
  maxConcurrentStreams: 3,
  initialWindowSize: 4,
  maxFrameSize: 5,
  maxHeaderListSize: 6,
} as const;

/** What every endpoint starts from before it hears of other values. */
export const defaultWindow = 65_535;
export const defaultFrameBytes = 16_384;
export const defaultTableBytes = 4_096;
/** No flow-control window may grow past this. */
export const windowMax = 0x7fff_ffff;
export const streamIdMax = 0x7fff_ffff;

/** What a client sends first: a request that no HTTP/1.1 server understands, so that both notice. */
export const clientPreface: Uint8Array = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1");

/** Writes a frame header at `at`; `target` has nine bytes of room there. */
export function putFrameHeader(
  target: Uint8Array,
  at: number,
  length: number,
  type: number,
  flags: number,
  streamId: number,
): void {
  target[at] = length >>> 16;
  target[at + 1] = length >>> 8;
  target[at + 2] = length;
  target[at + 3] = type;
  target[at + 4] = flags;
  putUint32(target, at + 5, streamId);
}

/** Writes `value` as four bytes, most significant first. */
export function putUint32(target: Uint8Array, at: number, value: number): void {
  target[at] = value >>> 24;
  target[at + 1] = value >>> 16;
  target[at + 2] = value >>> 8;
  target[at + 3] = value;
}

/** Reads four bytes, most significant first, as an unsigned number. */
export function uint32At(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] as number) << 24) |
      ((bytes[at + 1] as number) << 16) |
      ((bytes[at + 2] as number) << 8) |
      (bytes[at + 3] as number)) >>>
    0
  );
}

/**
 * The peer broke the protocol so that the connection cannot go on: it is told `code` by GOAWAY, then closed.
 * Errors of single streams never throw.
 */
export class ConnectionError extends Error {
  override readonly name = "ConnectionError";
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}
