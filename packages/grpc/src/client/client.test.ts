import { describe, expect, test } from "vitest";
import { ErrorCode, Flag, FrameType, Setting } from "../h2/frames.ts";
import { Metadata } from "../metadata.ts";
import { GrpcCode } from "../status.ts";
import { FakeClock } from "../testing/fake-clock.ts";
import { FakeSocket } from "../testing/fake-socket.ts";
import { type Frame, frame, grpcMessage, RawPeer, settingsFrame, uint32 } from "../testing/raw-peer.ts";
import { GrpcClient } from "./client.ts";
import type { CallOptions, GrpcClientOptions } from "./options.ts";

const hello = Buffer.from("hello");
const prefaceBytes = 24;
const responseHead = [":status", "200", "content-type", "application/grpc"];

/** A client under a fake clock whose connections end in the test's hands. */
class ClientRig {
  readonly clock = new FakeClock();
  readonly sockets: FakeSocket[] = [];
  readonly states: string[] = [];
  readonly client: GrpcClient;
  refuse = false;

  constructor(options: Partial<GrpcClientOptions> = {}) {
    const connect = (): ReturnType<FakeSocket["asSocket"]> => {
      if (this.refuse) throw new Error("refused");
      const socket = new FakeSocket();
      this.sockets.push(socket);
      return socket.asSocket();
    };
    this.client = new GrpcClient({
      target: { connect },
      clock: this.clock,
      random: { below: (bound) => Math.floor(bound / 2), u64: () => 0n },
      onState: (state) => this.states.push(state),
      ...options,
    });
  }

  /** The server's end of the newest connection, after its settings. */
  accept(...settings: (readonly [number, number])[]): RawPeer {
    const peer = new RawPeer(this.sockets.at(-1) as FakeSocket, this.clock);
    peer.socket.take();
    peer.send(settingsFrame(...settings));
    return peer;
  }

  /** Makes a unary call and writes down how it ends. */
  unary(options: CallOptions = {}, path = "/test.Echo/Say"): { outcome: string; cancel: () => void } {
    const result = { outcome: "pending", cancel: () => {} };
    const call = this.client.unary(path, hello, options, (error, reply) => {
      result.outcome =
        error === undefined ? `ok ${Buffer.from(reply?.message ?? []).toString()}` : `${error.code} ${error.details}`;
    });
    result.cancel = () => call.cancel();
    return result;
  }
}

/** A whole good answer. */
function answer(peer: RawPeer, streamId: number, body: Uint8Array): void {
  const end = peer.headers(streamId, ["grpc-status", "0"], Flag.endHeaders | Flag.endStream);
  peer.send(peer.headers(streamId, responseHead), peer.data(streamId, grpcMessage(body), false), end);
}

function requests(frames: readonly Frame[]): number[] {
  return frames.filter((one) => one.type === FrameType.headers).map((one) => one.streamId);
}

describe("unary calls of a client", () => {
  test("the first call connects, is sent once the settings are there, and gets its answer", () => {
    const rig = new ClientRig({ authority: "example", userAgent: "tester" });
    const call = rig.unary({ metadata: new Metadata().add("token", "t"), timeoutMs: 5000 });
    expect(rig.sockets[0]?.take().subarray(0, 3).toString()).toBe("PRI");
    const peer = rig.accept();
    const [ack, head, body] = peer.receive();
    expect(ack?.type).toBe(FrameType.settings);
    expect(head?.fields).toEqual({
      ":method": "POST",
      ":scheme": "http",
      ":path": "/test.Echo/Say",
      ":authority": "example",
      "content-type": "application/grpc",
      te: "trailers",
      "user-agent": "tester",
      "grpc-timeout": "5000000u",
      token: "t",
    });
    expect(body?.payload).toEqual(grpcMessage(hello));
    expect(body?.flags).toBe(Flag.endStream);
    answer(peer, 1, Buffer.from("there"));
    expect(call.outcome).toBe("ok there");
    expect(rig.states).toEqual(["connecting", "ready"]);
    expect(rig.client.deadlines.size).toBe(0);
  });

  test("a failure carries code, text and trailers", () => {
    const rig = new ClientRig();
    let trailer: string | undefined;
    rig.client.unary("/test.Echo/Say", hello, {}, (error) => {
      trailer = `${error?.code} ${error?.details} ${error?.trailers.get("x-more")}`;
    });
    const peer = rig.accept();
    const fields = [...responseHead, "grpc-status", "5", "grpc-message", "n%C3%B6", "x-more", "1"];
    peer.send(peer.headers(1, fields, Flag.endHeaders | Flag.endStream));
    expect(trailer).toBe("5 nö 1");
  });

  test.each([
    ["an HTTP status", [":status", "503"], Flag.endHeaders | Flag.endStream, "14 unexpected HTTP status code 503"],
    [
      "an HTTP page",
      [":status", "404", "content-type", "text/html"],
      Flag.endHeaders,
      "12 unexpected HTTP status code 404",
    ],
    [
      "another content-type",
      [":status", "200", "content-type", "text/html"],
      Flag.endHeaders,
      '2 unexpected content-type "text/html"',
    ],
    ["no status", responseHead, Flag.endHeaders | Flag.endStream, "13 the server ended the call without a status"],
  ])("%s instead of an answer is a failure", (_what, fields, flags, outcome) => {
    const rig = new ClientRig();
    const call = rig.unary();
    const peer = rig.accept();
    peer.send(peer.headers(1, fields, flags));
    expect(call.outcome).toBe(outcome);
  });

  test("a deadline ends the call and tells the server", () => {
    const rig = new ClientRig();
    const call = rig.unary({ timeoutMs: 100 });
    const peer = rig.accept();
    peer.receive();
    rig.clock.advance(130);
    expect(call.outcome).toBe("4 context deadline exceeded");
    const [reset] = peer.receive();
    expect(reset?.payload.readUInt32BE(0)).toBe(ErrorCode.cancel);
  });

  test("a server that resets the stream when the deadline is over gives the same outcome", () => {
    const rig = new ClientRig();
    const call = rig.unary({ timeoutMs: 100 });
    const peer = rig.accept();
    rig.clock.advance(100);
    peer.send(frame(FrameType.rstStream, 0, 1, uint32(ErrorCode.cancel)));
    expect(call.outcome).toBe("4 context deadline exceeded");
  });

  test("cancel and an aborted signal end the call, also before it was sent", () => {
    const rig = new ClientRig();
    const abort = new AbortController();
    const calls = [rig.unary(), rig.unary({ signal: abort.signal }), rig.unary()];
    calls[0]?.cancel();
    abort.abort();
    expect(calls.map((call) => call.outcome)).toEqual(["1 context canceled", "1 context canceled", "pending"]);
    expect(rig.unary({ signal: abort.signal }).outcome).toBe("1 context canceled");
    const peer = rig.accept();
    expect(requests(peer.receive())).toEqual([1]);
  });

  test("calls over the server's limit wait for room", () => {
    const rig = new ClientRig();
    const calls = [rig.unary(), rig.unary(), rig.unary()];
    const peer = rig.accept([Setting.maxConcurrentStreams, 2]);
    expect(requests(peer.receive())).toEqual([1, 3]);
    answer(peer, 1, hello);
    expect(requests(peer.receive())).toEqual([5]);
    expect(calls.map((call) => call.outcome)).toEqual(["ok hello", "pending", "pending"]);
  });
});

describe("connections of a client", () => {
  test("calls fail while the server cannot be reached, unless they wait; attempts back off", () => {
    const rig = new ClientRig({ backoff: { baseMs: 1000, factor: 2, jitter: 0 } });
    rig.refuse = true;
    const failed = rig.unary();
    const patient = rig.unary({ waitForReady: true });
    expect(failed.outcome).toMatch(/^14 connection error: .*refused/);
    expect(rig.unary().outcome).toMatch(/^14 /);
    rig.clock.advance(1000);
    rig.refuse = false;
    rig.clock.advance(1900);
    expect(rig.sockets).toHaveLength(0);
    rig.clock.advance(200);
    expect(rig.sockets).toHaveLength(1);
    const peer = rig.accept();
    answer(peer, 1, hello);
    expect(patient.outcome).toBe("ok hello");
    expect(rig.states).toEqual(["connecting", "failed", "idle", "connecting", "failed", "idle", "connecting", "ready"]);
  });

  test("a server that sends no settings in time counts as unreachable", () => {
    const rig = new ClientRig({ connectTimeoutMs: 3000 });
    const call = rig.unary();
    rig.clock.advance(3001);
    expect(call.outcome).toMatch(/^14 .*did not answer in time/);
    expect(rig.sockets[0]?.destroyed).toBe(true);
  });

  test("calls under way fail with the connection, and the next call connects again", () => {
    const rig = new ClientRig();
    const call = rig.unary();
    rig.accept();
    rig.sockets[0]?.destroy();
    expect(call.outcome).toBe("14 connection lost: the connection was closed");
    const next = rig.unary();
    answer(rig.accept(), 1, hello);
    expect(next.outcome).toBe("ok hello");
  });

  test("calls that GOAWAY leaves out are sent again on a new connection, the others end on the old one", () => {
    const rig = new ClientRig();
    const [first, second] = [rig.unary(), rig.unary()];
    const peer = rig.accept();
    peer.receive();
    peer.send(frame(FrameType.goAway, 0, 0, Buffer.concat([uint32(1), uint32(0)])));
    const other = rig.accept();
    expect(requests(other.receive())).toEqual([1]);
    answer(other, 1, Buffer.from("new"));
    answer(peer, 1, Buffer.from("old"));
    expect([first?.outcome, second?.outcome]).toEqual(["ok old", "ok new"]);
    expect(peer.socket.ended).toBe(true);
  });

  test("a refused stream is sent again, but not for ever", () => {
    const rig = new ClientRig();
    const call = rig.unary();
    const peer = rig.accept();
    let sent = 0;
    for (let id = 1; call.outcome === "pending" && id < 99; id += 2) {
      sent += requests(peer.receive()).length;
      peer.send(frame(FrameType.rstStream, 0, id, uint32(ErrorCode.refusedStream)));
    }
    expect(call.outcome).toBe("14 the server refused the stream");
    expect(sent).toBe(5);
  });

  test("a silent server is pinged while calls are open, and given up", () => {
    const rig = new ClientRig({ keepalive: { timeMs: 30_000, timeoutMs: 10_000 } });
    const call = rig.unary();
    const peer = rig.accept();
    peer.receive();
    rig.clock.advance(61_000);
    expect(peer.receive().map((one) => one.type)).toEqual([FrameType.ping]);
    rig.clock.advance(10_000);
    expect(call.outcome).toMatch(/^14 .*keepalive/);
  });

  test("close fails what waits, lets what is under way end, and refuses what comes later", async () => {
    const rig = new ClientRig();
    const call = rig.unary();
    const peer = rig.accept();
    const closed = rig.client.close();
    expect(rig.unary().outcome).toMatch(/^1 .*closing/);
    answer(peer, 1, hello);
    expect(call.outcome).toBe("ok hello");
    rig.clock.advance(1100);
    await closed;
    expect(peer.socket.destroyed).toBe(true);
  });

  test.each([
    ["garbage", Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n")],
    ["push", frame(FrameType.pushPromise, 0, 1, Buffer.alloc(8))],
    ["headers of a stream nobody opened", frame(FrameType.headers, Flag.endHeaders, 99, Buffer.from([0x88]))],
  ])("a server that sends %s loses the connection, and the call fails", (_what, bytes) => {
    const rig = new ClientRig();
    const call = rig.unary();
    rig.accept().send(bytes);
    expect(call.outcome).toMatch(/^14 /);
    rig.clock.advance(1100);
    expect(rig.sockets[0]?.destroyed).toBe(true);
  });
});

describe("streams of a client", () => {
  test("what is written before the connection stands is sent in order, with the end", () => {
    const rig = new ClientRig();
    const call = rig.client.stream("/test.Echo/Stream");
    call.write(Buffer.from("a"));
    call.write(Buffer.from("b"));
    call.end();
    const data = rig
      .accept()
      .receive()
      .filter((one) => one.type === FrameType.data);
    expect(Buffer.concat(data.map((one) => one.payload))).toEqual(
      Buffer.concat([grpcMessage(Buffer.from("a")), grpcMessage(Buffer.from("b"))]),
    );
    expect(data.at(-1)?.flags).toBe(Flag.endStream);
  });

  test("headers, messages and status come in order; a pause holds back messages and status", () => {
    const rig = new ClientRig();
    const call = rig.client.stream("/test.Echo/Stream");
    const seen: string[] = [];
    call.onHeaders((headers) => seen.push(`headers ${headers.get("x-a")}`));
    call.onMessage((message) => {
      seen.push(Buffer.from(message).toString());
      if (seen.length === 2) call.pause();
    });
    call.onStatus((status) => seen.push(`status ${status.code}`));
    const peer = rig.accept();
    peer.send(peer.headers(1, [...responseHead, "x-a", "1"]));
    peer.send(peer.data(1, Buffer.concat(["a", "b", "c"].map((text) => grpcMessage(Buffer.from(text)))), false));
    peer.send(peer.headers(1, ["grpc-status", "0"], Flag.endHeaders | Flag.endStream));
    expect(seen).toEqual(["headers 1", "a"]);
    call.resume();
    expect(seen).toEqual(["headers 1", "a", "b", "c", "status 0"]);
  });

  test("a write beyond the server's window says to wait, and drain follows", () => {
    const rig = new ClientRig();
    const call = rig.client.stream("/test.Echo/Stream");
    let drained = 0;
    call.onDrain(() => {
      drained += 1;
    });
    const peer = rig.accept();
    expect(call.write(Buffer.alloc(200_000))).toBe(false);
    peer.receive();
    peer.send(
      frame(FrameType.windowUpdate, 0, 0, uint32(1 << 20)),
      frame(FrameType.windowUpdate, 0, 1, uint32(1 << 20)),
    );
    expect(drained).toBe(1);
  });

  test("cancelling from within a message stops everything that follows", () => {
    const rig = new ClientRig();
    const call = rig.client.stream("/test.Echo/Stream");
    const seen: string[] = [];
    call.onMessage((message) => {
      seen.push(Buffer.from(message).toString());
      call.cancel();
    });
    call.onStatus((status) => seen.push(`status ${status.code}`));
    const peer = rig.accept();
    peer.send(peer.headers(1, responseHead));
    peer.send(peer.data(1, Buffer.concat(["a", "b"].map((text) => grpcMessage(Buffer.from(text)))), false));
    peer.send(peer.headers(1, ["grpc-status", "0"], Flag.endHeaders | Flag.endStream));
    expect(seen).toEqual(["a", `status ${GrpcCode.cancelled}`]);
  });
});

test("the connection's first bytes are the preface and the settings", () => {
  const rig = new ClientRig();
  rig.client.connect();
  const peer = new RawPeer(rig.sockets[0] as FakeSocket, rig.clock);
  const [settings] = peer.receive(prefaceBytes);
  expect(settings?.type).toBe(FrameType.settings);
});
