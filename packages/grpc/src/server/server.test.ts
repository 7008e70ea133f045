import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { clientPreface, ErrorCode, Flag, FrameType, Setting } from "../h2/frames.ts";
import { Metadata } from "../metadata.ts";
import { grpcMessage, settingsFrame, uint32, frame } from "../testing/raw-peer.ts";
import { Rig } from "../testing/rig.ts";
import type { ServerCall, ServerStream } from "./calls.ts";

const hello = Buffer.from("hello");

describe("unary calls", () => {
  test("the answer is headers, message and trailers", () => {
    const peer = new Rig().open();
    peer.send(peer.unary(1, "/test.Echo/Say", hello));
    const [head, body, end] = peer.receive();
    expect(head?.fields).toEqual({ ":status": "200", "content-type": "application/grpc" });
    expect(body?.payload).toEqual(grpcMessage(hello));
    expect(end?.fields).toEqual({ "grpc-status": "0" });
    expect(end?.flags).toBe(Flag.endStream | Flag.endHeaders);
  });

  test("all answers of a turn to one connection leave in one write", () => {
    const rig = new Rig();
    const waiting: ServerCall[] = [];
    rig.server.unary("/test.Echo/Wait", (call) => waiting.push(call));
    const peer = rig.open();
    for (let i = 0; i < 50; i++) peer.send(peer.unary(1 + 2 * i, "/test.Echo/Wait", hello));
    peer.receive();
    const before = peer.socket.writes.length;
    for (const call of waiting) call.respond(call.message);
    rig.clock.turn();
    expect(peer.socket.writes.length).toBe(before + 1);
    expect(peer.receive().filter((one) => one.type === FrameType.data)).toHaveLength(50);
  });

  test("a request in one-byte chunks is served like one in a single chunk", () => {
    const peer = new Rig().open();
    for (const byte of peer.unary(1, "/test.Echo/Say", hello)) peer.send(Uint8Array.of(byte));
    expect(peer.receive()[1]?.payload).toEqual(grpcMessage(hello));
  });

  test("a message may end before the stream does", () => {
    const peer = new Rig().open();
    peer.send(peer.request(1, "/test.Echo/Say"), peer.data(1, grpcMessage(hello), false));
    expect(peer.receive()).toEqual([]);
    peer.send(peer.data(1, new Uint8Array(0), true));
    expect(peer.receive()[1]?.payload).toEqual(grpcMessage(hello));
  });

  test("an answer in parts arrives as one message", () => {
    const rig = new Rig();
    rig.server.unary("/test.Echo/Parts", (call) => call.respond([hello, Buffer.alloc(5000, 7), hello]));
    const peer = rig.open();
    peer.send(peer.unary(1, "/test.Echo/Parts", hello));
    const whole = Buffer.concat([hello, Buffer.alloc(5000, 7), hello]);
    expect(peer.receive()[1]?.payload).toEqual(grpcMessage(whole));
  });

  test("headers and trailers of the handler travel, and so do status details", () => {
    const rig = new Rig();
    rig.server.unary("/test.Echo/Fail", (call) => {
      call.setHeaders(new Metadata().add("x-head", "1"));
      call.setTrailers(new Metadata().add("x-trail", "2"));
      call.fail(9, "wörse", { statusDetails: Uint8Array.of(1, 2), trailers: new Metadata().add("x-more", "3") });
    });
    const peer = rig.open();
    peer.send(peer.unary(1, "/test.Echo/Fail", hello));
    const [only] = peer.receive();
    expect(only?.fields).toEqual({
      ":status": "200",
      "content-type": "application/grpc",
      "x-head": "1",
      "grpc-status": "9",
      "grpc-message": "w%C3%B6rse",
      "grpc-status-details-bin": "AQI",
      "x-trail": "2",
      "x-more": "3",
    });
  });

  test.each([
    ["/test.Echo/Shout", "unknown method Shout for service test.Echo"],
    ["/test.Other/Say", "unknown service test.Other"],
    ["nonsense", 'malformed method name: "nonsense"'],
  ])("%s is not implemented, in grpc-go's words", (path, text) => {
    const peer = new Rig().open();
    peer.send(peer.unary(1, path, hello));
    expect(peer.receive()[0]?.fields).toMatchObject({ "grpc-status": "12", "grpc-message": text });
  });

  test("a message over the limit is refused at once, and the connection goes on", () => {
    const peer = new Rig({ receiveMessageBytesMax: 100 }).open();
    peer.send(peer.request(1, "/test.Echo/Say"), peer.data(1, grpcMessage(Buffer.alloc(101)), false));
    const [status, reset] = peer.receive();
    expect(status?.fields["grpc-message"]).toBe("grpc: received message larger than max (101 vs. 100)");
    expect(status?.fields["grpc-status"]).toBe("8");
    expect(reset?.type).toBe(FrameType.rstStream);
    peer.send(peer.data(1, Buffer.alloc(400), true), peer.unary(3, "/test.Echo/Say", hello));
    expect(peer.receive().map((one) => one.streamId)).toEqual([3, 3, 3]);
  });

  test("gzip requests are unpacked, other encodings refused", () => {
    const peer = new Rig().open();
    peer.send(
      peer.request(1, "/test.Echo/Say", ["grpc-encoding", "gzip"]),
      peer.data(1, grpcMessage(gzipSync(hello), true), true),
      peer.request(3, "/test.Echo/Say", ["grpc-encoding", "snappy"]),
      peer.data(3, grpcMessage(hello, true), true),
    );
    const frames = peer.receive();
    expect(frames[1]?.payload).toEqual(grpcMessage(hello));
    expect(frames[3]?.fields["grpc-message"]).toBe('grpc: Decompressor is not installed for grpc-encoding "snappy"');
    expect(frames[3]?.fields["grpc-status"]).toBe("12");
  });

  test("a deadline that passes ends the call, and a late answer is dropped", () => {
    const rig = new Rig();
    const reasons: string[] = [];
    let held: ServerCall | undefined;
    rig.server.unary("/test.Echo/Wait", (call) => {
      held = call;
      call.onCancel((reason) => reasons.push(reason));
    });
    const peer = rig.open();
    peer.send(peer.unary(1, "/test.Echo/Wait", hello, ["grpc-timeout", "500m"]));
    expect(held?.deadlineMs).toBe(rig.clock.nowMs() + 500);
    rig.clock.advance(490);
    expect(peer.receive()).toEqual([]);
    rig.clock.advance(40);
    const [status] = peer.receive();
    expect(status?.fields).toMatchObject({ "grpc-status": "4", "grpc-message": "context deadline exceeded" });
    expect(reasons).toEqual(["deadline"]);
    expect(held?.cancelled).toBe(true);
    held?.respond(hello);
    expect(peer.receive()).toEqual([]);
  });

  test("a malformed timeout is an HTTP 400 with status 13", () => {
    const peer = new Rig().open();
    peer.send(peer.unary(1, "/test.Echo/Say", hello, ["grpc-timeout", "1x"]));
    expect(peer.receive()[0]?.fields).toMatchObject({ ":status": "400", "grpc-status": "13" });
  });

  test("metadata is what the client sent, without the protocol's own fields", () => {
    const rig = new Rig();
    let seen: unknown;
    rig.server.unary("/test.Echo/Meta", (call) => {
      seen = [...call.metadata];
      call.respond(hello);
    });
    const peer = rig.open();
    peer.send(peer.unary(1, "/test.Echo/Meta", hello, ["token", "a\xff", "hasleader", "true", "grpc-timeout", "1S"]));
    expect(seen).toEqual([
      ["content-type", "application/grpc"],
      ["token", "a\xff"],
      ["hasleader", "true"],
    ]);
  });

  test("each call is told to the observer once, with its outcome", () => {
    const rig = new Rig();
    rig.server.unary("/test.Echo/Wait", () => {});
    const peer = rig.open();
    peer.send(peer.unary(1, "/test.Echo/Say", hello), peer.unary(3, "/test.Echo/Wait", hello));
    peer.send(frame(FrameType.rstStream, 0, 3, uint32(ErrorCode.cancel)));
    expect(rig.log).toEqual([
      "started /test.Echo/Say",
      "ended /test.Echo/Say 0",
      "started /test.Echo/Wait",
      "ended /test.Echo/Wait 1",
    ]);
  });
});

describe("streaming calls", () => {
  function streamRig(handler: (call: ServerStream) => void, ...settings: (readonly [number, number])[]) {
    const rig = new Rig();
    rig.server.stream("/test.Echo/Stream", handler);
    return { rig, peer: rig.open(...settings) };
  }

  test("messages arrive in order, then the half-close", () => {
    const seen: string[] = [];
    const { peer } = streamRig((call) => {
      call.onMessage((message) => seen.push(Buffer.from(message).toString()));
      call.onHalfClose(() => {
        seen.push("end");
        call.end();
      });
    });
    const two = Buffer.concat([grpcMessage(Buffer.from("a")), grpcMessage(Buffer.from("b"))]);
    peer.send(peer.request(1, "/test.Echo/Stream"), peer.data(1, two, false), peer.data(1, grpcMessage(hello), true));
    expect(seen).toEqual(["a", "b", "hello", "end"]);
    expect(peer.receive().map((one) => one.fields["grpc-status"])).toEqual([undefined, "0"]);
  });

  test("messages and half-close that come before the listeners are kept for them", () => {
    let held: ServerStream | undefined;
    const { peer } = streamRig((call) => {
      held = call;
    });
    peer.send(peer.request(1, "/test.Echo/Stream"), peer.data(1, grpcMessage(hello), true));
    const seen: string[] = [];
    held?.onHalfClose(() => seen.push("end"));
    held?.onMessage((message) => seen.push(Buffer.from(message).toString()));
    expect(seen).toEqual(["hello", "end"]);
  });

  test("a paused call takes no message and extends no window until it goes on", () => {
    let held: ServerStream | undefined;
    let taken = 0;
    const { peer } = streamRig((call) => {
      held = call;
      call.onMessage(() => {
        taken += 1;
      });
      call.pause();
    });
    peer.send(peer.request(1, "/test.Echo/Stream"));
    const message = grpcMessage(Buffer.alloc(16_000));
    for (let i = 0; i < 40; i++) peer.send(peer.data(1, message, false));
    expect(taken).toBe(0);
    expect(peer.receive().filter((one) => one.type === FrameType.windowUpdate && one.streamId === 1)).toEqual([]);
    held?.resume();
    expect(taken).toBe(40);
    const [credit] = peer.receive().filter((one) => one.type === FrameType.windowUpdate && one.streamId === 1);
    expect(credit?.payload.readUInt32BE(0)).toBe(40 * message.length);
  });

  test("write says to wait when the client's window is full, and drain when it goes on", () => {
    let held: ServerStream | undefined;
    let drained = 0;
    const { peer } = streamRig(
      (call) => {
        held = call;
        call.onDrain(() => {
          drained += 1;
        });
      },
      [Setting.initialWindowSize, 1000],
    );
    peer.send(peer.request(1, "/test.Echo/Stream"));
    expect(held?.write(Buffer.alloc(500))).toBe(true);
    expect(held?.write(Buffer.alloc(100_000))).toBe(false);
    const first = peer.receive().filter((one) => one.type === FrameType.data);
    expect(first.reduce((sum, one) => sum + one.payload.length, 0)).toBe(1000);
    peer.send(frame(FrameType.windowUpdate, 0, 1, uint32(60_000)));
    expect(drained).toBe(0);
    peer.receive();
    peer.send(frame(FrameType.windowUpdate, 0, 0, uint32(1_000_000)));
    peer.send(frame(FrameType.windowUpdate, 0, 1, uint32(60_000)));
    expect(drained).toBe(1);
  });

  test("trailers wait behind data that waits for window", () => {
    const { peer } = streamRig(
      (call) => {
        call.write(Buffer.alloc(95));
        call.end();
      },
      [Setting.initialWindowSize, 60],
    );
    peer.send(peer.request(1, "/test.Echo/Stream"), peer.data(1, new Uint8Array(0), true));
    expect(peer.receive().map((one) => one.type)).toEqual([FrameType.headers, FrameType.data]);
    peer.send(frame(FrameType.windowUpdate, 0, 1, uint32(40)));
    const [data, end] = peer.receive();
    expect(data?.payload.length).toBe(40);
    expect(end?.fields).toEqual({ "grpc-status": "0" });
  });

  test("streams that wait for window take turns, frame by frame", () => {
    const { peer } = streamRig(
      (call) => {
        call.write(Buffer.alloc(100_000));
        call.end();
      },
      [Setting.initialWindowSize, 1 << 20],
    );
    for (const id of [1, 3]) peer.send(peer.request(id, "/test.Echo/Stream"), peer.data(id, new Uint8Array(0), true));
    peer.receive();
    peer.send(frame(FrameType.windowUpdate, 0, 0, uint32(1 << 20)));
    const order = peer
      .receive()
      .filter((one) => one.type === FrameType.data)
      .map((one) => one.streamId);
    expect(new Set(order.slice(0, 2)).size).toBe(2);
    expect(new Set(order.slice(2, 4)).size).toBe(2);
  });

  test("a reset reaches the handler once, and what it writes then goes nowhere", () => {
    const reasons: string[] = [];
    let held: ServerStream | undefined;
    const { rig, peer } = streamRig((call) => {
      held = call;
      call.onCancel((reason) => reasons.push(reason));
    });
    peer.send(peer.request(1, "/test.Echo/Stream"));
    rig.clock.turn();
    peer.send(frame(FrameType.rstStream, 0, 1, uint32(ErrorCode.cancel)));
    held?.write(hello);
    held?.end();
    expect(reasons).toEqual(["cancelled"]);
    expect(peer.receive()).toEqual([]);
  });

  test("the end of the connection reaches every handler", () => {
    const reasons: string[] = [];
    const { rig, peer } = streamRig((call) => call.onCancel((reason) => reasons.push(reason)));
    peer.send(peer.request(1, "/test.Echo/Stream"), peer.request(3, "/test.Echo/Stream"));
    peer.socket.destroy();
    expect(reasons).toEqual(["connection", "connection"]);
    expect(rig.server.stats.connections).toBe(0);
  });
});

describe("connections", () => {
  test("the server's settings come first, and the client's are acknowledged", () => {
    const peer = new Rig().connect();
    peer.send(clientPreface, settingsFrame());
    const frames = peer.receive();
    expect(frames.map((one) => one.type)).toEqual([FrameType.settings, FrameType.windowUpdate, FrameType.settings]);
    expect(frames[2]?.flags).toBe(Flag.ack);
  });

  test("a request over HTTP/1.1 goes to the HTTP/1.1 handler with its first bytes", () => {
    const taken: string[] = [];
    const rig = new Rig({ http1: (_socket, bytes) => taken.push(bytes.toString()) });
    const peer = rig.connect();
    peer.send(Buffer.from("P"));
    peer.send(Buffer.from("OST / HTTP/1.1\r\n"));
    expect(taken).toEqual(["POST / HTTP/1.1\r\n"]);
  });

  test("what begins neither a preface nor a request is refused as HTTP/2, also where HTTP/1.1 is served", () => {
    const taken: string[] = [];
    const rig = new Rig({ http1: (_socket, bytes) => taken.push(bytes.toString()) });
    const peer = rig.connect();
    peer.send(Buffer.from("INVALID CONNECTION PREFACE\r\n\r\n"));
    expect(taken).toEqual([]);
    expect(peer.socket.ended).toBe(true);
    rig.connect().send(Buffer.from("DELE"));
    expect(taken).toEqual(["DELE"]);
  });

  test("a client that does not say what it speaks is closed after the handshake timeout", () => {
    const rig = new Rig({ handshakeTimeoutMs: 10_000 });
    const silent = rig.connect();
    const half = rig.connect();
    half.send(clientPreface);
    rig.clock.advance(9_000);
    expect(silent.socket.destroyed).toBe(false);
    rig.clock.advance(3_500);
    expect(silent.socket.destroyed).toBe(true);
    expect(half.socket.destroyed).toBe(true);
  });

  test("connections over the limit are closed at once", () => {
    const rig = new Rig({ connectionsMax: 2 });
    const peers = [rig.connect(), rig.open(), rig.connect()];
    expect(peers.map((peer) => peer.socket.destroyed)).toEqual([false, false, true]);
  });

  test("requests that are not gRPC get 415 with a body, or go to the hook with theirs", () => {
    const get = [":method", "GET", ":scheme", "http", ":path", "/health", ":authority", "x"];
    const bare = new Rig().open();
    bare.send(bare.headers(1, get, Flag.endHeaders | Flag.endStream));
    const [head, body] = bare.receive();
    expect(head?.fields).toMatchObject({ ":status": "415", "grpc-status": "3" });
    expect(body?.payload.toString()).toBe('invalid gRPC request content-type ""\n');
    const peer = new Rig({
      http2: (exchange) => exchange.respond(200, [["x-path", exchange.path]], exchange.body),
    }).open();
    peer.send(peer.headers(1, get), peer.data(1, hello, false), peer.data(1, hello, true));
    const [answer, echo] = peer.receive();
    expect(answer?.fields).toEqual({ ":status": "200", "x-path": "/health", "content-length": "10" });
    expect(echo?.payload.toString()).toBe("hellohello");
  });

  test("a shutdown lets calls end, refuses later ones, and closes", async () => {
    const rig = new Rig();
    let held: ServerCall | undefined;
    rig.server.unary("/test.Echo/Wait", (call) => {
      held = call;
    });
    const peer = rig.open();
    peer.send(peer.unary(1, "/test.Echo/Wait", hello));
    const closed = rig.server.close({ graceMs: 5000 });
    const [goAway, ping] = peer.receive();
    expect(goAway?.payload.readUInt32BE(0)).toBe(0x7fff_ffff);
    // A call that crosses the GOAWAY on the wire is still served.
    peer.send(peer.unary(3, "/test.Echo/Say", hello));
    expect(peer.receive()).toHaveLength(3);
    peer.send(frame(FrameType.ping, Flag.ack, 0, ping?.payload));
    expect(peer.receive()[0]?.payload.readUInt32BE(0)).toBe(3);
    peer.send(peer.unary(5, "/test.Echo/Say", hello));
    const [reset] = peer.receive();
    expect(reset?.type).toBe(FrameType.rstStream);
    expect(reset?.payload.readUInt32BE(0)).toBe(ErrorCode.refusedStream);
    expect(peer.socket.ended).toBe(false);
    held?.respond(hello);
    expect(peer.receive()).toHaveLength(3);
    expect(peer.socket.ended).toBe(true);
    rig.clock.advance(1100);
    await closed;
  });

  test("a shutdown cuts off what is not done when the grace ends", async () => {
    const rig = new Rig();
    rig.server.unary("/test.Echo/Wait", () => {});
    const peer = rig.open();
    peer.send(peer.unary(1, "/test.Echo/Wait", hello));
    const closed = rig.server.close({ graceMs: 5000 });
    rig.clock.advance(4900);
    expect(peer.socket.destroyed).toBe(false);
    rig.clock.advance(200);
    expect(peer.socket.destroyed).toBe(true);
    await closed;
  });

  test("a silent client is pinged, and closed when it stays silent", () => {
    const rig = new Rig({ keepalive: { timeMs: 60_000, timeoutMs: 20_000 } });
    const alive = rig.open();
    const dead = rig.open();
    rig.clock.advance(62_500);
    const [ping] = alive.receive();
    expect(ping?.type).toBe(FrameType.ping);
    alive.send(frame(FrameType.ping, Flag.ack, 0, ping?.payload));
    rig.clock.advance(25_000);
    expect(dead.socket.destroyed).toBe(true);
    expect(alive.socket.destroyed).toBe(false);
  });
});
