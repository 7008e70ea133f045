/**
 * Decodes header blocks (RFC 7541).
 *
 * The dynamic table is a ring of fields, newest last. Clients of one connection send few different blocks, most of them
 * made of references alone, so whole blocks are remembered too: the same bytes against an unchanged table give the same
 * list, and whoever made something of that list finds it again in `HeaderList.cached`.
 */
import { huffmanDecode } from "./huffman.ts";
import { HeaderField, staticTable, staticTableLength } from "./header-field.ts";
import { ConnectionError, defaultTableBytes, ErrorCode } from "./frames.ts";

/** A decoded header list. Lists may be shared between requests: nobody changes one. */
export class HeaderList {
  readonly fields: readonly HeaderField[];
  /** The list was longer than allowed; `fields` holds what came before that. */
  readonly tooLarge: boolean;
  /** What the receiver derived from this list, if it wants to find it again when the same list comes. */
  cached: unknown = undefined;

  constructor(fields: readonly HeaderField[], tooLarge: boolean) {
    this.fields = fields;
    this.tooLarge = tooLarge;
  }
}

interface RememberedBlock {
  readonly bytes: Uint8Array;
  readonly tableVersion: number;
  readonly list: HeaderList;
}

const emptySource = Buffer.alloc(0);
const rememberedSlots = 16;
const rememberedBytesMax = 512;
/** RFC 7541 sets no bound on integers; nothing here is longer than this. */
const integerMax = 0x0fff_ffff;

export class HpackDecoder {
  readonly #listBytesMax: number;
  #ring: (HeaderField | undefined)[] = new Array<HeaderField | undefined>(16).fill(undefined);
  /** Slot of the oldest field. */
  #first = 0;
  #count = 0;
  #tableBytes = 0;
  #tableBytesMax = defaultTableBytes;
  /** What our SETTINGS allow the peer to use. */
  readonly #tableBytesLimit = defaultTableBytes;
  #version = 0;
  readonly #remembered: (RememberedBlock | undefined)[] = new Array<RememberedBlock | undefined>(rememberedSlots).fill(
    undefined,
  );
  #source: Buffer = emptySource;
  #at = 0;
  #end = 0;
  #scratch: Buffer = Buffer.allocUnsafeSlow(1024);

  /** @param listBytesMax the longest list that is kept, in the bytes of RFC 9113 §10.5.1. */
  constructor(listBytesMax: number) {
    this.#listBytesMax = listBytesMax;
  }

  /**
   * Decodes the whole block `source[start, end)`; nothing of `source` is kept.
   *
   * @throws ConnectionError (COMPRESSION_ERROR) when the block is malformed; the decoder is unusable afterwards.
   */
  decode(source: Buffer, start: number, end: number): HeaderList {
    const length = end - start;
    if (length > rememberedBytesMax) return this.#decodeBlock(source, start, end);
    const slot = slotOf(source, start, end);
    const remembered = this.#remembered[slot];
    if (remembered !== undefined && remembered.tableVersion === this.#version) {
      if (sameBytes(remembered.bytes, source, start, length)) return remembered.list;
    }
    const version = this.#version;
    const list = this.#decodeBlock(source, start, end);
    if (version === this.#version) {
      const bytes = Uint8Array.prototype.slice.call(source, start, end);
      this.#remembered[slot] = { bytes, tableVersion: version, list };
    }
    return list;
  }

  #decodeBlock(source: Buffer, start: number, end: number): HeaderList {
    this.#source = source;
    this.#at = start;
    this.#end = end;
    const fields: HeaderField[] = [];
    let listBytes = 0;
    let tooLarge = false;
    while (this.#at < end) {
      const first = source[this.#at] as number;
      let field: HeaderField;
      if ((first & 0x80) !== 0) {
        field = this.#fieldAt(this.#integer(7));
      } else if ((first & 0x40) !== 0) {
        field = this.#literal(6);
        this.#insert(field);
      } else if ((first & 0x20) !== 0) {
        this.#resize(fields.length > 0 || tooLarge);
        continue;
      } else {
        field = this.#literal(4);
      }
      listBytes += field.size;
      if (listBytes > this.#listBytesMax) tooLarge = true;
      else fields.push(field);
    }
    this.#source = emptySource;
    return new HeaderList(fields, tooLarge);
  }

  #fieldAt(index: number): HeaderField {
    if (index > 0 && index <= staticTableLength) return staticTable[index - 1] as HeaderField;
    const age = index - staticTableLength;
    if (index === 0 || age > this.#count) throw malformed("a field that is in no table");
    const slot = (this.#first + this.#count - age) & (this.#ring.length - 1);
    return this.#ring[slot] as HeaderField;
  }

  #literal(prefixBits: number): HeaderField {
    const index = this.#integer(prefixBits);
    const name = index === 0 ? this.#string() : this.#fieldAt(index).name;
    return new HeaderField(name, this.#string());
  }

  #integer(prefixBits: number): number {
    const mask = (1 << prefixBits) - 1;
    let value = (this.#source[this.#at++] as number) & mask;
    if (value < mask) return value;
    for (let shift = 0; shift <= 21; shift += 7) {
      if (this.#at >= this.#end) throw malformed("a number that is cut off");
      const byte = this.#source[this.#at++] as number;
      value += (byte & 0x7f) * 2 ** shift;
      if ((byte & 0x80) === 0) {
        if (value > integerMax) break;
        return value;
      }
    }
    throw malformed("a number that is too large");
  }

  #string(): string {
    if (this.#at >= this.#end) throw malformed("a string that is cut off");
    const huffman = ((this.#source[this.#at] as number) & 0x80) !== 0;
    const length = this.#integer(7);
    const start = this.#at;
    const end = start + length;
    if (end > this.#end) throw malformed("a string that is cut off");
    this.#at = end;
    if (!huffman) return latin1(this.#source, start, end);
    if (this.#scratch.length < length * 2) this.#scratch = Buffer.allocUnsafeSlow(length * 2);
    const decoded = huffmanDecode(this.#source, start, end, this.#scratch);
    if (decoded < 0) throw malformed("a string with a broken Huffman code");
    return latin1(this.#scratch, 0, decoded);
  }

  #resize(late: boolean): void {
    const bytes = this.#integer(5);
    if (late) throw malformed("a table size behind a field");
    if (bytes > this.#tableBytesLimit) throw malformed("a table size over the limit");
    this.#version += 1;
    this.#tableBytesMax = bytes;
    this.#evict(0);
  }

  #insert(field: HeaderField): void {
    this.#version += 1;
    this.#evict(field.size);
    if (field.size > this.#tableBytesMax) return;
    if (this.#count === this.#ring.length) this.#grow();
    this.#ring[(this.#first + this.#count) & (this.#ring.length - 1)] = field;
    this.#count += 1;
    this.#tableBytes += field.size;
  }

  /** Drops the oldest fields until `room` bytes are free or nothing is left. */
  #evict(room: number): void {
    while (this.#count > 0 && this.#tableBytes + room > this.#tableBytesMax) {
      const oldest = this.#ring[this.#first] as HeaderField;
      this.#ring[this.#first] = undefined;
      this.#first = (this.#first + 1) & (this.#ring.length - 1);
      this.#count -= 1;
      this.#tableBytes -= oldest.size;
    }
  }

  #grow(): void {
    const old = this.#ring;
    const ring = new Array<HeaderField | undefined>(old.length * 2).fill(undefined);
    for (let i = 0; i < this.#count; i++) ring[i] = old[(this.#first + i) & (old.length - 1)];
    this.#ring = ring;
    this.#first = 0;
  }
}

function malformed(what: string): ConnectionError {
  return new ConnectionError(ErrorCode.compressionError, `the header block has ${what}`);
}

/** Short strings are quicker to build here than by a call into the runtime. */
function latin1(bytes: Buffer, start: number, end: number): string {
  if (end - start > 24) return bytes.toString("latin1", start, end);
  let text = "";
  for (let i = start; i < end; i++) text += String.fromCharCode(bytes[i] as number);
  return text;
}

function slotOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = end - start;
  // The end tells blocks apart better than the beginning: what varies from call to call is usually sent last.
  const from = end - start > 24 ? end - 24 : start;
  for (let i = from; i < end; i++) hash = (hash * 31 + (bytes[i] as number)) | 0;
  return (hash ^ (hash >>> 8)) & (rememberedSlots - 1);
}

function sameBytes(kept: Uint8Array, source: Uint8Array, start: number, length: number): boolean {
  if (kept.length !== length) return false;
  for (let i = 0; i < length; i++) if (kept[i] !== source[start + i]) return false;
  return true;
}
