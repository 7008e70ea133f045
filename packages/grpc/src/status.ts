/** The outcome of a call: codes, and how the text travels in a header (gRPC over HTTP/2, "Responses"). */
import { utf8Decode, utf8Encode } from "@quorate/base";

export const GrpcCode = {
  ok: 0,
  cancelled: 1,
  unknown: 2,
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  alreadyExists: 6,
  permissionDenied: 7,
  resourceExhausted: 8,
  failedPrecondition: 9,
  aborted: 10,
  outOfRange: 11,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  dataLoss: 15,
  unauthenticated: 16,
} as const;

/** Percent-encodes the UTF-8 form of `text`: everything but printable ASCII, and the percent sign itself. */
export function encodeGrpcMessage(text: string): string {
  if (/^[ -$&-~]*$/.test(text)) return text;
  let encoded = "";
  for (const byte of utf8Encode(text)) {
    if (byte >= 0x20 && byte <= 0x7e && byte !== 0x25) encoded += String.fromCharCode(byte);
    else encoded += `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return encoded;
}

/** Reverses `encodeGrpcMessage`; a percent sign without two digits stands for itself. */
export function decodeGrpcMessage(value: string): string {
  if (!value.includes("%")) return value;
  const bytes: number[] = [];
  for (let i = 0; i < value.length; i++) {
    const digits = value.slice(i + 1, i + 3);
    if (value.charCodeAt(i) === 0x25 && /^[0-9a-fA-F]{2}$/.test(digits)) {
      bytes.push(Number.parseInt(digits, 16));
      i += 2;
    } else {
      bytes.push(value.charCodeAt(i) & 0xff);
    }
  }
  return utf8Decode(Uint8Array.from(bytes));
}

/** What a status is to be made of when a peer answers with plain HTTP (gRPC's "HTTP to gRPC Status Code Mapping"). */
export function codeOfHttpStatus(status: number): number {
  switch (status) {
    case 400:
      return GrpcCode.internal;
    case 401:
      return GrpcCode.unauthenticated;
    case 403:
      return GrpcCode.permissionDenied;
    case 404:
      return GrpcCode.unimplemented;
    case 429:
    case 502:
    case 503:
    case 504:
      return GrpcCode.unavailable;
    default:
      return GrpcCode.unknown;
  }
}

/** What a status is to be made of when a stream is reset (gRPC's "HTTP2 Error Codes"). */
export function codeOfReset(http2Code: number): number {
  switch (http2Code) {
    case 7:
      return GrpcCode.unavailable;
    case 8:
      return GrpcCode.cancelled;
    case 11:
      return GrpcCode.resourceExhausted;
    case 12:
      return GrpcCode.permissionDenied;
    default:
      return GrpcCode.internal;
  }
}
