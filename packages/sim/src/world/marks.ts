/**
 * Marks that tell a proposal of the simulator's clients again when it is committed.
 *
 * ```
 *   body of the request │ FD 7F: field 2047, 32 bits │ number, 4 bytes, lowest first
 * ```
 *
 * No request has such a field. Members keep bodies as they came, and decoders skip fields that they do not know.
 */
const markBytes = 6;
const tagLow = 0xfd;
const tagHigh = 0x7f;

/** @returns a copy of `body` that carries `number`. */
export function marked(body: Uint8Array, number: number): Uint8Array {
  const bytes = new Uint8Array(body.length + markBytes);
  bytes.set(body);
  const view = new DataView(bytes.buffer, body.length);
  view.setUint8(0, tagLow);
  view.setUint8(1, tagHigh);
  view.setUint32(2, number, true);
  return bytes;
}

/** The number that a body carries; undefined when it carries none. */
export function markOf(body: Uint8Array): number | undefined {
  const at = body.length - markBytes;
  if (at < 0 || body[at] !== tagLow || body[at + 1] !== tagHigh) return undefined;
  return new DataView(body.buffer, body.byteOffset + at + 2, 4).getUint32(0, true);
}
