/**
 * CRC-32C (Castagnoli), slicing by 8, with the conventions of Go's `hash/crc32`:
 * `update(0, bytes)` is the checksum of `bytes`, and checksums chain.
 *
 * A native module would win 0.1 µs on 300 bytes (see the ADR on dependencies).
 */

const polynomial = 0x82f63b78;

function makeTables(): Int32Array {
  const tables = new Int32Array(8 * 256);
  for (let n = 0; n < 256; n++) {
    let crc = n;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
    tables[n] = crc;
  }
  for (let n = 0; n < 256; n++) {
    let crc = tables[n] as number;
    for (let slice = 1; slice < 8; slice++) {
      crc = (tables[crc & 0xff] as number) ^ (crc >>> 8);
      tables[slice * 256 + n] = crc;
    }
  }
  return tables;
}

const t: Int32Array = makeTables();

/**
 * Extends the checksum `crc` over `bytes[from, to)`.
 *
 * @param crc the checksum so far, 0 to start; unsigned 32 bits.
 * @returns the new checksum, unsigned 32 bits.
 */
export function crc32cUpdate(crc: number, bytes: Uint8Array, from = 0, to: number = bytes.length): number {
  let c = ~crc;
  let i = from;
  const sliced = to - 7;
  while (i < sliced) {
    c ^=
      (bytes[i] as number) |
      ((bytes[i + 1] as number) << 8) |
      ((bytes[i + 2] as number) << 16) |
      ((bytes[i + 3] as number) << 24);
    c =
      (t[1792 + (c & 0xff)] as number) ^
      (t[1536 + ((c >>> 8) & 0xff)] as number) ^
      (t[1280 + ((c >>> 16) & 0xff)] as number) ^
      (t[1024 + (c >>> 24)] as number) ^
      (t[768 + (bytes[i + 4] as number)] as number) ^
      (t[512 + (bytes[i + 5] as number)] as number) ^
      (t[256 + (bytes[i + 6] as number)] as number) ^
      (t[bytes[i + 7] as number] as number);
    i += 8;
  }
  while (i < to) {
    c = (t[(c ^ (bytes[i] as number)) & 0xff] as number) ^ (c >>> 8);
    i += 1;
  }
  return ~c >>> 0;
}
