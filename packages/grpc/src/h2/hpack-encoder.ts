/**
 * Encodes header lists (RFC 7541).
 *
 * Only names from a short list enter the dynamic table: those whose value is the same in call after call. So the table
 * settles after the first calls, and a block that was encoded since it last changed can be sent again as it is.
 */
import { defaultTableBytes } from "./frames.ts";
import { staticFieldIndex, staticNameIndex, staticTableLength } from "./header-field.ts";
import { huffmanEncode, huffmanLength } from "./huffman.ts";

/** A header list to send: name, value, name, value …; names lower case, values as byte strings. */
export type FieldPairs = readonly string[];

const indexedNames: ReadonlySet<string> = new Set([
  ":authority",
  ":path",
  ":status",
  "content-type",
  "grpc-accept-encoding",
  "grpc-encoding",
  "grpc-status",
  "te",
  "user-agent",
]);
/** Told to every hop that it must not put them into a table either. */
const secretNames: ReadonlySet<string> = new Set(["authorization", "token", "cookie", "set-cookie"]);
/** Longer values would only push others out. */
const indexedSizeMax = 512;
const entryOverheadBytes = 32;

export class HpackEncoder {
  /** Keys of the fields in the table, oldest first, and for each how many were inserted before it. */
  readonly #keys: string[] = [];
  readonly #insertedBefore = new Map<string, number>();
  #inserted = 0;
  #tableBytes = 0;
  #tableBytesMax = defaultTableBytes;
  /** Sizes still to be told to the decoder: the lowest since the last block, then the current one. */
  #lowestSize = -1;
  #version = 0;
  #out: Buffer = Buffer.allocUnsafeSlow(512);
  #at = 0;

  /** Changes whenever a block that was encoded before may mean something else now. */
  get version(): number {
    return this.#version;
  }

  /** Takes over what the peer's SETTINGS allow; the table never uses more than the protocol's default. */
  setPeerTableBytes(bytes: number): void {
    const size = bytes < defaultTableBytes ? bytes : defaultTableBytes;
    if (size === this.#tableBytesMax) return;
    if (this.#lowestSize < 0 || size < this.#lowestSize) this.#lowestSize = size;
    this.#tableBytesMax = size;
    this.#version += 1;
    this.#evict(0);
  }

  /**
   * Encodes one list. Blocks must be sent in the order in which they were encoded.
   *
   * @returns a view that the next call overwrites.
   */
  encode(fields: FieldPairs): Uint8Array {
    this.#at = 0;
    this.#tellSize();
    for (let i = 0; i + 1 < fields.length; i += 2) this.#field(fields[i] as string, fields[i + 1] as string);
    return this.#out.subarray(0, this.#at);
  }

  #tellSize(): void {
    if (this.#lowestSize < 0) return;
    this.#room(16);
    if (this.#lowestSize < this.#tableBytesMax) this.#integer(0x20, 5, this.#lowestSize);
    this.#integer(0x20, 5, this.#tableBytesMax);
    this.#lowestSize = -1;
    this.#version += 1;
  }

  #field(name: string, value: string): void {
    this.#room((name.length + value.length) * 4 + 32);
    const key = `${name}\0${value}`;
    const index = staticFieldIndex.get(key) ?? this.#dynamicIndex(key);
    if (index !== undefined) {
      this.#integer(0x80, 7, index);
      return;
    }
    const size = name.length + value.length + entryOverheadBytes;
    const indexed = indexedNames.has(name) && size <= indexedSizeMax && size <= this.#tableBytesMax;
    const nameIndex = staticNameIndex.get(name) ?? 0;
    if (indexed) this.#integer(0x40, 6, nameIndex);
    else this.#integer(secretNames.has(name) ? 0x10 : 0x00, 4, nameIndex);
    if (nameIndex === 0) this.#string(name);
    this.#string(value);
    if (indexed) this.#insert(key, size);
  }

  #dynamicIndex(key: string): number | undefined {
    const before = this.#insertedBefore.get(key);
    return before === undefined ? undefined : staticTableLength + this.#inserted - before;
  }

  #insert(key: string, size: number): void {
    this.#evict(size);
    this.#keys.push(key);
    this.#insertedBefore.set(key, this.#inserted);
    this.#inserted += 1;
    this.#tableBytes += size;
    this.#version += 1;
  }

  #evict(room: number): void {
    while (this.#tableBytes + room > this.#tableBytesMax) {
      const oldest = this.#keys.shift();
      if (oldest === undefined) return;
      this.#insertedBefore.delete(oldest);
      this.#tableBytes -= oldest.length - 1 + entryOverheadBytes;
      this.#version += 1;
    }
  }

  #integer(pattern: number, prefixBits: number, value: number): void {
    const mask = (1 << prefixBits) - 1;
    if (value < mask) {
      this.#out[this.#at++] = pattern | value;
      return;
    }
    this.#out[this.#at++] = pattern | mask;
    let rest = value - mask;
    while (rest >= 0x80) {
      this.#out[this.#at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#out[this.#at++] = rest;
  }

  #string(text: string): void {
    const bytes = Buffer.from(text, "latin1");
    const coded = huffmanLength(bytes);
    if (coded < bytes.length) {
      this.#integer(0x80, 7, coded);
      this.#at = huffmanEncode(bytes, this.#out, this.#at);
    } else {
      this.#integer(0, 7, bytes.length);
      this.#out.set(bytes, this.#at);
      this.#at += bytes.length;
    }
  }

  #room(bytes: number): void {
    if (this.#out.length - this.#at >= bytes) return;
    const larger = Buffer.allocUnsafeSlow((this.#at + bytes) * 2);
    larger.set(this.#out.subarray(0, this.#at));
    this.#out = larger;
  }
}

/** A list that is sent again and again; encoded anew only when the table has changed. */
export class RepeatedBlock {
  readonly #fields: FieldPairs;
  #version = -1;
  #bytes: Uint8Array = new Uint8Array(0);

  constructor(fields: FieldPairs) {
    this.#fields = fields;
  }

  /** @returns the block for the current table; valid until the next call, not to be changed. */
  bytes(encoder: HpackEncoder): Uint8Array {
    if (this.#version === encoder.version) return this.#bytes;
    const before = encoder.version;
    const block = encoder.encode(this.#fields);
    // A block that changed the table is good for one use only.
    if (encoder.version === before) {
      this.#bytes = Uint8Array.prototype.slice.call(block);
      this.#version = before;
    }
    return block;
  }
}
