import { CorruptError } from "@quorate/base";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ChunkedBody } from "./chunked-body.ts";

const latin1 = (text: string): Uint8Array => Buffer.from(text, "latin1");

/** What a body gives out when it is pushed in pieces that end at `cuts`. */
function read(wire: Uint8Array, cuts: readonly number[] = []): { data: string; over: boolean } {
  let data = "";
  const body = new ChunkedBody((bytes) => {
    data += Buffer.from(bytes).toString("latin1");
  });
  let from = 0;
  for (const to of [...cuts].sort((a, b) => a - b).concat(wire.length)) {
    body.push(wire.subarray(from, to));
    from = to;
  }
  return { data, over: body.over };
}

describe("a chunked body", () => {
  test("is what its chunks hold", () => {
    expect(read(latin1("5\r\nfirst\r\n00000006\r\nsecond\r\n"))).toEqual({ data: "firstsecond", over: false });
  });

  test("may hold line ends and sizes of its own", () => {
    expect(read(latin1("A\r\n5\r\nfirst\r\n\r\n0\r\n\r\n"))).toEqual({ data: "5\r\nfirst\r\n", over: true });
  });

  test("has extensions and trailers that nobody asked for, and bytes behind its end", () => {
    const wire = '3;name="value"\r\nabc\r\n2 ; x\r\nde\r\n0;last\r\nTrailer: yes\r\nOther: 5\r\n\r\n3\r\nxyz\r\n';
    expect(read(latin1(wire))).toEqual({ data: "abcde", over: true });
  });

  test.each([
    ["no size", "\r\nabc\r\n", "a chunk has no size"],
    ["a size that is none", "5g\r\nfirst\r\n", "invalid byte 103 in a chunk's size"],
    ["a negative size", "-5\r\nfirst\r\n", "invalid byte 45 in a chunk's size"],
    ["a size beyond all bounds", "1000000000000\r\n", "a chunk is too long"],
    ["more data than its size says", "5\r\nfirst!\r\n", "a chunk is longer than its size"],
    ["an extension without an end", `5;${"x".repeat(5000)}`, "a line is too long"],
    ["a trailer without an end", `0\r\n${"x".repeat(5000)}`, "a line is too long"],
  ])("with %s is refused", (_what, wire, message) => {
    expect(() => read(latin1(wire))).toThrow(CorruptError);
    expect(() => read(latin1(wire))).toThrow(message);
  });

  test("is the same wherever its pieces end", () => {
    const parts = fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 6 });
    fc.assert(
      fc.property(parts, fc.boolean(), fc.array(fc.nat({ max: 400 })), (chunks, ends, cuts) => {
        let wire = "";
        let data = "";
        for (const chunk of chunks) {
          const text = Buffer.from(chunk).toString("latin1");
          wire += `${chunk.length.toString(16)}\r\n${text}\r\n`;
          data += text;
        }
        if (ends) wire += "0\r\n\r\n";
        const within = cuts.filter((cut) => cut <= wire.length);
        expect(read(latin1(wire), within)).toEqual({ data, over: ends });
      }),
    );
  });
});
