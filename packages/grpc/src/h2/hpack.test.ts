import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ConnectionError } from "./frames.ts";
import { HpackDecoder, type HeaderList } from "./hpack-decoder.ts";
import { HpackEncoder, RepeatedBlock } from "./hpack-encoder.ts";
import { huffmanDecode, huffmanEncode, huffmanLength } from "./huffman.ts";

function decode(decoder: HpackDecoder, hex: string): string[] {
  const bytes = Buffer.from(hex.replaceAll(" ", ""), "hex");
  return pairs(decoder.decode(bytes, 0, bytes.length));
}

function pairs(list: HeaderList): string[] {
  return list.fields.map((field) => `${field.name}: ${field.value}`);
}

const request = [":method: GET", ":scheme: http", ":path: /", ":authority: www.example.com"];

describe("HPACK decoding", () => {
  test("requests without Huffman code, as in RFC 7541 C.3", () => {
    const decoder = new HpackDecoder(65_536);
    expect(decode(decoder, "8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d")).toEqual(request);
    expect(decode(decoder, "8286 84be 5808 6e6f 2d63 6163 6865")).toEqual([...request, "cache-control: no-cache"]);
  });

  test("requests with Huffman code, as in RFC 7541 C.4", () => {
    const decoder = new HpackDecoder(65_536);
    expect(decode(decoder, "8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff")).toEqual(request);
    expect(decode(decoder, "8286 84be 5886 a8eb 1064 9cbf")).toEqual([...request, "cache-control: no-cache"]);
    expect(decode(decoder, "8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf")).toEqual([
      ":method: GET",
      ":scheme: https",
      ":path: /index.html",
      ":authority: www.example.com",
      "custom-key: custom-value",
    ]);
  });

  test("the same bytes against an unchanged table give the very same list", () => {
    const decoder = new HpackDecoder(65_536);
    const bytes = Buffer.from("828684", "hex");
    const first = decoder.decode(bytes, 0, 3);
    expect(decoder.decode(Buffer.from("ff828684", "hex"), 1, 4)).toBe(first);
  });

  test("the same bytes against a changed table are decoded anew", () => {
    const decoder = new HpackDecoder(65_536);
    decode(decoder, "40 01 61 01 31"); // a: 1
    expect(decode(decoder, "be")).toEqual(["a: 1"]);
    decode(decoder, "40 01 61 01 32"); // a: 2
    expect(decode(decoder, "be")).toEqual(["a: 2"]);
    expect(decode(decoder, "bf")).toEqual(["a: 1"]);
  });

  test("a table of size zero forgets everything", () => {
    const decoder = new HpackDecoder(65_536);
    decode(decoder, "40 01 61 01 31");
    decode(decoder, "20");
    expect(() => decode(decoder, "be")).toThrow(ConnectionError);
  });

  test.each([
    ["index 0", "80"],
    ["an index that is in no table", "ff 80 01"],
    ["a number without an end", "ff ff ff ff ff ff ff ff ff 01"],
    ["a string that is cut off", "40 05 61"],
    ["a table size over the limit", "3f e2 1f"],
    ["a table size behind a field", "82 20"],
    ["Huffman padding of zeros", "40 01 61 81 00"],
    ["Huffman padding of a whole byte", "40 01 61 82 1f ff"],
    ["the end-of-string symbol", "40 01 61 84 ff ff ff ff"],
  ])("%s is an error of the connection", (_what, hex) => {
    expect(() => decode(new HpackDecoder(65_536), hex)).toThrow(ConnectionError);
  });

  test("a list over the limit is cut, and the table stays in step", () => {
    const decoder = new HpackDecoder(150);
    const long = `40 01 62 7f 01 ${"78".repeat(128)}`;
    const bytes = Buffer.from(`40016101 31 ${long}`.replaceAll(" ", ""), "hex");
    const list = decoder.decode(bytes, 0, bytes.length);
    expect(list.tooLarge).toBe(true);
    expect(pairs(list)).toEqual(["a: 1"]);
    expect(decode(decoder, "bf")).toEqual(["a: 1"]);
  });

  test("any bytes give a list or a ConnectionError", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 8 }), (blocks) => {
        const decoder = new HpackDecoder(4096);
        try {
          for (const block of blocks) decoder.decode(Buffer.from(block), 0, block.length);
        } catch (error) {
          expect(error).toBeInstanceOf(ConnectionError);
        }
      }),
    );
  });
});

describe("Huffman code", () => {
  test("decoding reverses encoding", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const coded = new Uint8Array(huffmanLength(bytes));
        expect(huffmanEncode(bytes, coded, 0)).toBe(coded.length);
        const back = new Uint8Array(coded.length * 2);
        const length = huffmanDecode(coded, 0, coded.length, back);
        expect(back.subarray(0, length)).toEqual(bytes);
      }),
    );
  });
});

describe("HPACK encoding", () => {
  const name = fc.constantFrom(":path", "te", "user-agent", "x-other", "token", "grpc-status", "content-type");
  const value = fc.string({ unit: "binary-ascii", maxLength: 90 });
  const step = fc.oneof(
    fc.record({ fields: fc.array(fc.tuple(name, value), { maxLength: 6 }) }),
    fc.record({ size: fc.integer({ min: 0, max: 5000 }) }),
  );

  test("a decoder follows through any lists and table sizes", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const encoder = new HpackEncoder();
        const decoder = new HpackDecoder(1 << 20);
        for (const one of steps) {
          if ("size" in one) {
            encoder.setPeerTableBytes(one.size);
            continue;
          }
          const block = Buffer.from(encoder.encode(one.fields.flat()));
          const list = decoder.decode(block, 0, block.length);
          expect(list.fields.map((field) => [field.name, field.value])).toEqual(one.fields);
        }
      }),
    );
  });

  test("a repeated block settles to one byte for each field, and follows a change of the table", () => {
    const encoder = new HpackEncoder();
    const decoder = new HpackDecoder(65_536);
    const fields = [":status", "200", "content-type", "application/grpc"];
    const block = new RepeatedBlock(fields);
    const lengths: number[] = [];
    for (const before of [4096, 4096, 4096, 0, 0, 4096, 4096]) {
      encoder.setPeerTableBytes(before);
      const bytes = Buffer.from(block.bytes(encoder));
      lengths.push(bytes.length);
      const list = decoder.decode(bytes, 0, bytes.length);
      expect(pairs(list)).toEqual([":status: 200", "content-type: application/grpc"]);
    }
    expect(lengths[1]).toBe(2);
    expect(lengths[2]).toBe(2);
    expect(lengths.at(-1)).toBe(2);
  });

  test("secrets are marked so that no hop puts them into a table", () => {
    const block = new HpackEncoder().encode(["token", "secret"]);
    expect((block[0] as number) & 0xf0).toBe(0x10);
  });
});
