import { KvError } from "@quorate/api";
import type { MemberId } from "@quorate/base";
import { VirtualClock } from "@quorate/base/testing";
import { expect, test } from "vitest";
import { RequestIds } from "./identity.ts";
import { TestCluster } from "./testing/cluster.ts";
import { type Waiter, Waiters } from "./waiters.ts";

test("bytes count until there is an outcome, whatever it is, and each waiter is told once", async () => {
  const clock = new VirtualClock();
  const ids = new RequestIds(7n as MemberId, 0);
  const waiters = new Waiters<string>(clock, ids, 1000);
  const told: string[] = [];
  const waiter = (name: string): Waiter<string> => ({
    settle: () => told.push(`${name} settled`),
    fail: () => told.push(`${name} failed`),
  });
  const data = new Uint8Array(10);
  for (const [serial, name] of ["taken", "lost", "late"].entries()) waiters.queue(serial, data, waiter(name));
  expect(waiters.bytes).toBe(30);
  waiters.markProposed(1);
  expect(waiters.bytes).toBe(30);
  waiters.take(ids.origin, 0)?.settle("");
  expect(waiters.take(ids.origin, 0)).toBeUndefined();
  expect(waiters.bytes).toBe(20);
  waiters.failBefore(2, new KvError("timeout"));
  expect(waiters.bytes).toBe(0);
  waiters.queue(3, data, waiter("refused"));
  waiters.failQueued(new KvError("timeout"));
  waiters.queue(4, data, waiter("expired"));
  await clock.advance(1000);
  waiters.expire(() => new KvError("timeout"));
  waiters.queue(5, data, waiter("stopped"));
  waiters.failAll(new KvError("stopped"));
  expect(waiters.bytes).toBe(0);
  expect(told).toEqual([
    "taken settled",
    "lost failed",
    "late failed",
    "refused failed",
    "expired failed",
    "stopped failed",
  ]);
});

test("what waits for a leader has a limit in bytes", async () => {
  const cluster = await TestCluster.start(3, { overrides: { requestBytesMax: 200 * 1024 * 1024 } });
  const leader = cluster.leader();
  const follower = cluster.up().find((member) => member !== leader);
  for (const member of cluster.up()) if (member !== follower) cluster.kill(cluster.nameOf(member));
  await cluster.clock.advance(3000);
  const codes: string[] = [];
  for (let i = 0; i < 3; i++) {
    follower?.propose(4, new Uint8Array(100 * 1024 * 1024), {
      settle: () => codes.push("accepted"),
      fail: (error) => codes.push(error instanceof KvError ? error.code : String(error)),
    });
  }
  expect(codes).toEqual(["tooManyRequests"]);
  await cluster.clock.advance(8000);
  expect(codes).toEqual(["tooManyRequests", "contextDeadlineExceeded", "contextDeadlineExceeded"]);
});
