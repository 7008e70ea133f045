import { createServer } from "node:net";
import { toMemberId } from "@quorate/base";
import { MessageType } from "@quorate/raft";
import { afterEach, describe, expect, test } from "vitest";
import { untilStreaming } from "./testing/cluster.ts";
import { everyMessage, messageWith, sortedBytes } from "./testing/messages.ts";
import { relayTo } from "./testing/relay.ts";
import { StartedMembers } from "./testing/started-members.ts";

const scope = new StartedMembers();
afterEach(() => scope.close());

describe("without streams", () => {
  test("messages are posted, and the sender is answered though it is no member", async () => {
    const [a, b] = [await scope.start(0xa1n), await scope.start(0xb2n)];
    a.transport.addPeer(b.host.memberId, [b.url]);
    await a.host.until(() => a.transport.activeSince(b.host.memberId) === 0);
    a.transport.send(everyMessage(a, b));
    await b.host.until(() => b.host.received.length === 13);
    expect(sortedBytes(b.host.received)).toEqual(sortedBytes(everyMessage(a, b)));
    expect(b.transport.activeSince(a.host.memberId)).toBe(0);
    b.transport.send([
      messageWith({ type: MessageType.appResp, from: b.host.memberId, to: a.host.memberId, index: 5 }),
    ]);
    await a.host.until(() => a.host.received.length === 1);
    expect(a.host.received[0]?.index).toBe(5);
  });

  test("a peer that is not there is reported, its other URLs are tried", async () => {
    const [a, b] = [await scope.start(0xa1n), await scope.start(0xb2n)];
    const closed = await relayTo(1, scope);
    a.transport.addPeer(b.host.memberId, ["http://127.0.0.1:1", `http://127.0.0.1:${closed.port}`, b.url]);
    b.transport.addPeer(a.host.memberId, [a.url]);
    a.transport.send([messageWith({ type: MessageType.vote, from: a.host.memberId, to: b.host.memberId })]);
    await a.host.until(() => a.host.unreachable.length > 0);
    await untilStreaming([a, b]);
  });

  test("the queue to a silent peer is bounded", async () => {
    const a = await scope.start(0xa1n, { limits: { pipelineQueueMax: 3, pipelineWorkers: 1 } });
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    scope.defer(() => silent.close());
    const peer = toMemberId(0xb2n);
    const address = silent.address();
    a.transport.addPeer(peer, [`http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`]);
    a.transport.send(
      Array.from({ length: 10 }, () => messageWith({ type: MessageType.vote, from: a.host.memberId, to: peer })),
    );
    expect(a.host.unreachable.length).toBe(6);
  });
});
