import { KvError } from "@quorate/api";
import type { MemberId } from "@quorate/base";
import { VirtualClock } from "@quorate/base/testing";
import type { Membership } from "@quorate/state";
import { expect, test } from "vitest";
import { Duties, type DutyHost } from "./duties.ts";

test("a member whose publication is refused at once asks again after a pause, so that its loop goes on", async () => {
  const clock = new VirtualClock();
  let asked = 0;
  const localId = 1n as MemberId;
  const self = { id: localId, name: "", peerUrls: [], clientUrls: [], isLearner: false };
  const host = {
    clock,
    logger: { log: () => undefined },
    options: { name: "a", advertiseClientUrls: [] },
    localId,
    clusterId: 2n,
    requestTimeoutMs: 7_000,
    membership: () => ({ clusterVersion: "3.6.0", get: () => self, list: () => [self] }) as unknown as Membership,
    isLeader: () => false,
    whenLed: () => Promise.resolve(),
    propose: (_kind: number, _body: Uint8Array, waiter: { fail(error: Error): void; settle(): void }) => {
      asked += 1;
      // More refusals than a test could live through, if they came without a pause.
      if (asked < 1_000) waiter.fail(new KvError("tooManyRequests"));
      else waiter.settle();
    },
  } as unknown as DutyHost;
  const duties = new Duties(host);
  duties.start();
  await clock.advance(0);
  expect(asked).toBe(1);
  await clock.advance(1_000);
  expect(asked).toBeGreaterThan(5);
  expect(asked).toBeLessThan(20);
  expect(duties.isPublished).toBe(false);
  await clock.advance(200_000);
  expect(duties.isPublished).toBe(true);
  duties.stop();
});
