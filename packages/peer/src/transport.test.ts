import { request } from "node:http";
import { utf8Encode } from "@quorate/base";
import { encodeMessage, type Message, MessageType, newEntry } from "@quorate/raft";
import { afterEach, describe, expect, test } from "vitest";
import { introduce, streamsOf, untilStreaming } from "./testing/cluster.ts";
import { everyMessage, messageWith, sortedBytes } from "./testing/messages.ts";
import { StartedMembers } from "./testing/started-members.ts";

const scope = new StartedMembers();
afterEach(() => scope.close());

describe("members that know each other", () => {
  test("open two streams each way and carry every message, in order within a stream", async () => {
    const members = [await scope.start(0xa1n), await scope.start(0xb2n), await scope.start(0xc3n)];
    introduce(members);
    await untilStreaming(members);
    for (const from of members) {
      for (const to of members) if (from !== to) from.transport.send(everyMessage(from, to));
    }
    for (const to of members) {
      const others = members.filter((member) => member !== to);
      await to.host.until(() => to.host.received.length >= 26);
      expect(sortedBytes(to.host.received)).toEqual(sortedBytes(others.flatMap((from) => everyMessage(from, to))));
      for (const from of others) {
        const general = to.host.received.filter((m) => m.from === from.host.memberId && m.type !== MessageType.app);
        expect(general.map((m) => m.type)).toEqual([2, 4, 5, 6, 8, 9, 13, 14, 15, 16, 17, 18]);
        expect(to.transport.activeSince(from.host.memberId)).toBeGreaterThan(0);
      }
    }
  });

  test("deliver appends in order and whole, in few and in many entries", async () => {
    const [a, b] = [await scope.start(0xa1n), await scope.start(0xb2n)];
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
    const [a, b] = [await scope.start(0xa1n, { limits }), await scope.start(0xb2n, { limits })];
    introduce([a, b]);
    await untilStreaming([a, b]);
    const since = a.transport.activeSince(b.host.memberId);
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(a.transport.activeSince(b.host.memberId)).toBe(since);
    expect(streamsOf(a, b.host.memberId)).toEqual({ served: 2, dialed: 2 });
    expect(a.host.received).toEqual([]);
  });
});

describe("membership", () => {
  test("a removed member is told by 410 when it dials, and only then", async () => {
    const [a, b] = [await scope.start(0xa1n), await scope.start(0xb2n)];
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
    const [a, b] = [await scope.start(0xa1n), await scope.start(0xb2n)];
    a.transport.addPeer(b.host.memberId, [b.url]);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(streamsOf(a, b.host.memberId)).toEqual({ served: 0, dialed: 0 });
    b.transport.addPeer(a.host.memberId, [a.url]);
    await untilStreaming([a, b]);
  });

  test("new URLs count from the next dial on (N17)", async () => {
    const [a, b] = [await scope.start(0xa1n), await scope.start(0xb2n)];
    a.transport.addPeer(b.host.memberId, ["http://127.0.0.1:1"]);
    b.transport.addPeer(a.host.memberId, [a.url]);
    await b.host.until(() => streamsOf(b, a.host.memberId).dialed === 2);
    a.transport.updatePeer(b.host.memberId, [b.url]);
    await untilStreaming([a, b]);
  });

  test("a proposal that raft does not take holds nothing else back; too many are dropped", async () => {
    const [a, b] = [await scope.start(0xa1n), await scope.start(0xb2n, { limits: { receiveMax: 2 } })];
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

test("closing ends every connection, twice as well as once, and nothing is sent afterwards", async () => {
  const [a, b] = [await scope.start(0xa1n), await scope.start(0xb2n)];
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
