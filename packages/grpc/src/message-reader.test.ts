import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type MessageFault, MessageReader } from "./message-reader.ts";
import { grpcMessage } from "./testing/raw-peer.ts";

function read(chunks: readonly Uint8Array[], bytesMax = 1000, encoding?: string) {
  const messages: Uint8Array[] = [];
  const faults: MessageFault[] = [];
  const sink = {
    takeMessage: (message: Uint8Array) => messages.push(message),
    takeFault: (fault: MessageFault) => faults.push(fault),
  };
  const reader = new MessageReader(sink, bytesMax, encoding);
  for (const chunk of chunks) reader.feed(Buffer.from(chunk), 0, chunk.length);
  return { messages: messages.map((message) => Buffer.from(message).toString("hex")), faults, reader };
}

describe("message reader", () => {
  test("messages come out the same however the bytes are cut into chunks", () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 80 }), { maxLength: 6 }),
        fc.array(fc.nat({ max: 500 }), { maxLength: 8 }),
        (bodies, cuts) => {
          const whole = Buffer.concat(bodies.map((body) => grpcMessage(body)));
          const at = [0, ...cuts.filter((cut) => cut <= whole.length).sort((a, b) => a - b), whole.length];
          const chunks = at.slice(1).map((end, i) => whole.subarray(at[i], end));
          const { messages, faults, reader } = read(chunks);
          expect(messages).toEqual(bodies.map((body) => Buffer.from(body).toString("hex")));
          expect(faults).toEqual([]);
          expect(reader.atBoundary).toBe(true);
        },
      ),
    );
  });

  test("a message in one chunk is a view of it, not a copy", () => {
    let message: Uint8Array | undefined;
    const reader = new MessageReader({ takeMessage: (m) => (message = m), takeFault: () => {} }, 100, undefined);
    const chunk = grpcMessage(Buffer.from("abc"));
    reader.feed(chunk, 0, chunk.length);
    expect(message?.buffer).toBe(chunk.buffer);
  });

  test("an announced length alone holds no memory", () => {
    const { reader } = read([Buffer.from([0, 0x7f, 0, 0, 0]).subarray(0, 5)], 0x7fff_ffff);
    expect(reader.heldBytes).toBe(0);
    expect(reader.atBoundary).toBe(false);
  });

  test("a message over the limit is refused with grpc-go's text as soon as its length is known", () => {
    const { faults } = read([Buffer.from([0, 0, 0, 0x03, 0xe9])], 1000);
    expect(faults).toEqual([{ code: 8, message: "grpc: received message larger than max (1001 vs. 1000)" }]);
  });

  test("a gzip message is unpacked", () => {
    const body = Buffer.alloc(500, "x");
    const { messages } = read([grpcMessage(gzipSync(body), true)], 1000, "gzip");
    expect(messages).toEqual([body.toString("hex")]);
  });

  test("a gzip bomb is refused within the limit", () => {
    const { messages, faults } = read([grpcMessage(gzipSync(Buffer.alloc(1_000_000)), true)], 2000, "gzip");
    expect(messages).toEqual([]);
    expect(faults[0]?.code).toBe(8);
  });

  test("a compressed message without an encoding, and one that does not unpack, are internal errors", () => {
    expect(read([grpcMessage(Buffer.from("x"), true)]).faults[0]?.message).toBe(
      "grpc: compressed flag set with identity or empty encoding",
    );
    expect(read([grpcMessage(Buffer.from("x"), true)], 1000, "gzip").faults[0]?.code).toBe(13);
  });
});
