import { request } from "node:http";
import { connect, createServer, type Server, type Socket } from "node:net";
import { emptyBytes, toHex, toMemberId, utf8Encode } from "@quorate/base";
import { encodeMessage, type Message, MessageType, newEntry } from "@quorate/raft";
import { afterEach, describe, expect, test } from "vitest";
import {
  introduce,
  startMember,
  streamsOf,
  type TestMember,
  type TestMemberOptions,
  untilStreaming,
} from "./testing/cluster.ts";
import { testCluster } from "./testing/fake-host.ts";
import { messageWith } from "./testing/messages.ts";

const started: TestMember[] = [];
const cleanups: (() => void)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) cleanup();
  await Promise.all(started.splice(0).map(({ transport }) => transport.close()));
});

async function start(id: bigint, options?: TestMemberOptions): Promise<TestMember> {
  const member = await startMember(id, options);
  started.push(member);
  return member;
}

/** One message of every type that crosses the network, except the snapshot. */
function everyMessage(from: TestMember, to: TestMember): Message[] {
  const common = { from: from.host.memberId, to: to.host.memberId };
  const types = [2, 3, 4, 5, 6, 8, 9, 13, 14, 15, 16, 17, 18] as const;
  return types.map((type) =>
    messageWith({
      ...common,
      type,
      term: type === MessageType.prop ? 0 : 7,
      logTerm: 6,
      index: 100 + type,
      commit: 90,
      reject: type === MessageType.appResp,
      rejectHint: type,
      context: type === MessageType.readIndex ? utf8Encode("12345678") : emptyBytes,
      entries:
        type === MessageType.app || type === MessageType.prop
          ? [newEntry(0, 7, 101 + type, utf8Encode("k=v")), newEntry(1, 7, 102 + type, new Uint8Array(20_000).fill(9))]
          : [],
    }),
  );
}

const sorted = (messages: readonly Message[]): string[] => messages.map((m) => toHex(encodeMessage(m))).sort();

describe("members that know each other", () => {
  test("open two streams each way and carry every message, in order within a stream", async () => {
    const members = [await start(0xa1n), await start(0xb2n), await start(0xc3n)];
    introduce(members);
    await untilStreaming(members);
    for (const from of members) {
      for (const to of members) if (from !== to) from.transport.send(everyMessage(from, to));
    }
    for (const to of members) {
      const others = members.filter((member) => member !== to);
      await to.host.until(() => to.host.received.length >= 26);
      expect(sorted(to.host.received)).toEqual(sorted(others.flatMap((from) => everyMessage(from, to))));
      for (const from of others) {
        const general = to.host.received.filter((m) => m.from === from.host.memberId && m.type !== MessageType.app);
        expect(general.map((m) => m.type)).toEqual([2, 4, 5, 6, 8, 9, 13, 14, 15, 16, 17, 18]);
        expect(to.transport.activeSince(from.host.memberId)).toBeGreaterThan(0);
      }
    }
  });

  test("deliver appends in order and whole, in few and in many entries", async () => {
    const [a, b] = [await start(0xa1n), await start(0xb2n)];
    introduce([a, b]);
    await untilStreaming([a, b]);
    let index = 0;
    const sent: Message[] = [];
    for (let i = 0; i < 300; i++) {
      const entries = Array.from({ length: i % 40 }, (_, n) =>
        newEntry(0, 3, index + 1 + n, new Uint8Array((i * 37) % 5000).fill(i)),
      );
      const fields = { from: a.host.memberId, to: b.host.memberId, term: 3, logTerm: 3, index, entries, commit: index };
      sent.push(messageWith({ ...fields, type: MessageType.app }));
      index += entries.length;
    }
    for (let i = 0; i < sent.length; i += 50) a.transport.send(sent.slice(i, i + 50));
    await b.host.until(() => b.host.received.length === sent.length);
    const different = b.host.received.filter(
      (m, i) => Buffer.compare(encodeMessage(m), encodeMessage(sent[i] as Message)) !== 0,
    );
    expect(different).toEqual([]);
    expect(a.host.unreachable).toEqual([]);
  });

  test("stay connected while nobody says anything, by heartbeats that raft does not see", async () => {
    const limits = { readTimeoutMs: 300, writeTimeoutMs: 300, streamHeartbeatMs: 100 };
    const [a, b] = [await start(0xa1n, { limits }), await start(0xb2n, { limits })];
    introduce([a, b]);
    await untilStreaming([a, b]);
    const since = a.transport.activeSince(b.host.memberId);
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(a.transport.activeSince(b.host.memberId)).toBe(since);
    expect(streamsOf(a, b.host.memberId)).toEqual({ served: 2, dialed: 2 });
    expect(a.host.received).toEqual([]);
  });
});

/** Passes connections on to `port` until it is told to cut them, or to pass nothing on. */
async function relayTo(port: number): Promise<{ port: number; cut(): void; freeze(): void; thaw(): void }> {
  const pairs = new Set<Socket>();
  let frozen = false;
  const server: Server = createServer((inner) => {
    const outer = connect(port, "127.0.0.1");
    for (const [from, to] of [
      [inner, outer],
      [outer, inner],
    ] as const) {
      pairs.add(from);
      from.on("data", (chunk) => frozen || to.write(chunk));
      from.on("error", () => undefined);
      from.on("close", () => {
        pairs.delete(from);
        to.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const cut = (): void => {
    for (const socket of pairs) socket.resetAndDestroy();
  };
  cleanups.push(() => {
    cut();
    server.close();
  });
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    cut,
    freeze: () => {
      frozen = true;
    },
    thaw: () => {
      frozen = false;
    },
  };
}

describe("a connection that breaks", () => {
  /** Two members between whom everything passes through a relay. */
  async function relayed(limits = {}) {
    const [a, b] = [await start(0xa1n, { limits }), await start(0xb2n, { limits })];
    const toA = await relayTo(Number(new URL(a.url).port));
    const toB = await relayTo(Number(new URL(b.url).port));
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

  test("is given up when nothing arrives for the read timeout, though it still stands", async () => {
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
    const [a, b] = [await start(0xa1n, { limits }), await start(0xb2n)];
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
    cleanups.push(() => socket.destroy());
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
    const a = await start(0xa1n, { limits: { writeTimeoutMs: 300, redialMs: 60_000 } });
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
    const a = await start(0xa1n, { limits: { redialMs: 60_000 } });
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
    const a = await start(0xa1n, { limits: { idleTimeoutMs: 200 } });
    const port = Number(new URL(a.url).port);
    for (const text of ["", "GET /version HTTP/1.1\r\n", "GET /version HTTP/1.1\r\nHost: x\r\n\r\n"]) {
      const socket = connect(port, "127.0.0.1");
      cleanups.push(() => socket.destroy());
      socket.write(text);
      await new Promise<void>((resolve) => socket.resume().once("close", () => resolve()));
    }
  });
});

describe("without streams", () => {
  test("messages are posted, and the sender is answered though it is no member", async () => {
    const [a, b] = [await start(0xa1n), await start(0xb2n)];
    a.transport.addPeer(b.host.memberId, [b.url]);
    await a.host.until(() => a.transport.activeSince(b.host.memberId) === 0);
    a.transport.send(everyMessage(a, b));
    await b.host.until(() => b.host.received.length === 13);
    expect(sorted(b.host.received)).toEqual(sorted(everyMessage(a, b)));
    expect(b.transport.activeSince(a.host.memberId)).toBe(0);
    b.transport.send([
      messageWith({ type: MessageType.appResp, from: b.host.memberId, to: a.host.memberId, index: 5 }),
    ]);
    await a.host.until(() => a.host.received.length === 1);
    expect(a.host.received[0]?.index).toBe(5);
  });

  test("a peer that is not there is reported, its other URLs are tried", async () => {
    const [a, b] = [await start(0xa1n), await start(0xb2n)];
    const closed = await relayTo(1);
    a.transport.addPeer(b.host.memberId, ["http://127.0.0.1:1", `http://127.0.0.1:${closed.port}`, b.url]);
    b.transport.addPeer(a.host.memberId, [a.url]);
    a.transport.send([messageWith({ type: MessageType.vote, from: a.host.memberId, to: b.host.memberId })]);
    await a.host.until(() => a.host.unreachable.length > 0);
    await untilStreaming([a, b]);
  });

  test("the queue to a silent peer is bounded", async () => {
    const a = await start(0xa1n, { limits: { pipelineQueueMax: 3, pipelineWorkers: 1 } });
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    cleanups.push(() => silent.close());
    const peer = toMemberId(0xb2n);
    const address = silent.address();
    a.transport.addPeer(peer, [`http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`]);
    a.transport.send(
      Array.from({ length: 10 }, () => messageWith({ type: MessageType.vote, from: a.host.memberId, to: peer })),
    );
    expect(a.host.unreachable.length).toBe(6);
  });
});

describe("membership", () => {
  test("a removed member is told by 410 when it dials, and only then", async () => {
    const [a, b] = [await start(0xa1n), await start(0xb2n)];
    introduce([a, b]);
    await untilStreaming([a, b]);
    expect(b.host.removedSeen).toBe(0);
    a.host.removed.add(b.host.memberId);
    a.transport.removePeer(b.host.memberId);
    await b.host.until(() => b.host.removedSeen > 0);
    expect(a.host.removedSeen).toBe(0);
    expect(a.transport.activeSince(b.host.memberId)).toBe(0);
  });

  test("a dial by a member that is not known yet is refused until it is", async () => {
    const [a, b] = [await start(0xa1n), await start(0xb2n)];
    a.transport.addPeer(b.host.memberId, [b.url]);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(streamsOf(a, b.host.memberId)).toEqual({ served: 0, dialed: 0 });
    b.transport.addPeer(a.host.memberId, [a.url]);
    await untilStreaming([a, b]);
  });

  test("new URLs count from the next dial on", async () => {
    const [a, b] = [await start(0xa1n), await start(0xb2n)];
    a.transport.addPeer(b.host.memberId, ["http://127.0.0.1:1"]);
    b.transport.addPeer(a.host.memberId, [a.url]);
    await b.host.until(() => streamsOf(b, a.host.memberId).dialed === 2);
    a.transport.updatePeer(b.host.memberId, [b.url]);
    await untilStreaming([a, b]);
  });

  test("a proposal that raft does not take holds nothing else back; too many are dropped", async () => {
    const [a, b] = [await start(0xa1n), await start(0xb2n, { limits: { receiveMax: 2 } })];
    introduce([a, b]);
    await untilStreaming([a, b]);
    const release: (() => void)[] = [];
    b.host.onStep = (message) =>
      message.type === MessageType.prop ? new Promise((resolve) => release.push(resolve)) : undefined;
    const common = { from: a.host.memberId, to: b.host.memberId };
    const proposal = messageWith({ ...common, type: MessageType.prop, entries: [newEntry(0, 0, 0, utf8Encode("p"))] });
    a.transport.send([proposal, proposal, proposal, messageWith({ ...common, type: MessageType.heartbeat, term: 1 })]);
    await b.host.until(() => b.host.received.some((m) => m.type === MessageType.heartbeat));
    expect(b.host.received.map((m) => m.type)).toEqual([2, 2, 8]);
    for (const resolve of release) resolve();
    await new Promise((resolve) => setImmediate(resolve));
    a.transport.send([proposal]);
    await b.host.until(() => b.host.received.length === 4);
  });
});

describe("a snapshot", () => {
  const snapshot = (from: TestMember, to: TestMember): Message =>
    messageWith({
      type: MessageType.snap,
      from: from.host.memberId,
      to: to.host.memberId,
      term: 3,
      snapshot: {
        data: utf8Encode('{"Root":{}}'),
        metadata: {
          confState: {
            voters: [from.host.memberId],
            learners: [to.host.memberId],
            votersOutgoing: [],
            learnersNext: [],
            autoLeave: false,
          },
          index: 5410,
          term: 3,
        },
      },
    });

  /** A database of `size` bytes in chunks of 60,000, that counts how often it is closed. */
  function database(size: number, onChunk: (n: number) => Promise<void> = () => Promise.resolve()) {
    const whole = new Uint8Array(size);
    for (let i = 0; i < size; i++) whole[i] = (i * 7 + (i >> 12)) & 0xff;
    const state = { whole, closed: 0 };
    return {
      state,
      database: {
        size,
        async *chunks() {
          for (let at = 0; at < size; at += 60_000) {
            await onChunk(at / 60_000);
            yield whole.subarray(at, at + 60_000);
          }
        },
        close: () => void state.closed++,
      },
    };
  }

  test("of 5 MB arrives whole, database first, and is reported", async () => {
    const [a, b] = [await start(0xa1n), await start(0xb2n)];
    introduce([a, b]);
    const { state, database: db } = database(5_000_000);
    b.host.onStep = (message) => {
      if (message.type === MessageType.snap) expect(b.host.databases.has(5410)).toBe(true);
    };
    a.transport.sendSnapshot(snapshot(a, b), db);
    await a.host.until(() => a.host.snapshots.length > 0);
    expect(a.host.snapshots).toEqual([{ id: b.host.memberId, ok: true }]);
    expect(Buffer.compare(b.host.databases.get(5410) ?? emptyBytes, state.whole)).toBe(0);
    expect(b.host.received).toEqual([snapshot(a, b)]);
    expect(state.closed).toBe(1);
  });

  test("that raft refuses is reported as failed", async () => {
    const [a, b] = [await start(0xa1n), await start(0xb2n)];
    introduce([a, b]);
    b.host.onStep = () => Promise.reject(new Error("stopped"));
    const { state, database: db } = database(1000);
    a.transport.sendSnapshot(snapshot(a, b), db);
    await a.host.until(() => a.host.snapshots.length > 0);
    expect(a.host.snapshots).toEqual([{ id: b.host.memberId, ok: false }]);
    expect(a.host.unreachable).toContain(b.host.memberId);
    expect(state.closed).toBe(1);
  });

  test("whose sender stops half-way leaves nothing behind", async () => {
    const limits = { readTimeoutMs: 300 };
    const [a, b] = [await start(0xa1n), await start(0xb2n, { limits })];
    introduce([a, b]);
    const { state, database: db } = database(500_000, (n) =>
      n < 4 ? Promise.resolve() : new Promise((resolve) => setTimeout(resolve, 700)),
    );
    a.transport.sendSnapshot(snapshot(a, b), db);
    await b.host.until(() => b.host.aborted.length === 1);
    await a.host.until(() => a.host.snapshots.length > 0);
    expect(a.host.snapshots).toEqual([{ id: b.host.memberId, ok: false }]);
    expect(b.host.databases.size).toBe(0);
    expect(state.closed).toBe(1);
  });

  test("is broken off when the receiver is removed, and to nobody it fails at once", async () => {
    const [a, b] = [await start(0xa1n), await start(0xb2n)];
    introduce([a, b]);
    const slow = database(500_000, () => new Promise((resolve) => setTimeout(resolve, 100)));
    a.transport.sendSnapshot(snapshot(a, b), slow.database);
    await new Promise((resolve) => setTimeout(resolve, 150));
    a.transport.removePeer(b.host.memberId);
    await a.host.until(() => a.host.snapshots.length === 1 && slow.state.closed === 1);
    const none = database(10);
    a.transport.sendSnapshot(snapshot(a, b), none.database);
    expect(a.host.snapshots.map(({ ok }) => ok)).toEqual([false, false]);
    expect(none.state.closed).toBe(1);
  });
});

test("closing ends every connection, twice as well as once, and nothing is sent afterwards", async () => {
  const [a, b] = [await start(0xa1n), await start(0xb2n)];
  introduce([a, b]);
  await untilStreaming([a, b]);
  const idle = request(`${a.url}/version`, { agent: false });
  idle.on("error", () => undefined).end();
  await a.transport.close();
  await a.transport.close();
  a.transport.send([messageWith({ type: MessageType.vote, from: a.host.memberId, to: b.host.memberId })]);
  await b.host.until(() => b.transport.activeSince(a.host.memberId) === 0);
  expect(b.host.received).toEqual([]);
  expect(b.host.removedSeen).toBe(0);
});
