import { describe, expect, test } from "vitest";
import { drive } from "./drive.ts";
import type { FaultKind } from "./plan.ts";
import { SeedRun } from "./run.ts";

async function play(kinds: readonly FaultKind[], seed: number, members: number, events = 4000): Promise<SeedRun> {
  const run = new SeedRun({ seed, kinds, members, events });
  await drive(run);
  return run;
}

const story = (run: SeedRun): string => run.world.notes.map(({ text }) => text).join("\n");

/** What tells that a fault has done what it is for. */
const effects: readonly { readonly kinds: readonly FaultKind[]; readonly members: number; readonly tells: RegExp }[] = [
  { kinds: ["stop"], members: 3, tells: /m\d has stopped\n/ },
  { kinds: ["crashAtSend"], members: 3, tells: /m\d (loses power|is killed)/ },
  { kinds: ["crashAtSyncEnd"], members: 3, tells: /m\d (loses power|is killed)/ },
  { kinds: ["readError"], members: 3, tells: /does not start: .*cannot read .*: EIO/ },
  {
    kinds: ["bitFlip"],
    members: 3,
    tells: /does not start: \/data\/member\/.* (at offset|page) \d+: [^]*is put right/,
  },
  {
    kinds: ["misdirect"],
    members: 4,
    tells: /does not start: \/data\/member\/.* (at offset|page) \d+: [^]*(is put right|whose disk is gone)/,
  },
  { kinds: ["bitFlip"], members: 5, tells: /does not start: [^]*whose disk is gone/ },
  { kinds: ["wipe"], members: 3, tells: /is wiped[^]*whose disk is gone/ },
  {
    kinds: ["lyingSync", "kill"],
    members: 4,
    tells: /lies about its log[^]*(has forgotten|acknowledged entries are lost)/,
  },
  { kinds: ["rollBack"], members: 4, tells: /falls back to its copy[^]*has forgotten/ },
];

describe("a cluster holds, and the fault does what it is for:", () => {
  test.each(effects)("$kinds among $members", async ({ kinds, members, tells }) => {
    let told = false;
    // The rarest comes in one seed of eighteen: a lie, a kill behind it, and somebody who notices.
    for (let seed = 1; seed <= 120 && !told; seed++) {
      const run = await play(kinds, seed, members);
      expect(run.result().failure, `seed ${seed}`).toBeUndefined();
      told = tells.test(story(run));
    }
    expect(told).toBe(true);
  });

  test("a member is started with other options", async () => {
    const run = await play(["options"], 2, 3);
    expect(run.result().failure).toBeUndefined();
    const changed = run.world.nodes.filter(({ overrides }) => overrides.snapshotCount !== undefined);
    expect(changed.length).toBeGreaterThan(0);
    for (const { member, overrides } of changed) expect(member?.options).toMatchObject(overrides);
  });

  test("a slow member takes its time, and is as fast as before in the end", async () => {
    const run = await play(["slowNode"], 2, 3);
    expect(run.result().failure).toBeUndefined();
    expect(story(run)).toMatch(/slowNode m\d, \d+ ms a turn/);
    for (const { speed } of run.world.nodes) expect(speed.turnUs).toBe(run.world.plan.turnUs);
  });
});

test("no voter of three comes back with an older disk, or one that lied", async () => {
  for (let seed = 1; seed <= 6; seed++) {
    const run = await play(["rollBack", "lyingSync"], seed, 3);
    const { operators } = run.world.plan;
    if (operators.some((kind) => kind !== "moveLeader")) continue;
    expect(story(run)).not.toMatch(/falls back|lies about|has forgotten/);
  }
});
