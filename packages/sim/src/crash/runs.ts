/** The runs that are recorded: small, and each with everything in it that its name speaks of. */
import { check } from "@quorate/backend";
import type { Command } from "./commands.ts";
import type { Run } from "./recorder.ts";
import type { Rig } from "./rig.ts";
import { DiskImage } from "./disk-image.ts";
import { RecordingDisk } from "./recording-disk.ts";
import { fourth, fourthUrl, self, third } from "./setting.ts";

const put = (key: string, value = "v"): Command => ({ kind: "put", key, value });

/** Text without zeros, as long as asked. */
const text = (length: number, seed = 0): string =>
  Array.from({ length }, (_, i) => String.fromCharCode(97 + ((i * 7 + seed) % 26))).join("");

async function start(rig: Rig): Promise<void> {
  await rig.boot();
  await rig.elect(2);
  await rig.replicate({ kind: "clusterVersion", text: "3.6.0" }, put("old", "1"), put("gone", "2"));
}

/** Boots, lives for a while and stops: what a recorded run then finds is whole and durable. */
async function prepared(rig: Rig, ...commands: Command[]): Promise<void> {
  await start(rig);
  if (commands.length > 0) await rig.replicate(...commands);
  await rig.stop();
}

const firstStart: Run = {
  name: "first-start",
  scenarios: "D09 D25",
  about: "a member of a new cluster of three makes its directory, log and database, votes and takes its first entries",
  setting: {},
  act: async (rig) => {
    await start(rig);
    await rig.stop();
  },
};

const walBatch: Run = {
  name: "wal-batch",
  scenarios: "D02 D25",
  about: "batches of all sizes, also while a sync is under way; votes, terms, and a tail that a new leader replaces",
  setting: { backendBatchMs: 1_000_000 },
  prepare: prepared,
  act: async (rig) => {
    await rig.boot();
    await rig.elect(3);
    for (const [i, size] of [0, 40, 600, 1, 1500, 90, 3000, 10].entries()) {
      rig.add(put(`k${i}`, text(size, i)), put(`l${i}`, "x"));
      await rig.send(rig.reference.script.lastIndex - 2);
      if (i % 3 === 2) await rig.clock.advance(2);
    }
    await rig.replicate(put("whole"));
    // What this leader did not commit is replaced by the next one's entries.
    const kept = rig.reference.script.lastIndex;
    rig.add(put("lost", text(700)), put("lost too"));
    await rig.send(kept);
    await rig.clock.advance(3);
    await rig.elect(4, kept);
    await rig.replicate(put("found", text(300)));
    await rig.askVote(6, third);
    await rig.elect(7);
    await rig.replicate(put("end", text(5000)));
    await rig.stop();
  },
};

const segmentCut: Run = {
  name: "segment-cut",
  scenarios: "D08 D09 D25",
  about: "the log goes on in new segments, one of them while a sync is under way",
  setting: { walSegmentBytes: 4096, walThreadBytesMin: 500, backendBatchMs: 1_000_000 },
  prepare: prepared,
  act: async (rig) => {
    await rig.boot();
    for (let i = 0; i < 12; i++) {
      rig.add(put(`k${i}`, text(250 + ((i * 397) % 900), i)));
      await rig.send(rig.reference.script.lastIndex);
      if (i % 4 !== 1) await rig.clock.advance(3);
    }
    await rig.elect(3);
    await rig.replicate(put("large", text(5000)), put("behind it"));
    // More than two segments fill up during one sync.
    for (let i = 0; i < 8; i++) {
      rig.add(put(`burst${i}`, text(2300, i)));
      await rig.send(rig.reference.script.lastIndex);
    }
    await rig.replicate(put("end"));
    await rig.stop();
  },
};

const dbCommit: Run = {
  name: "db-commit",
  scenarios: "D13 D16 D17 D25",
  about: "the database is committed again and again while entries of every kind are applied",
  setting: { backendBatchMs: 2 },
  prepare: prepared,
  act: async (rig) => {
    await rig.boot();
    await rig.elect(3);
    await rig.replicate({ kind: "grant", lease: 7n, ttl: 20_000 }, put("a", text(200)));
    await rig.replicate(
      { kind: "put", key: "leased", value: "1", lease: 7n },
      { kind: "publish", member: self, name: "m1" },
    );
    await rig.clock.advance(3);
    await rig.replicate({ kind: "txn", puts: Array.from({ length: 20 }, (_, i) => [`t${i}`, text(150, i)] as const) });
    await rig.replicate(
      put("t3", "again"),
      { kind: "txn", puts: [["all at one", "no"]], when: { key: "t", end: "t9", version: 1 } },
      { kind: "txn", puts: [["all at one", "yes"]], when: { key: "t4", end: "t9", version: 1 } },
    );
    await rig.replicate({ kind: "alarm", member: third, raise: true }, put("refused"));
    await rig.clock.advance(2);
    await rig.replicate({ kind: "alarm", member: third, raise: false }, { kind: "delete", key: "t", end: "t5" });
    await rig.replicate({ kind: "compact", revision: 8 }, { kind: "revoke", lease: 7n });
    await rig.clock.advance(3);
    rig.add({ kind: "txn", puts: Array.from({ length: 60 }, (_, i) => [`u${i}`, text(300, i)] as const) });
    await rig.send(rig.reference.script.lastIndex);
    await rig.clock.advance(1);
    await rig.replicate(put("end"), { kind: "grant", lease: 9n, ttl: 20_000 });
    await rig.clock.advance(5);
    await rig.stop();
  },
};

/** Throws when a database that is held is no longer whole; it is let go. */
function checkHeld(held: ReturnType<Rig["member"]["storage"]["backend"]["snapshot"]>): void {
  const disk = new RecordingDisk(DiskImage.empty(), { record: false });
  const copy = disk.open("/copy", "createNew");
  let position = 0;
  for (const chunk of held.chunks(16 * 1024)) {
    copy.writeAt(chunk, position);
    position += chunk.length;
  }
  held.close();
  copy.close();
  const [problem] = check(disk, "/copy");
  if (problem !== undefined) throw new Error(`a database changed while it was held: ${problem.message}`);
}

const compaction: Run = {
  name: "compaction",
  scenarios: "D16 D17 D28",
  about: "compactions delete rows in steps between commits, and some find nothing alive of a key",
  setting: { backendBatchMs: 2, backendBatchLimit: 40 },
  prepare: (rig) =>
    prepared(
      rig,
      ...Array.from(
        { length: 12 },
        (_, i): Command => ({
          kind: "txn",
          puts: Array.from({ length: 60 }, (_row, j) => [`k${(i * 7 + j) % 90}`, text(40, i + j)] as const),
        }),
      ),
      { kind: "delete", key: "k1", end: "k3" },
    ),
  act: async (rig) => {
    await rig.boot();
    await rig.elect(3);
    const held = rig.member.storage.backend.snapshot();
    await rig.replicate({ kind: "compact", revision: 6 }, put("during"));
    await rig.clock.advance(4);
    await rig.replicate({ kind: "delete", key: "gone" }, { kind: "compact", revision: 14 });
    await rig.replicate({ kind: "compact", revision: 17 }, put("during"));
    await rig.clock.advance(10);
    await rig.replicate({ kind: "delete", key: "a", end: "z" }, { kind: "compact", revision: 19 });
    await rig.clock.advance(6);
    // Exactly where the keys were deleted, and then past it.
    await rig.replicate({ kind: "compact", revision: 20 });
    await rig.clock.advance(6);
    await rig.replicate(put("again"), { kind: "compact", revision: 21 });
    await rig.clock.advance(6);
    // Whoever reads for a long time sees one tree, however many are committed meanwhile.
    checkHeld(held);
    await rig.replicate(put("end"));
    await rig.stop();
  },
};

const defrag: Run = {
  name: "defrag",
  scenarios: "D25 D27",
  about: "the database is written anew and changes places with the old one while entries are applied",
  setting: { backendBatchMs: 2 },
  prepare: (rig) =>
    prepared(
      rig,
      ...Array.from(
        { length: 6 },
        (_, i): Command => ({
          kind: "txn",
          puts: Array.from({ length: 50 }, (_row, j) => [`k${j}`, text(100, i + j)] as const),
        }),
      ),
      { kind: "compact", revision: 8 },
    ),
  act: async (rig) => {
    await rig.boot();
    await rig.elect(3);
    const first = rig.member.storage.backend.defragment();
    await rig.replicate(put("during", text(2000)));
    await rig.clock.finish(first);
    await rig.replicate(put("between"));
    rig.add(put("applied but not committed"));
    await rig.send(rig.reference.script.lastIndex);
    const second = rig.member.storage.backend.defragment();
    await rig.replicate({ kind: "delete", key: "k1", end: "k3" });
    await rig.clock.finish(second);
    await rig.replicate(put("end"));
    await rig.clock.advance(5);
    await rig.stop();
  },
};

const purge: Run = {
  name: "purge",
  scenarios: "D08 D09 D25",
  about: "the member makes snapshots of its own, and old segments and snapshots are removed",
  setting: {
    snapshotCount: 8,
    walSegmentBytes: 2048,
    walFilesMax: 1,
    snapshotFilesMax: 1,
    backendBatchMs: 5,
  },
  prepare: prepared,
  act: async (rig) => {
    await rig.boot();
    await rig.elect(3);
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 10; i++) {
        rig.add(put(`k${i}`, text(150 + i * 40, round)));
        await rig.send(rig.reference.script.lastIndex);
        if (i % 3 === 0) await rig.clock.advance(2);
      }
      await rig.clock.advance(30_100);
    }
    await rig.replicate(put("end"));
    await rig.stop();
  },
};

/** What a member misses while it is cut off; its leader goes on without it. */
async function missed(rig: Rig): Promise<void> {
  const { reference } = rig;
  rig.add(
    ...Array.from({ length: 8 }, (_, i): Command => put(`missed${i}`, text(400, i))),
    { kind: "add", member: fourth, url: fourthUrl, learner: true },
    { kind: "grant", lease: 5n, ttl: 20_000 },
    { kind: "put", key: "leased", value: "1", lease: 5n },
    { kind: "compact", revision: 5 },
    { kind: "remove", member: fourth },
  );
  await reference.commit(reference.script.lastIndex);
}

const snapshotInstall: Run = {
  name: "snapshot-install",
  scenarios: "D09 D11 D12",
  about: "a snapshot of the leader arrives, is recorded and takes the database's place; entries follow, then another",
  setting: { backendBatchMs: 4, walSegmentBytes: 8192, walThreadBytesMin: 0 },
  prepare: prepared,
  act: async (rig) => {
    await rig.boot();
    await rig.elect(3);
    await rig.replicate(put("before"));
    await missed(rig);
    await rig.sendSnapshot(await rig.reference.snapshot());
    await rig.replicate(put("after", text(700)));
    await rig.clock.advance(3);
    rig.add(...Array.from({ length: 6 }, (_, i): Command => put(`again${i}`, text(600, i))));
    await rig.reference.commit(rig.reference.script.lastIndex);
    await rig.sendSnapshot(await rig.reference.snapshot());
    await rig.replicate(put("end"));
    await rig.stop();
  },
};

const join: Run = {
  name: "join",
  scenarios: "D11 D12",
  about: "a member joins a cluster that is there: an empty log, a snapshot, then entries",
  setting: { joins: true, backendBatchMs: 4 },
  act: async (rig) => {
    const { reference } = rig;
    reference.script.lead(2);
    rig.add({ kind: "clusterVersion", text: "3.6.0" }, put("old", "1"), put("large", text(3000)));
    await reference.commit(reference.script.lastIndex);
    await rig.boot();
    await rig.sendSnapshot(await reference.snapshot());
    await rig.replicate({ kind: "publish", member: self, name: "m1" }, put("end"));
    await rig.stop();
  },
};

const membership: Run = {
  name: "membership",
  scenarios: "D17 M23",
  about: "a learner is added, promoted, moved and removed; a snapshot is made of it; then the member itself is removed",
  setting: { backendBatchMs: 3, snapshotCount: 6 },
  prepare: prepared,
  act: async (rig) => {
    await rig.boot();
    await rig.elect(3);
    await rig.replicate({ kind: "add", member: fourth, url: fourthUrl, learner: true });
    await rig.clock.advance(4);
    await rig.replicate({ kind: "promote", member: fourth }, put("a"));
    await rig.clock.advance(5);
    await rig.replicate({ kind: "update", member: fourth, url: "http://moved:2380" });
    await rig.clock.advance(5);
    await rig.replicate({ kind: "remove", member: fourth });
    // A removed member cannot come back under its id.
    await rig.replicate({ kind: "add", member: fourth, url: fourthUrl, learner: false }, put("b"));
    await rig.clock.advance(8);
    await rig.elect(5);
    await rig.replicate(put("c"), { kind: "remove", member: self });
    await rig.clock.advance(1500);
    await rig.stop();
  },
};

const lostState: Run = {
  name: "lost-state",
  scenarios: "M05 D03",
  about: "batches bring a new term and two changes of members at once, and the hard state behind them can be lost",
  setting: { backendBatchMs: 3 },
  prepare: prepared,
  act: async (rig) => {
    const { script } = rig.reference;
    await rig.boot();
    await rig.elect(3);
    await rig.replicate(put("before"));
    // The member has no part in this leader's election: only the entries tell it of the term.
    const known = script.lastIndex;
    script.lead(4);
    rig.add(put("large", text(1500)));
    await rig.send(known);
    await rig.clock.advance(3);
    // It was away during both changes. Before the second one was proposed, the first one had been applied.
    rig.add({ kind: "add", member: fourth, url: fourthUrl, learner: true });
    const first = script.lastIndex;
    rig.add(put("between"), { kind: "promote", member: fourth }, put("behind", text(1500)));
    await rig.send(first);
    await rig.replicate(put("end"));
    await rig.stop();
  },
};

export const runs: readonly Run[] = [
  firstStart,
  walBatch,
  segmentCut,
  dbCommit,
  compaction,
  defrag,
  purge,
  snapshotInstall,
  join,
  membership,
  lostState,
];

/** Finds a run. Throws when there is none of that name. */
export function runNamed(name: string): Run {
  const run = runs.find((one) => one.name === name);
  if (run === undefined)
    throw new Error(`no run is called ${name}; there are ${runs.map((one) => one.name).join(", ")}`);
  return run;
}
