import { SeededRandom, utf8Decode, utf8Encode } from "@quorate/base";
import type { Unsynced } from "@quorate/base/testing";
import { valueOf } from "@quorate/mvcc";
import { expect, test } from "vitest";
import type { Member } from "./member.ts";
import { TestCluster } from "./testing/cluster.ts";

/** What was not synced survives up to a point, where a write may be torn. */
function someSurvive(random: SeededRandom): (operation: Unsynced) => boolean | number {
  let alive = random.below(2) === 0;
  return (operation) => {
    if (!alive) return false;
    if (random.below(4) > 0) return true;
    alive = false;
    return operation.kind === "write" ? random.below(operation.length) : false;
  };
}

/**
 * One counter, written by puts of ever higher numbers and read everywhere, while members lose power, are cut off, or
 * hand leadership over. Small snapshots make most returns go through one.
 */
async function run(seed: number): Promise<void> {
  const random = new SeededRandom(seed);
  const cluster = await TestCluster.start(3, { seed, overrides: { snapshotCount: 15, snapshotCatchUpEntries: 3 } });
  const names = [...cluster.nodes.keys()];
  const pick = <T>(list: readonly T[]): T | undefined =>
    list.length === 0 ? undefined : list[random.below(list.length)];
  const acknowledged = new Set<number>();
  let newest = 0;
  let next = 0;
  const stale: string[] = [];

  const put = (member: Member): void => {
    next += 1;
    const number = next;
    cluster.put(member, `n${number}`, "v").then(
      (outcome) => {
        if (outcome.kind !== "put") return;
        acknowledged.add(number);
        newest = Math.max(newest, outcome.revision);
      },
      () => undefined,
    );
  };
  const read = (member: Member): void => {
    const atLeast = newest;
    const known = [...acknowledged];
    member.linearizable({
      ready: () => {
        const { revision } = member.machine.store;
        if (revision < atLeast) stale.push(`${revision} after ${atLeast}`);
        for (const number of known.slice(-5)) {
          const found = member.machine.store.range({ key: utf8Encode(`n${number}`) });
          const row = found.kind === "ok" ? found.rows[0] : undefined;
          if (row === undefined || utf8Decode(valueOf(row)) !== "v") stale.push(`n${number} is missing`);
        }
      },
      fail: () => undefined,
    });
  };

  for (let step = 0; step < 150; step++) {
    const member = pick(cluster.up());
    const dice = random.below(100);
    if (member !== undefined && dice < 60) for (let i = random.below(6); i >= 0; i--) put(member);
    if (member !== undefined && dice % 3 === 0) read(member);
    if (dice >= 60 && dice < 68) cluster.isolate(pick(names) as string);
    else if (dice >= 68 && dice < 72) cluster.cut(pick(names) as string, pick(names) as string);
    else if (dice >= 72 && dice < 82) cluster.heal();
    else if (dice >= 82 && dice < 90) {
      const name = pick(names) as string;
      if (cluster.node(name).member !== undefined) cluster.kill(name, someSurvive(random));
    } else if (dice >= 90 && dice < 97) {
      for (const name of names) if (cluster.node(name).member === undefined) await cluster.boot(name);
    } else if (dice >= 97) {
      const leader = cluster.leader();
      const target = pick(cluster.up());
      if (leader !== undefined && target !== undefined) leader.leadership.moveTo(target.id).catch(() => undefined);
    }
    await cluster.clock.advance(random.below(300));
    for (const name of names) expect(cluster.node(name).stopped, `seed ${seed}: ${name}`).toBeUndefined();
  }
  cluster.heal();
  for (const name of names) if (cluster.node(name).member === undefined) await cluster.boot(name);
  await cluster.clock.until(() => cluster.leader() !== undefined);
  await cluster.settle(cluster.put(cluster.leader() as Member, "last", "v").catch(() => undefined));
  // What is still on its way comes to its end.
  await cluster.clock.advance(10_000);
  await cluster.clock.until(() => cluster.up().every((m) => m.applied === cluster.leader()?.applied && m.lead !== 0n));
  expect(stale, `seed ${seed}`).toEqual([]);
  for (const member of cluster.up()) {
    for (const number of acknowledged) {
      const found = member.machine.store.range({ key: utf8Encode(`n${number}`) });
      expect(found.kind === "ok" && found.count, `seed ${seed}: n${number}`).toBe(1);
    }
  }
  expect(new Set(await cluster.hashes()).size, `seed ${seed}`).toBe(1);
  expect(acknowledged.size, `seed ${seed}`).toBeGreaterThan(10);
}

const seeds = Number(process.env["QUORATE_SEEDS"] ?? 6);

test.each(Array.from({ length: seeds }, (_, i) => i + 1))(
  "under faults no acknowledged write is lost and no read is stale (seed %i)",
  async (seed) => {
    await run(seed);
  },
  60_000,
);
