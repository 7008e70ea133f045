import { startWriter } from "@quorate/api";
import { utf8Encode } from "@quorate/base";

const localizedMessage = "type.googleapis.com/google.rpc.LocalizedMessage";

/**
 * Encodes a `google.rpc.Status` that repeats code and message and carries an explanation as a `LocalizedMessage`:
 * clients that compare texts see etcd's alone, those that look further find who refused and what to do.
 *
 * ```
 * Status           1 code   2 message   3 details
 * Any              1 type_url   2 value
 * LocalizedMessage 1 locale   2 message
 * ```
 */
export function encodeStatusDetails(code: number, message: string, explanation: string): Uint8Array {
  const w = startWriter();
  const anyEnd = w.mark();
  const valueEnd = w.mark();
  w.bytes(utf8Encode(explanation));
  w.uvarint((2 << 3) | 2);
  w.string("en");
  w.uvarint((1 << 3) | 2);
  w.uvarint(valueEnd - w.mark());
  w.uvarint((2 << 3) | 2);
  w.string(localizedMessage);
  w.uvarint((1 << 3) | 2);
  w.uvarint(anyEnd - w.mark());
  w.uvarint((3 << 3) | 2);
  w.string(message);
  w.uvarint((2 << 3) | 2);
  w.varint(code);
  w.uvarint(1 << 3);
  return w.finish();
}
