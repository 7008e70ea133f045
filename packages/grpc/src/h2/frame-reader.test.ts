import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FrameReader } from "./frame-reader.ts";
import { ConnectionError, Flag, FrameType } from "./frames.ts";
import { frame } from "../testing/raw-peer.ts";

/** Reads all chunks and writes down each frame as text. */
function read(chunks: readonly Uint8Array[]): string[] {
  const seen: string[] = [];
  let data = "";
  const reader = new FrameReader({
    onFrame: (type, flags, streamId, bytes, start, end) =>
      seen.push(`${type}/${flags}/${streamId} ${bytes.toString("hex", start, end)}`),
    onDataStart: (flags, streamId, length) => {
      data = `data/${flags}/${streamId} (${length}) `;
    },
    onDataPiece: (bytes, start, end) => {
      data += bytes.toString("hex", start, end);
    },
    onDataEnd: () => seen.push(data),
  });
  for (const chunk of chunks) reader.feed(Buffer.from(chunk));
  return seen;
}

const anyFrame = fc.oneof(
  fc
    .tuple(fc.integer({ min: 0, max: 1 }), fc.integer({ min: 1, max: 99 }), fc.uint8Array({ maxLength: 60 }))
    .map(([flags, streamId, payload]) => frame(FrameType.data, flags, streamId, payload)),
  fc
    .tuple(fc.integer({ min: 0, max: 20 }), fc.uint8Array({ maxLength: 40 }))
    .map(([padding, data]) =>
      frame(FrameType.data, Flag.padded, 1, Buffer.concat([Buffer.from([padding]), data, Buffer.alloc(padding)])),
    ),
  fc
    .tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 0, max: 255 }), fc.uint8Array({ maxLength: 60 }))
    .map(([type, flags, payload]) => frame(type, flags, 5, payload)),
);

describe("frame reader", () => {
  test("frames come out the same however the bytes are cut into chunks", () => {
    fc.assert(
      fc.property(
        fc.array(anyFrame, { maxLength: 8 }),
        fc.array(fc.nat({ max: 600 }), { maxLength: 12 }),
        (frames, cuts) => {
          const whole = Buffer.concat(frames);
          const at = [0, ...cuts.filter((cut) => cut <= whole.length).sort((a, b) => a - b), whole.length];
          const chunks = at.slice(1).map((end, i) => whole.subarray(at[i], end));
          expect(read(chunks)).toEqual(read([whole]));
          expect(read([...whole].map((byte) => Uint8Array.of(byte)))).toEqual(read([whole]));
          expect(read([whole])).toHaveLength(frames.length);
        },
      ),
    );
  });

  test("padding is cut off and counted", () => {
    const padded = frame(FrameType.data, Flag.padded, 3, Buffer.from([2, 0xaa, 0xbb, 0, 0]));
    expect(read([padded])).toEqual(["data/8/3 (5) aabb"]);
  });

  test("padding longer than the frame, a padded frame without a length, and a frame over the limit are errors", () => {
    expect(() => read([frame(FrameType.data, Flag.padded, 1, Buffer.from([1]))])).toThrow(ConnectionError);
    expect(() => read([frame(FrameType.data, Flag.padded, 1)])).toThrow(ConnectionError);
    expect(() => read([frame(FrameType.data, 0, 1, Buffer.alloc(16_385))])).toThrow(ConnectionError);
  });

  test("a stopped reader drops the rest of the chunk", () => {
    const seen: number[] = [];
    const reader: FrameReader = new FrameReader({
      onFrame: (type) => {
        seen.push(type);
        reader.stop();
      },
      onDataStart: () => {},
      onDataPiece: () => {},
      onDataEnd: () => {},
    });
    reader.feed(Buffer.concat([frame(4, 0, 0), frame(6, 0, 0, Buffer.alloc(8))]));
    expect(seen).toEqual([4]);
  });
});
