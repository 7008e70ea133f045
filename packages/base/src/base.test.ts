import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  compareBytes,
  concatBytes,
  crc32cUpdate,
  equalBytes,
  hexId,
  InvariantError,
  invariant,
  isUtf8,
  parseHexId,
  SeededRandom,
  toHex,
  utf8Decode,
  utf8Encode,
} from "./index.ts";

describe("bytes", () => {
  test("compare as Buffer.compare does", () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array(), (a, b) => {
        expect(Math.sign(compareBytes(a, b))).toBe(Buffer.compare(a, b));
        expect(equalBytes(a, b)).toBe(Buffer.compare(a, b) === 0);
      }),
    );
  });

  test("concatenate", () => {
    expect([...concatBytes([Uint8Array.of(1), new Uint8Array(0), Uint8Array.of(2, 3)])]).toEqual([1, 2, 3]);
  });

  test("encode and decode UTF-8 as the platform does", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(toHex(utf8Encode(text))).toBe(Buffer.from(text, "utf8").toString("hex"));
        expect(utf8Decode(utf8Encode(text))).toBe(Buffer.from(text, "utf8").toString("utf8"));
      }),
    );
  });

  test("know malformed UTF-8", () => {
    const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 6 }), (bytes) => {
        let valid = true;
        try {
          strict.decode(bytes);
        } catch {
          valid = false;
        }
        expect(isUtf8(bytes)).toBe(valid);
      }),
      { numRuns: 2000 },
    );
  });
});

describe("crc32c", () => {
  test("gives the check value of the Castagnoli polynomial", () => {
    expect(crc32cUpdate(0, utf8Encode("123456789"))).toBe(0xe3069283);
  });

  test("chains over any split", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(200), (bytes, cut) => {
        const at = Math.min(cut, bytes.length);
        const chained = crc32cUpdate(crc32cUpdate(0, bytes, 0, at), bytes, at);
        expect(chained).toBe(crc32cUpdate(0, bytes));
      }),
    );
  });
});

describe("ids", () => {
  test("print and parse in etcd's hexadecimal form", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (id) => {
        expect(parseHexId(hexId(id))).toBe(id);
      }),
    );
    expect(parseHexId("")).toBeUndefined();
    expect(parseHexId("0x1")).toBeUndefined();
    expect(parseHexId("11111111111111111")).toBeUndefined();
  });
});

describe("random", () => {
  test("repeats for the same seed and differs for another", () => {
    const draw = (seed: number): number[] => {
      const random = new SeededRandom(seed);
      return Array.from({ length: 8 }, () => random.below(1000));
    };
    expect(draw(7)).toEqual(draw(7));
    expect(draw(7)).not.toEqual(draw(8));
  });

  test("stays below its bound and reaches every value", () => {
    const random = new SeededRandom(1);
    const seen = new Set(Array.from({ length: 500 }, () => random.below(7)));
    expect([...seen].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });
});

describe("invariant", () => {
  test("says what it knows", () => {
    expect(() => invariant(false, "commit is past the end", () => ({ index: 3, id: 255n }))).toThrow(
      "commit is past the end (index=3, id=ff)",
    );
    expect(() => invariant(false, "no")).toThrow(InvariantError);
  });
});
