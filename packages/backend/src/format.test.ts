import { describe, expect, test } from "vitest";
import { decodeMeta, encodeMeta, readU64, writeU64 } from "./format.ts";

/** Bytes of meta page 0 that etcd 3.4 wrote. */
const example =
  "0000000000000000 0400000000000000 edda0ced02000000 0010000000000000 1300000000000000 0000000000000000" +
  "ffffffffffffffff 1400000000000000 0400000000000000 2079f0f38db0123c";

describe("a meta page", () => {
  test("is read as etcd wrote it, and written the same", () => {
    const bytes = new Uint8Array(Buffer.from(example.replaceAll(" ", ""), "hex"));
    const meta = decodeMeta(bytes);
    if (typeof meta === "string") throw new Error(meta);
    expect(meta).toEqual({
      pageSize: 4096,
      root: 19,
      rootSequence: 0,
      freelist: undefined,
      highWaterMark: 20,
      txid: 4,
      sealed: false,
    });
    const written = encodeMeta(meta, 0);
    expect(written.length).toBe(4096);
    expect(written.subarray(0, bytes.length)).toEqual(bytes);
  });

  test("is refused when any byte of it changed", () => {
    const sound = encodeMeta(
      { pageSize: 4096, root: 3, rootSequence: 0, freelist: 2, highWaterMark: 4, txid: 9, sealed: false },
      1,
    );
    for (let at = 16; at < 80; at++) {
      const bytes = sound.slice();
      bytes[at] = (bytes[at] as number) ^ 0x10;
      expect(typeof decodeMeta(bytes)).toBe("string");
    }
    expect(decodeMeta(sound.subarray(0, 79))).toBe("file size too small");
  });

  test("numbers above 32 bits survive", () => {
    const bytes = new Uint8Array(8);
    writeU64(bytes, 0, 2 ** 45 + 7);
    expect(readU64(bytes, 0)).toBe(2 ** 45 + 7);
    expect(new DataView(bytes.buffer).getBigUint64(0, true)).toBe(2n ** 45n + 7n);
  });
});
