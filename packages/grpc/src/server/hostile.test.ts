/** What clients do to break or exhaust a server: each is bounded, told by GOAWAY, and closed. */
import { describe, expect, test } from "vitest";
import { clientPreface, ErrorCode, Flag, FrameType, Setting } from "../h2/frames.ts";
import { frame, grpcMessage, type RawPeer, settingsFrame, uint32 } from "../testing/raw-peer.ts";
import { Rig } from "../testing/rig.ts";
import type { ServerCall } from "./calls.ts";

const hello = Buffer.from("hello");

/** The connection was told `code` and ended, and the socket goes even if the peer does nothing. */
function expectClosed(rig: Rig, peer: RawPeer, code: number): void {
  expect(peer.goAwayCode(peer.receive())).toBe(code);
  expect(peer.socket.ended).toBe(true);
  rig.clock.advance(1100);
  expect(peer.socket.destroyed).toBe(true);
  expect(rig.server.stats.connections).toBe(0);
}

describe("malformed sessions", () => {
  test.each([
    [
      "HPACK garbage",
      ErrorCode.compressionError,
      () => frame(FrameType.headers, Flag.endHeaders, 1, Buffer.alloc(9, 0xff)),
    ],
    ["a frame over the limit", ErrorCode.frameSizeError, () => frame(FrameType.data, 0, 1, Buffer.alloc(20_000))],
    ["data on an idle stream", ErrorCode.protocolError, () => frame(FrameType.data, 0, 1, hello)],
    ["an even stream", ErrorCode.protocolError, (peer: RawPeer) => peer.unary(2, "/test.Echo/Say", hello)],
    ["PUSH_PROMISE", ErrorCode.protocolError, () => frame(FrameType.pushPromise, 0, 1, Buffer.alloc(8))],
    [
      "a window past 2^31-1",
      ErrorCode.flowControlError,
      () => frame(FrameType.windowUpdate, 0, 0, uint32(0x7fff_ffff)),
    ],
    ["a ping of the wrong size", ErrorCode.frameSizeError, () => frame(FrameType.ping, 0, 0, hello)],
    [
      "a frame inside a header block",
      ErrorCode.protocolError,
      (peer: RawPeer) =>
        Buffer.concat([peer.headers(1, [":method", "POST"], 0), frame(FrameType.ping, 0, 0, Buffer.alloc(8))]),
    ],
  ])("%s", (_what, code, attack) => {
    const rig = new Rig();
    const peer = rig.open();
    peer.send(attack(peer));
    expectClosed(rig, peer, code);
  });

  test("a client that reads nothing is closed all the same", () => {
    const rig = new Rig();
    const peer = rig.open();
    peer.socket.stalled = true;
    peer.send(frame(FrameType.data, 0, 1, hello));
    rig.clock.advance(1100);
    expect(peer.socket.destroyed).toBe(true);
  });

  test("what arrives behind the fault is not looked at", () => {
    const rig = new Rig();
    const peer = rig.open();
    peer.send(frame(FrameType.data, 0, 1, hello), peer.unary(1, "/test.Echo/Say", hello));
    peer.send(peer.unary(3, "/test.Echo/Say", hello));
    expect(rig.log.filter((line) => line.startsWith("started"))).toEqual([]);
  });

  test("more data than a stream's window allows resets the stream", () => {
    const rig = new Rig({ streamWindowBytes: 65_535, connectionWindowBytes: 65_535 });
    rig.server.stream("/test.Echo/Stream", (call) => call.pause());
    const peer = rig.open();
    peer.send(peer.request(1, "/test.Echo/Stream"));
    // Windows of the connection are extended as data comes, those of a stream only as it is taken.
    for (let i = 0; i < 4; i++) peer.send(peer.data(1, Buffer.alloc(16_384), false));
    const [reset] = peer.receive().filter((one) => one.type === FrameType.rstStream);
    expect(reset?.payload.readUInt32BE(0)).toBe(ErrorCode.flowControlError);
  });
});

describe("floods", () => {
  test("a rapid reset reaches few handlers and ends the connection", () => {
    const rig = new Rig();
    let started = 0;
    rig.server.stream("/test.Echo/Stream", () => {
      started += 1;
    });
    const peer = rig.open();
    const attack: Buffer[] = [];
    for (let i = 0; i < 20_000; i++) {
      attack.push(peer.request(1 + 2 * i, "/test.Echo/Stream"), frame(FrameType.rstStream, 0, 1 + 2 * i, uint32(8)));
    }
    peer.send(...attack);
    expect(started).toBeLessThanOrEqual(100);
    expectClosed(rig, peer, ErrorCode.enhanceYourCalm);
  });

  test("resets that the client provokes by faults are bounded as well", () => {
    const rig = new Rig();
    let started = 0;
    rig.server.stream("/test.Echo/Stream", () => {
      started += 1;
    });
    const peer = rig.open();
    for (let i = 0; i < 2000; i++) {
      peer.send(peer.request(1 + 2 * i, "/test.Echo/Stream"), frame(FrameType.windowUpdate, 0, 1 + 2 * i, uint32(0)));
    }
    expect(started).toBeLessThanOrEqual(100);
    expectClosed(rig, peer, ErrorCode.enhanceYourCalm);
  });

  test("cancelled calls whose handlers run on are bounded; new calls are refused until they end", () => {
    const rig = new Rig({ abandonedCallsMax: 10 });
    const running: ServerCall[] = [];
    rig.server.unary("/test.Echo/Wait", (call) => running.push(call));
    const peer = rig.open();
    for (let i = 0; i < 50; i++) {
      peer.send(peer.unary(1 + 2 * i, "/test.Echo/Wait", hello));
      peer.send(frame(FrameType.rstStream, 0, 1 + 2 * i, uint32(ErrorCode.cancel)));
    }
    expect(running).toHaveLength(10);
    peer.receive();
    for (const call of running) call.respond(hello);
    peer.send(peer.unary(201, "/test.Echo/Say", hello));
    expect(peer.receive()).toHaveLength(3);
  });

  test("a client that cancels every call a moment later keeps its connection, and nothing is left behind", () => {
    const rig = new Rig();
    rig.server.unary("/test.Echo/Wait", (call) => call.onCancel(() => {}));
    const peer = rig.open();
    for (let i = 0; i < 5000; i++) {
      peer.send(peer.unary(1 + 2 * i, "/test.Echo/Wait", hello, ["grpc-timeout", "5S"]));
      rig.clock.advance(1);
      peer.send(frame(FrameType.rstStream, 0, 1 + 2 * i, uint32(ErrorCode.cancel)));
    }
    expect(peer.goAwayCode(peer.receive())).toBe(-1);
    expect(rig.server.deadlines.size).toBe(0);
    expect(rig.log.filter((line) => line.startsWith("ended"))).toHaveLength(5000);
  });

  test.each([
    ["SETTINGS", () => settingsFrame()],
    ["PRIORITY", () => frame(FrameType.priority, 0, 99, Buffer.alloc(5))],
    ["RST_STREAM of a closed stream", () => frame(FrameType.rstStream, 0, 1, uint32(8))],
    ["unknown frames", () => frame(0x77, 0, 0, hello)],
    ["window updates of a closed stream", () => frame(FrameType.windowUpdate, 0, 1, uint32(1))],
  ])("%s", (_what, attack) => {
    const rig = new Rig();
    const peer = rig.open();
    peer.send(peer.unary(1, "/test.Echo/Say", hello));
    peer.receive();
    for (let i = 0; i < 1100; i++) peer.send(attack());
    expectClosed(rig, peer, ErrorCode.enhanceYourCalm);
  });

  test("empty DATA frames", () => {
    const rig = new Rig();
    rig.server.stream("/test.Echo/Stream", () => {});
    const peer = rig.open();
    peer.send(peer.request(1, "/test.Echo/Stream"));
    peer.receive();
    for (let i = 0; i < 1100; i++) peer.send(peer.data(1, new Uint8Array(0), false));
    expectClosed(rig, peer, ErrorCode.enhanceYourCalm);
  });

  test("CONTINUATION frames without an end, empty or full", () => {
    for (const size of [0, 10, 16_384]) {
      const rig = new Rig();
      const peer = rig.open();
      peer.send(peer.headers(1, [":method", "POST"], 0));
      for (let i = 0; i < 100; i++) peer.send(frame(FrameType.continuation, 0, 1, Buffer.alloc(size)));
      expectClosed(rig, peer, ErrorCode.enhanceYourCalm);
    }
  });

  test("a header block that is never completed is given up after the handshake timeout", () => {
    const rig = new Rig({ handshakeTimeoutMs: 10_000 });
    const peer = rig.open();
    peer.send(peer.headers(1, [":method", "POST"], 0));
    rig.clock.advance(14_000);
    expect(peer.socket.destroyed).toBe(true);
  });

  test("a header list that unpacks to more than the limit is answered 431, and the connection goes on", () => {
    const peer = new Rig({ headerBytesMax: 64 * 1024 }).open();
    const bomb = peer.headers(1, [":method", "POST", ":scheme", "http", ":path", "/a/b", "x-first", "1"], 0);
    const field = Buffer.from(peer.encoder.encode(["te", "t".repeat(400)]));
    const repeat = Buffer.alloc(2000, 0x80 | 62);
    peer.send(bomb, frame(FrameType.continuation, Flag.endHeaders, 1, Buffer.concat([field, repeat])));
    expect(peer.receive()[0]?.fields).toMatchObject({ ":status": "431", "grpc-status": "8" });
    peer.send(peer.unary(3, "/test.Echo/Say", hello));
    expect(peer.receive().at(-1)?.fields).toEqual({ "grpc-status": "0" });
  });

  test("streams over the announced limit are refused", () => {
    const rig = new Rig({ maxConcurrentStreams: 5 });
    rig.server.stream("/test.Echo/Stream", () => {});
    const peer = rig.open();
    for (let i = 0; i < 8; i++) peer.send(peer.request(1 + 2 * i, "/test.Echo/Stream"));
    expect(peer.receive().map((one) => [one.streamId, one.payload.readUInt32BE(0)])).toEqual([
      [11, ErrorCode.refusedStream],
      [13, ErrorCode.refusedStream],
      [15, ErrorCode.refusedStream],
    ]);
  });

  test("incomplete messages hold no more than the limit for the connection", () => {
    const rig = new Rig({ heldBytesMax: 100_000 });
    const peer = rig.open();
    for (let i = 0; i < 10; i++) {
      const half = grpcMessage(Buffer.alloc(32_000)).subarray(0, 16_005);
      peer.send(peer.request(1 + 2 * i, "/test.Echo/Say"), peer.data(1 + 2 * i, half, false));
    }
    const refused = peer.receive().filter((one) => one.fields["grpc-status"] === "8");
    expect(refused.map((one) => one.streamId)).toEqual([13, 15, 17, 19]);
  });

  test("a client that reads no answers is not read from, and closed in the end", () => {
    const rig = new Rig({ unsentBytesMax: 50_000, stuckTimeoutMs: 20_000 });
    const peer = rig.open();
    peer.socket.stalled = true;
    for (let i = 0; i < 1000; i++) {
      peer.send(peer.unary(1 + 2 * i, "/no.Such/Method", hello));
      if (peer.socket.paused) break;
    }
    expect(peer.socket.paused).toBe(true);
    rig.clock.advance(23_000);
    expect(peer.socket.destroyed).toBe(true);
  });

  test("a client that reads its answers late is read from again", () => {
    const rig = new Rig({ unsentBytesMax: 50_000 });
    const peer = rig.open();
    peer.socket.stalled = true;
    for (let i = 0; !peer.socket.paused; i++) peer.send(peer.unary(1 + 2 * i, "/no.Such/Method", hello));
    rig.clock.advance(10_000);
    peer.socket.drain();
    expect(peer.socket.paused).toBe(false);
    rig.clock.advance(30_000);
    expect(peer.socket.destroyed).toBe(false);
  });
});

describe("keepalive pings", () => {
  const ping = frame(FrameType.ping, 0, 0, Buffer.alloc(8));

  test("the fourth ping in a row without calls is one too many", () => {
    const rig = new Rig();
    const peer = rig.open();
    for (let i = 0; i < 3; i++) {
      peer.send(ping);
      rig.clock.advance(300);
    }
    expect(peer.goAwayCode(peer.receive())).toBe(-1);
    peer.send(ping);
    const frames = peer.receive();
    expect(peer.goAwayCode(frames)).toBe(ErrorCode.enhanceYourCalm);
    expect(frames.at(-1)?.payload.subarray(8).toString()).toBe("too_many_pings");
    expect(peer.socket.ended).toBe(true);
  });

  test("pings every five seconds are fine while a call is open, and so are pings that our data provokes", () => {
    const rig = new Rig();
    rig.server.unary("/test.Echo/Wait", () => {});
    const peer = rig.open();
    peer.send(peer.unary(1, "/test.Echo/Wait", hello));
    for (let i = 0; i < 10; i++) {
      peer.send(ping);
      rig.clock.advance(5001);
    }
    for (let i = 0; i < 100; i++) {
      peer.send(peer.unary(3 + 2 * i, "/test.Echo/Say", hello), ping);
      rig.clock.advance(1);
    }
    expect(peer.goAwayCode(peer.receive())).toBe(-1);
  });
});

test("a session that ends in the middle of the preface leaves nothing behind", () => {
  const rig = new Rig({ connectionsMax: 1 });
  const peer = rig.connect();
  peer.send(clientPreface.subarray(0, 10));
  peer.socket.destroy();
  expect(rig.open([Setting.enablePush, 0]).socket.destroyed).toBe(false);
});
