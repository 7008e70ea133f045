import { hexId, SeededRandom, utf8Encode } from "@quorate/base";
import { expect, test } from "vitest";
import type { Member } from "./member.ts";
import { Node, TestCluster } from "./testing/cluster.ts";

/** Members come and go while others lose power or are cut off; strict checks are on. */
async function run(seed: number): Promise<void> {
  const random = new SeededRandom(seed);
  const cluster = await TestCluster.start(3, {
    seed,
    overrides: { snapshotCount: 15, snapshotCatchUpEntries: 3, learnersMax: 2 },
  });
  const founders = new Set(cluster.nodes.keys());
  const pick = <T>(list: readonly T[]): T | undefined =>
    list.length === 0 ? undefined : list[random.below(list.length)];
  const acknowledged = new Set<string>();
  let next = 0;
  const gone = new Set<string>();
  const waiting = new Set<string>();
  const names = (): string[] => [...cluster.nodes.keys()].filter((name) => !gone.has(name));

  const boot = async (name: string): Promise<void> => {
    if (cluster.node(name).member !== undefined) return;
    if (!waiting.has(name)) {
      await cluster.boot(name, founders.has(name) ? "new" : "existing");
      return;
    }
    // An operator gives a newcomer the list of whoever knows most.
    const [wisest] = cluster.up().sort((a, b) => b.applied - a.applied);
    const known = wisest?.machine.membership.list().flatMap(({ peerUrls }) => peerUrls) ?? [];
    const members = [...cluster.nodes.values()].filter(({ url }) => known.includes(url)).map((node) => node.name);
    if (!members.includes(name)) return;
    await cluster.boot(name, "existing", members).catch(() => undefined);
    if (cluster.node(name).member !== undefined) waiting.delete(name);
  };

  for (let step = 0; step < 120; step++) {
    const member = pick(cluster.up());
    const dice = random.below(100);
    if (member !== undefined && dice < 60) {
      for (let i = random.below(5); i >= 0; i--) {
        next += 1;
        const key = `n${next}`;
        cluster.put(member, key, "v").then(
          (outcome) => outcome.kind === "put" && acknowledged.add(key),
          () => undefined,
        );
      }
    } else if (member !== undefined && dice < 66 && cluster.nodes.size < 9) {
      const name = `m${cluster.nodes.size + 1}`;
      const node = new Node(name);
      member.changes.add([node.url], random.below(2) === 0).then(
        () => undefined,
        () => undefined,
      );
      cluster.nodes.set(name, node);
      waiting.add(name);
    } else if (member !== undefined && dice < 70) {
      const target = pick(member.machine.membership.list());
      if (target !== undefined) member.changes.remove(target.id).catch(() => undefined);
    } else if (member !== undefined && dice < 76) {
      for (const { id, isLearner } of member.machine.membership.list()) {
        if (isLearner) member.changes.promote(id).catch(() => undefined);
      }
    } else if (dice < 79) cluster.isolate(pick(names()) as string);
    else if (dice < 86) cluster.heal();
    else if (dice < 89) {
      const name = pick(names()) as string;
      if (cluster.node(name).member !== undefined) cluster.kill(name);
    } else for (const name of names()) await boot(name);
    await cluster.clock.advance(random.below(2500));
    for (const name of names()) {
      const { stopped } = cluster.node(name);
      if (stopped === undefined) continue;
      expect(stopped, `seed ${seed}: ${name}`).toMatchObject({ kind: "removed" });
      gone.add(name);
    }
    const ledIn = new Map<number, string>();
    for (const one of cluster.up()) {
      if (one.raftStatus().role !== "leader") continue;
      expect(ledIn.get(one.term), `seed ${seed}: two leaders in term ${one.term}`).toBeUndefined();
      ledIn.set(one.term, hexId(one.id));
    }
  }
  cluster.heal();
  for (let round = 0; round < 5; round++) {
    for (const name of names()) await boot(name);
    await cluster.clock.advance(8000);
    for (const name of names()) if (cluster.node(name).stopped !== undefined) gone.add(name);
  }
  const leader = cluster.leader();
  expect(leader, `seed ${seed}: nobody leads`).toBeDefined();
  const list = (member: Member): string =>
    member.machine.membership
      .list()
      .map((record) => `${record.peerUrls.join()} ${record.isLearner}`)
      .join("; ");
  const belonging = cluster.up().filter((member) => leader?.machine.membership.get(member.id) !== undefined);
  for (const member of belonging) {
    expect(list(member), `seed ${seed}`).toBe(list(leader as Member));
    expect(member.raftStatus().config, `seed ${seed}`).toEqual(leader?.raftStatus().config);
    for (const key of acknowledged) {
      const found = member.machine.store.range({ key: utf8Encode(key) });
      expect(found.kind === "ok" && found.count, `seed ${seed}: ${key} at ${member.options.name}`).toBe(1);
    }
  }
}

const seeds = Number(process.env["QUORATE_SEEDS"] ?? 4);

test.each(Array.from({ length: seeds }, (_, i) => i + 1))(
  "members that come and go under faults agree on who belongs, and lose nothing (seed %i)",
  async (seed) => {
    await run(seed);
  },
  60_000,
);
