/**
 * One field of a header list, classified once, so that a field that sits in a table is never looked at again.
 *
 * Names and values are byte strings: each character stands for one byte (latin1). Nothing is lost or replaced this way;
 * who needs text decodes it as UTF-8.
 */

/** What a field means to the engine. */
export const FieldKind = {
  /** Passed on as metadata. */
  other: 0,
  method: 1,
  scheme: 2,
  authority: 3,
  path: 4,
  status: 5,
  contentType: 6,
  te: 7,
  contentLength: 8,
  grpcTimeout: 9,
  grpcEncoding: 10,
  grpcStatus: 11,
  grpcMessage: 12,
  host: 13,
  /** A request or response with such a field is malformed (RFC 9113 §8.2). */
  forbidden: 14,
} as const;

const kindByName = new Map<string, number>([
  [":method", FieldKind.method],
  [":scheme", FieldKind.scheme],
  [":authority", FieldKind.authority],
  [":path", FieldKind.path],
  [":status", FieldKind.status],
  ["content-type", FieldKind.contentType],
  ["te", FieldKind.te],
  ["content-length", FieldKind.contentLength],
  ["grpc-timeout", FieldKind.grpcTimeout],
  ["grpc-encoding", FieldKind.grpcEncoding],
  ["grpc-status", FieldKind.grpcStatus],
  ["grpc-message", FieldKind.grpcMessage],
  ["host", FieldKind.host],
  ["connection", FieldKind.forbidden],
  ["keep-alive", FieldKind.forbidden],
  ["proxy-connection", FieldKind.forbidden],
  ["transfer-encoding", FieldKind.forbidden],
  ["upgrade", FieldKind.forbidden],
]);

/** What RFC 7541 §4.1 adds to the bytes of name and value. */
const entryOverheadBytes = 32;

export class HeaderField {
  readonly name: string;
  readonly value: string;
  /** One of `FieldKind`. */
  readonly kind: number;
  /** What the field counts for in a table or in a list. */
  readonly size: number;

  constructor(name: string, value: string) {
    this.name = name;
    this.value = value;
    this.kind = kindOf(name, value);
    this.size = name.length + value.length + entryOverheadBytes;
  }
}

function kindOf(name: string, value: string): number {
  const known = kindByName.get(name);
  if (!isFieldValue(value)) return FieldKind.forbidden;
  if (known !== undefined) return known;
  return isFieldName(name) ? FieldKind.other : FieldKind.forbidden;
}

/** Tells whether `name` may name a field: visible ASCII, lower case, no colon. Pseudo-fields are not among them. */
export function isFieldName(name: string): boolean {
  if (name.length === 0) return false;
  for (let i = 0; i < name.length; i++) {
    const unit = name.charCodeAt(i);
    if (unit <= 0x20 || unit >= 0x7f || unit === 0x3a) return false;
    if (unit >= 0x41 && unit <= 0x5a) return false;
  }
  return true;
}

/** Tells whether no byte of `value` could break the line that a proxy to HTTP/1.1 makes of it. */
export function isFieldValue(value: string): boolean {
  for (let i = 0; i < value.length; i++) {
    const unit = value.charCodeAt(i);
    if (unit === 0 || unit === 10 || unit === 13) return false;
  }
  return true;
}

const staticPairs: readonly (readonly [string, string])[] = [
  [":authority", ""],
  [":method", "GET"],
  [":method", "POST"],
  [":path", "/"],
  [":path", "/index.html"],
  [":scheme", "http"],
  [":scheme", "https"],
  [":status", "200"],
  [":status", "204"],
  [":status", "206"],
  [":status", "304"],
  [":status", "400"],
  [":status", "404"],
  [":status", "500"],
  ["accept-charset", ""],
  ["accept-encoding", "gzip, deflate"],
  ["accept-language", ""],
  ["accept-ranges", ""],
  ["accept", ""],
  ["access-control-allow-origin", ""],
  ["age", ""],
  ["allow", ""],
  ["authorization", ""],
  ["cache-control", ""],
  ["content-disposition", ""],
  ["content-encoding", ""],
  ["content-language", ""],
  ["content-length", ""],
  ["content-location", ""],
  ["content-range", ""],
  ["content-type", ""],
  ["cookie", ""],
  ["date", ""],
  ["etag", ""],
  ["expect", ""],
  ["expires", ""],
  ["from", ""],
  ["host", ""],
  ["if-match", ""],
  ["if-modified-since", ""],
  ["if-none-match", ""],
  ["if-range", ""],
  ["if-unmodified-since", ""],
  ["last-modified", ""],
  ["link", ""],
  ["location", ""],
  ["max-forwards", ""],
  ["proxy-authenticate", ""],
  ["proxy-authorization", ""],
  ["range", ""],
  ["referer", ""],
  ["refresh", ""],
  ["retry-after", ""],
  ["server", ""],
  ["set-cookie", ""],
  ["strict-transport-security", ""],
  ["transfer-encoding", ""],
  ["user-agent", ""],
  ["vary", ""],
  ["via", ""],
  ["www-authenticate", ""],
];

/** The static table (RFC 7541 appendix A); index 1 of the wire is element 0. */
export const staticTable: readonly HeaderField[] = staticPairs.map(([name, value]) => new HeaderField(name, value));
export const staticTableLength: number = staticTable.length;

/** The lowest wire index of each name in the static table. */
export const staticNameIndex: ReadonlyMap<string, number> = new Map(
  staticPairs.map(([name], at) => [name, at + 1] as const).reverse(),
);

/** The wire index of each field of the static table with a value, by name, NUL and value. */
export const staticFieldIndex: ReadonlyMap<string, number> = new Map(
  staticPairs.map(([name, value], at) => [`${name}\0${value}`, at + 1] as const),
);
