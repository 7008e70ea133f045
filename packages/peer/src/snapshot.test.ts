import { emptyBytes, utf8Encode } from "@quorate/base";
import { type Message, MessageType } from "@quorate/raft";
import { afterEach, describe, expect, test } from "vitest";
import { introduce, type TestMember } from "./testing/cluster.ts";
import { messageWith } from "./testing/messages.ts";
import { StartedMembers } from "./testing/started-members.ts";

const scope = new StartedMembers();
afterEach(() => scope.close());

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
    const [a, b] = [await scope.start(0xa1n), await scope.start(0xb2n)];
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
    const [a, b] = [await scope.start(0xa1n), await scope.start(0xb2n)];
    introduce([a, b]);
    b.host.onStep = () => Promise.reject(new Error("stopped"));
    const { state, database: db } = database(1000);
    a.transport.sendSnapshot(snapshot(a, b), db);
    await a.host.until(() => a.host.snapshots.length > 0);
    expect(a.host.snapshots).toEqual([{ id: b.host.memberId, ok: false }]);
    expect(a.host.unreachable).toContain(b.host.memberId);
    expect(state.closed).toBe(1);
  });

  test("whose sender stops half-way leaves nothing behind (N11, D11)", async () => {
    const limits = { readTimeoutMs: 300 };
    const [a, b] = [await scope.start(0xa1n), await scope.start(0xb2n, { limits })];
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
    const [a, b] = [await scope.start(0xa1n), await scope.start(0xb2n)];
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
