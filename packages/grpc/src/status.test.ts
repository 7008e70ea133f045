import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Metadata } from "./metadata.ts";
import { decodeGrpcMessage, encodeGrpcMessage } from "./status.ts";

describe("grpc-message", () => {
  test("any text survives, and only printable ASCII travels", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        const encoded = encodeGrpcMessage(text);
        expect(encoded).toMatch(/^[ -~]*$/);
        expect(decodeGrpcMessage(encoded)).toBe(text);
      }),
    );
  });

  test("the percent sign is encoded, and a stray one is taken as it is", () => {
    expect(encodeGrpcMessage("100% é")).toBe("100%25 %C3%A9");
    expect(decodeGrpcMessage("100% %zz %41")).toBe("100% %zz A");
  });
});

describe("metadata", () => {
  test("names must be lower case, values must not break lines", () => {
    const metadata = new Metadata();
    expect(() => metadata.add("Token", "x")).toThrow(TypeError);
    expect(() => metadata.add(":path", "x")).toThrow(TypeError);
    expect(() => metadata.add("token", "a\r\nb")).toThrow(TypeError);
    expect(metadata.size).toBe(0);
  });

  test("binary values travel as base64 without padding and come back as bytes", () => {
    const metadata = new Metadata().add("key-bin", Uint8Array.of(1, 2, 255, 0));
    expect(metadata.get("key-bin")).toBe("AQL/AA");
    expect(metadata.getBytes("key-bin")).toEqual(Uint8Array.of(1, 2, 255, 0));
  });

  test("the first of several values is got, all are listed", () => {
    const metadata = new Metadata().add("a", "1").add("b", "2").add("a", "3");
    expect(metadata.get("a")).toBe("1");
    expect(metadata.getAll("a")).toEqual(["1", "3"]);
    expect([...metadata]).toEqual([
      ["a", "1"],
      ["b", "2"],
      ["a", "3"],
    ]);
  });
});
