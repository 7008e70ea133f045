import { connect, type Socket } from "node:net";
import { toMemberId, utf8Encode } from "@quorate/base";
import { type Message, MessageType, newEntry } from "@quorate/raft";
import { afterEach, describe, expect, test } from "vitest";
import { introduce, streamsOf, type TestMember, untilStreaming } from "./testing/cluster.ts";
import { testCluster } from "./testing/fake-host.ts";
import { messageWith } from "./testing/messages.ts";
import { relayTo } from "./testing/relay.ts";
import { StartedMembers } from "./testing/started-members.ts";

const scope = new StartedMembers();
afterEach(() => scope.close());

describe("a connection that breaks", () => {
  /** Two members between whom everything passes through a relay. */
  async function relayed(limits = {}) {
    const [a, b] = [await scope.start(0xa1n, { limits }), await scope.start(0xb2n, { limits })];
    const toA = await relayTo(Number(new URL(a.url).port), scope);
    const toB = await relayTo(Number(new URL(b.url).port), scope);
    a.transport.addPeer(b.host.memberId, [`http://127.0.0.1:${toB.port}`]);
    b.transport.addPeer(a.host.memberId, [`http://127.0.0.1:${toA.port}`]);
    await untilStreaming([a, b]);
    return { a, b, toA, toB };
  }

  test("is dialed anew, and appends go on with a whole message", async () => {
    const { a, b, toA, toB } = await relayed();
    const append = (index: number): Message =>
      messageWith({
        type: MessageType.app,
        from: a.host.memberId,
        to: b.host.memberId,
        term: 2,
        logTerm: 2,
        index,
        entries: [newEntry(0, 2, index + 1, utf8Encode(`e${index}`))],
      });
    a.transport.send([append(1), append(2)]);
    await b.host.until(() => b.host.received.length === 2);
    toA.cut();
    toB.cut();
    await a.host.until(() => a.transport.activeSince(b.host.memberId) === 0);
    await untilStreaming([a, b]);
    expect(a.transport.activeSince(b.host.memberId)).toBeGreaterThan(0);
    a.transport.send([append(3), append(4)]);
    await b.host.until(() => b.host.received.length === 4);
    expect(b.host.received.map((m) => [m.index, m.term, m.entries[0]?.index])).toEqual([
      [1, 2, 2],
      [2, 2, 3],
      [3, 2, 4],
      [4, 2, 5],
    ]);
  });

  test("and finds nobody listening when it is dialed anew tells that the peer is gone, at each dial", async () => {
    const { a, b, toB } = await relayed({ redialMs: 20 });
    expect(a.host.gone).toEqual([]);
    toB.close();
    await a.host.until(() => a.host.gone.length >= 3);
    expect(new Set(a.host.gone)).toEqual(new Set([b.host.memberId]));
    expect(b.host.gone).toEqual([]);
  });

  test("is given up when nothing arrives for the read timeout, though it still stands (N10)", async () => {
    const { a, b, toA, toB } = await relayed({ readTimeoutMs: 300, streamHeartbeatMs: 50 });
    toA.freeze();
    toB.freeze();
    await a.host.until(() => a.transport.activeSince(b.host.memberId) === 0, 3_000);
    toA.thaw();
    toB.thaw();
    toA.cut();
    toB.cut();
    await untilStreaming([a, b]);
  });

  test("makes messages wait no longer than the queue: what overflows is dropped and reported", async () => {
    const limits = { streamQueueMax: 8, streamBufferBytesMax: 1 };
    const [a, b] = [await scope.start(0xa1n, { limits }), await scope.start(0xb2n)];
    introduce([a, b]);
    await untilStreaming([a, b]);
    const big = messageWith({
      type: MessageType.prop,
      from: a.host.memberId,
      to: b.host.memberId,
      entries: [newEntry(0, 0, 0, new Uint8Array(100_000))],
    });
    a.transport.send(Array.from({ length: 20 }, () => big));
    expect(a.host.unreachable).toEqual(Array.from({ length: 12 }, () => b.host.memberId));
    await b.host.until(() => b.host.received.length === 8);
    a.transport.send([big]);
    await b.host.until(() => b.host.received.length === 9);
  });
});

describe("a connection to the listener", () => {
  /** Dials the message stream of `member` as `peer` by hand; the connection is not read until told. */
  function dialByHand(member: TestMember, peer: bigint): Socket {
    const socket = connect(Number(new URL(member.url).port), "127.0.0.1");
    scope.defer(() => socket.destroy());
    const self = member.host.memberId.toString(16);
    socket.pause();
    socket.write(
      `GET /raft/stream/message/${peer.toString(16)} HTTP/1.1\r\nHost: x\r\nX-Server-Version: 3.6.0\r\n` +
        `X-Min-Cluster-Version: 3.0.0\r\nX-Etcd-Cluster-ID: ${testCluster.toString(16)}\r\nX-Raft-To: ${self}\r\n\r\n`,
    );
    return socket;
  }

  const big = (from: TestMember, to: bigint): Message =>
    messageWith({
      type: MessageType.prop,
      from: from.host.memberId,
      to: toMemberId(to),
      entries: [newEntry(0, 0, 0, new Uint8Array(4_000_000))],
    });

  test("that takes nothing for the write timeout is given up, and what was lost is reported", async () => {
    const a = await scope.start(0xa1n, { limits: { writeTimeoutMs: 300, redialMs: 60_000 } });
    const peer = toMemberId(0xb2n);
    a.transport.addPeer(peer, ["http://127.0.0.1:1"]);
    dialByHand(a, peer);
    await a.host.until(() => streamsOf(a, peer).served === 1);
    a.transport.send([big(a, peer), big(a, peer)]);
    await a.host.until(() => streamsOf(a, peer).served === 0, 5_000);
    expect(a.host.unreachable).toEqual([peer]);
    expect(a.transport.activeSince(peer)).toBe(0);
  });

  test("by the same peer for the same stream ends the older one, cleanly", async () => {
    const a = await scope.start(0xa1n, { limits: { redialMs: 60_000 } });
    const peer = toMemberId(0xb2n);
    a.transport.addPeer(peer, ["http://127.0.0.1:1"]);
    const older = dialByHand(a, peer);
    await a.host.until(() => streamsOf(a, peer).served === 1);
    let text = "";
    const ended = new Promise<void>((resolve) => older.once("end", resolve));
    older.on("data", (chunk) => {
      text += chunk.toString("latin1");
    });
    older.resume();
    dialByHand(a, peer);
    await ended;
    expect(text.endsWith("\r\n0\r\n\r\n")).toBe(true);
    expect(streamsOf(a, peer).served).toBe(1);
    expect(a.transport.activeSince(peer)).toBeGreaterThan(0);
  });

  test("is closed when no request comes, at first and after one", async () => {
    const a = await scope.start(0xa1n, { limits: { idleTimeoutMs: 200 } });
    const port = Number(new URL(a.url).port);
    for (const text of ["", "GET /version HTTP/1.1\r\n", "GET /version HTTP/1.1\r\nHost: x\r\n\r\n"]) {
      const socket = connect(port, "127.0.0.1");
      scope.defer(() => socket.destroy());
      socket.write(text);
      await new Promise<void>((resolve) => socket.resume().once("close", () => resolve()));
    }
  });
});
