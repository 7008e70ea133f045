/** Any sequence of frames, right, wrong or cut, is answered or refused: nothing throws and nothing is left behind. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { ErrorCode, Flag, FrameType } from "../h2/frames.ts";
import { frame, grpcMessage, type RawPeer, settingsFrame, uint32 } from "../testing/raw-peer.ts";
import { Rig } from "../testing/rig.ts";
import type { ServerCall } from "./calls.ts";

type Step = (peer: RawPeer) => Uint8Array;

const streamId = fc.constantFrom(1, 3, 5, 7, 9, 11, 2, 0);
const body = fc.uint8Array({ maxLength: 40 });
const paths = fc.constantFrom("/test.Echo/Say", "/test.Echo/Wait", "/test.Echo/Stream", "/test.Echo/None", "/");

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.tuple(streamId, paths, body).map(
    ([id, path, bytes]): Step =>
      (peer) =>
        peer.unary(id, path, bytes),
  ),
  fc.tuple(streamId, paths).map(
    ([id, path]): Step =>
      (peer) =>
        peer.request(id, path),
  ),
  fc.tuple(streamId, paths, fc.constantFrom("1n", "5m", "1S", "x", "99999999H")).map(
    ([id, path, timeout]): Step =>
      (peer) =>
        peer.request(id, path, ["grpc-timeout", timeout]),
  ),
  fc.tuple(streamId, fc.constantFrom("GET", "POST", ""), fc.boolean()).map(
    ([id, method, end]): Step =>
      (peer) =>
        peer.headers(
          id,
          [":method", method, ":scheme", "http", ":path", "/x"],
          Flag.endHeaders | (end ? Flag.endStream : 0),
        ),
  ),
  fc.tuple(streamId, body, fc.boolean()).map(
    ([id, bytes, end]): Step =>
      (peer) =>
        peer.data(id, bytes, end),
  ),
  fc.tuple(streamId, body, fc.boolean()).map(
    ([id, bytes, end]): Step =>
      (peer) =>
        peer.data(id, grpcMessage(bytes), end),
  ),
  fc.tuple(streamId, fc.constantFrom(0, 1, 100, 0x7fff_ffff)).map(
    ([id, size]): Step =>
      () =>
        frame(FrameType.windowUpdate, 0, id, uint32(size)),
  ),
  streamId.map(
    (id): Step =>
      () =>
        frame(FrameType.rstStream, 0, id, uint32(ErrorCode.cancel)),
  ),
  fc.tuple(fc.constantFrom(1, 2, 3, 4, 5, 6, 9), fc.constantFrom(0, 1, 20_000, 65_535, 0xffff_ffff)).map(
    ([id, value]): Step =>
      () =>
        settingsFrame([id, value]),
  ),
  fc.tuple(fc.integer({ min: 0, max: 10 }), fc.integer({ min: 0, max: 255 }), streamId, body).map(
    ([type, flags, id, bytes]): Step =>
      () =>
        frame(type, flags, id, bytes),
  ),
  body.map(
    (bytes): Step =>
      () =>
        bytes,
  ),
);

test("any sequence of frames", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(step, fc.nat({ max: 3 }), fc.boolean()), { maxLength: 40 }),
      fc.constantFrom(0, 3, 100_000),
      (steps, window) => {
        const rig = new Rig({ maxConcurrentStreams: 4, abandonedCallsMax: 3, headerBytesMax: 2000 });
        const running: ServerCall[] = [];
        rig.server.unary("/test.Echo/Wait", (call) => running.push(call));
        rig.server.stream("/test.Echo/Stream", (call) => {
          call.onMessage((message) => {
            if (call.write(message)) call.pause();
            else call.end();
          });
          call.onHalfClose(() => call.fail(9, "enough"));
          call.onDrain(() => call.resume());
        });
        const peer = rig.open([4, window]);
        for (const [make, turns, answers] of steps) {
          peer.send(make(peer));
          if (turns > 0) rig.clock.advance(turns * 7);
          if (answers) running.shift()?.respond([Buffer.alloc(3000), Buffer.alloc(20_000)]);
        }
        for (const call of running) call.fail(2, "late");
        rig.clock.turn();
        peer.socket.destroy();
        rig.clock.advance(2000);
        expect(rig.server.stats.connections).toBe(0);
        expect(rig.server.deadlines.size).toBe(0);
        const started = rig.log.filter((line) => line.startsWith("started")).length;
        const ended = rig.log.filter((line) => line.startsWith("ended")).length;
        expect(ended).toBe(started);
        expect(rig.log.filter((line) => line === "closed")).toHaveLength(1);
        expect(rig.log.filter((line) => line.startsWith("failed")).length).toBeLessThanOrEqual(1);
      },
    ),
    { numRuns: 400 },
  );
});
