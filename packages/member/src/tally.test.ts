import type { MemberId } from "@quorate/base";
import { VirtualClock } from "@quorate/base/testing";
import type { Membership } from "@quorate/state";
import { expect, test } from "vitest";
import { Tally, type TallyHost } from "./tally.ts";

const local = 1n as MemberId;
const others = [2n, 3n] as MemberId[];

function tallyOfThree() {
  const clock = new VirtualClock();
  const warnings: object[] = [];
  const world = { lead: local };
  const host = {
    clock,
    logger: { log: (_level: string, message: string, fields: object) => warnings.push({ message, ...fields }) },
    localId: local,
    heartbeatMs: 100,
    membership: () => ({ list: () => [local, ...others].map((id) => ({ id })) }) as unknown as Membership,
    lead: () => world.lead,
  } as unknown as TallyHost;
  return { clock, warnings, world, tally: new Tally(host) };
}

test("heartbeats that come in time are no failures", async () => {
  const { clock, warnings, tally } = tallyOfThree();
  for (const ms of [100, 150, 199, 200]) {
    tally.onTick();
    await clock.advance(ms);
  }
  tally.onTick();
  expect(tally.lateHeartbeats).toBe(0);
  expect(warnings).toEqual([]);
});

test("heartbeats that come after twice their time count once for each member that waited, and the log says by how much", async () => {
  const { clock, warnings, tally } = tallyOfThree();
  tally.onTick();
  await clock.advance(250);
  tally.onTick();
  expect(tally.lateHeartbeats).toBe(2);
  expect(warnings).toMatchObject([
    { to: "2", "heartbeat-interval": "100ms", "expected-duration": "200ms", "exceeded-duration": "50.000ms" },
    { to: "3", "exceeded-duration": "50.000ms" },
  ]);
});

test("only who led before and leads now owes heartbeats", async () => {
  const { clock, world, tally } = tallyOfThree();
  world.lead = others[0] as MemberId;
  tally.onTick();
  await clock.advance(500);
  world.lead = local;
  tally.onTick();
  expect(tally.lateHeartbeats).toBe(0);
  await clock.advance(500);
  world.lead = others[0] as MemberId;
  tally.onTick();
  expect(tally.lateHeartbeats).toBe(0);
});
