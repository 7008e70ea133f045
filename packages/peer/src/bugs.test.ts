import { InvariantError, toMemberId } from "@quorate/base";
import { MessageType } from "@quorate/raft";
import { expect, test } from "vitest";
import { Inbox } from "./inbox.ts";
import { FakeHost, MemoryLogger } from "./testing/fake-host.ts";
import { messageWith } from "./testing/messages.ts";

test("a broken invariant passes through, other failures of raft are logged", () => {
  const host = new FakeHost(0xa1n);
  const logger = new MemoryLogger();
  const inbox = new Inbox(host, toMemberId(2n), logger, () => 0, 10);
  const message = messageWith({ type: MessageType.heartbeat, from: toMemberId(2n), to: host.memberId });
  host.onStep = () => {
    throw new Error("raft is stopped");
  };
  inbox.deliver(message);
  expect(logger.lines.map(({ fields }) => fields?.["error"])).toEqual(["raft is stopped"]);
  host.onStep = () => {
    throw new InvariantError("commit went back");
  };
  expect(() => inbox.deliver(message)).toThrow("commit went back");
});

test("a message for another member, or of a removed one, never reaches raft", () => {
  const host = new FakeHost(0xa1n);
  const inbox = new Inbox(host, toMemberId(2n), new MemoryLogger(), () => 0, 10);
  host.removed.add(toMemberId(3n));
  const common = { type: MessageType.heartbeat, to: host.memberId, from: toMemberId(2n) };
  inbox.deliver(messageWith({ ...common, to: toMemberId(9n) }));
  inbox.deliver(messageWith({ ...common, from: toMemberId(3n) }));
  expect(host.received).toEqual([]);
  inbox.deliver(messageWith(common));
  expect(host.received.length).toBe(1);
});
