/** Starts a member from an image of its disk, and finds out whether it is one that it may have. */
import { check } from "@quorate/backend";
import { emptyBytes, equalBytes, noMember, toHex, utf8Encode } from "@quorate/base";
import { type Member, Storage } from "@quorate/member";
import { EntryType, type HardState } from "@quorate/raft";
import { CrashClock } from "./crash-clock.ts";
import type { DiskImage } from "./disk-image.ts";
import { isBehind, type LogEnd, type Promises } from "./promises.ts";
import { RecordingDisk } from "./recording-disk.ts";
import type { Reference } from "./reference.ts";
import { Rig } from "./rig.ts";
import { databasePath, memberOptions, portsOf, type Setting, self } from "./setting.ts";
import { rowCount, stateDifference, stateFacts } from "./state-facts.ts";

/** What came of a start. */
export interface Facts {
  /** Why the member refused to start, in its own words. */
  readonly refused: string | undefined;
  /** What is wrong with it whatever was promised. */
  readonly fault: string | undefined;
  readonly log: LogEnd;
  readonly hardState: HardState;
  /** The index of the database. */
  readonly applied: number;
  readonly snapshotIndex: number;
}

export const noHardState: HardState = { term: 0, vote: noMember, commit: 0 };
const nothing = { log: { term: 0, index: 0 }, hardState: noHardState, applied: 0, snapshotIndex: 0 };

class Fault extends Error {}

/** @param image is changed. @param goOn also lets the member replay its log and take in all that it lacks. */
export async function inspect(image: DiskImage, reference: Reference, setting: Setting, goOn: boolean): Promise<Facts> {
  const disk = new RecordingDisk(image, { record: false });
  const clock = new CrashClock();
  let storage: Storage;
  try {
    checkDatabase(disk, "before the start");
    storage = await clock.finish(Storage.open(memberOptions(setting), portsOf(setting, clock, disk)));
  } catch (error) {
    if (error instanceof Fault) return { refused: undefined, fault: error.message, ...nothing };
    return { refused: error instanceof Error ? error.message : String(error), fault: undefined, ...nothing };
  }
  const { initial } = storage;
  const last = initial.entries.at(-1);
  const log = {
    term: last?.term ?? initial.snapshotTerm,
    index: last?.index ?? initial.snapshotIndex,
  };
  const facts = {
    refused: undefined,
    log,
    hardState: initial.hardState,
    applied: storage.machine.progress.index,
    snapshotIndex: initial.snapshotIndex,
  };
  let fault: string | undefined;
  try {
    checkLog(storage, reference, log);
    await checkState(storage, reference, clock);
    if (goOn) await replay(new Rig(disk, clock, reference, setting), storage);
    await clock.finish(storage.close());
    checkDatabase(disk, "after the start");
  } catch (error) {
    fault = error instanceof Fault ? error.message : `it broke: ${String(error)}`;
  }
  return { ...facts, fault };
}

function expect(condition: boolean, fault: () => string): void {
  if (!condition) throw new Fault(fault());
}

function checkDatabase(disk: RecordingDisk, when: string): void {
  const info = disk.info(databasePath);
  if (info === undefined || info.size === 0) return;
  const [problem] = check(disk, databasePath);
  expect(problem === undefined, () => `the database is damaged ${when}: ${problem?.message ?? ""}`);
}

/** The log is that of a leader, up to some entry; its indexes are in order. */
function checkLog(storage: Storage, reference: Reference, log: LogEnd): void {
  const { entries, snapshotIndex, hardState } = storage.initial;
  const applied = storage.machine.progress.index;
  const text = (): string =>
    `snapshot ${snapshotIndex}, database ${applied}, commit ${hardState.commit}, end ${log.index}`;
  expect(snapshotIndex <= applied, () => `the database is behind the snapshot: ${text()}`);
  expect(applied <= log.index, () => `the database is ahead of the log: ${text()}`);
  expect(snapshotIndex <= hardState.commit, () => `the commit index is behind the snapshot: ${text()}`);
  expect(hardState.commit <= log.index, () => `the commit index is ahead of the log: ${text()}`);
  if (log.index === 0) return;
  const expected = reference.script.logEndingIn(log.term, log.index);
  expect(expected !== undefined, () => `no leader had a log that ends in term ${log.term} at index ${log.index}`);
  for (const entry of entries) {
    const meant = expected?.[entry.index - 1];
    const same = meant?.term === entry.term && meant.type === entry.type && equalBytes(meant.data, entry.data);
    expect(same, () => `entry ${entry.index} of term ${entry.term} is not what the leader wrote`);
  }
}

/** The state is exactly that after the entry that the database says it holds. */
async function checkState(storage: Storage, reference: Reference, clock: CrashClock): Promise<void> {
  const index = storage.machine.progress.index;
  const expected = reference.stateAt(index);
  if (expected === undefined) throw new Fault(`the database is at entry ${index}, which was never committed by itself`);
  const difference = stateDifference(await stateFacts(storage, clock), expected);
  expect(difference === undefined, () => `the database says that it is at entry ${index}, but has ${difference ?? ""}`);
  const { backend } = storage;
  backend.batch.range(backend.bucket(utf8Encode("key")), emptyBytes, undefined, (key, row) => {
    const hex = toHex(key);
    expect(reference.rows.get(hex) === toHex(row), () => `row ${hex} was never written`);
  });
}

/** What the log proves is known again, also when the hard state behind it was lost. */
function checkRecovered(member: Member, { initial }: Storage): void {
  const { committed, applied, term } = member;
  expect(committed >= applied, () => `commit ${committed} is behind the applied ${applied}`);
  const last = initial.entries.at(-1)?.term ?? 0;
  expect(term >= last, () => `it starts in term ${term}, though its log has an entry of term ${last}`);
  // A leader proposes a change only when it has applied the one before.
  const changes = initial.entries.filter(({ type }) => type !== EntryType.normal);
  const proven = changes.at(-2)?.index ?? 0;
  expect(
    committed >= proven,
    () => `it starts with commit ${committed}, though a later change proves ${proven} committed`,
  );
}

/** Lets the member apply what it knows to be committed, and take in all the rest from its leader. */
async function replay(rig: Rig, storage: Storage): Promise<void> {
  const { clock, reference } = rig;
  rig.adopt(storage);
  const { member } = rig;
  checkRecovered(member, storage);
  const compare = async (when: string): Promise<void> => {
    await clock.finish(storage.whenCompacted());
    const expected = reference.stateAt(member.applied);
    if (expected === undefined) throw new Fault(`${when} it is at entry ${member.applied}, which was never committed`);
    const difference = stateDifference(await stateFacts(storage, clock), expected);
    expect(difference === undefined, () => `${when} it has ${difference ?? ""} at entry ${member.applied}`);
    const rows = rowCount(storage);
    const meant = reference.rowCountAt(member.applied);
    expect(
      rows === (meant ?? rows),
      () => `${when} ${rows} rows are left at entry ${member.applied}, not ${meant ?? 0}`,
    );
  };
  await clock.until(() => member.applied >= member.committed, "the log is replayed", 2000);
  await compare("after the replay");
  if (!member.machine.membership.isRemoved(self)) {
    await rig.replicate();
    expect(rig.stopped === undefined, () => `it stopped: ${String(rig.stopped?.kind)}`);
    await compare("when it had everything");
  }
  await rig.stop();
}

/** Tells what a start may not have been, given what was promised before; undefined when all is well. */
export function judge(facts: Facts, promises: Promises): string | undefined {
  if (facts.refused !== undefined) return `it refuses to start: ${facts.refused}`;
  if (facts.fault !== undefined) return facts.fault;
  const { log, hardState } = facts;
  if (isBehind(log, promises.log)) {
    return (
      `entries up to ${promises.log.index} of term ${promises.log.term} were acknowledged, ` +
      `but the log ends at ${log.index} of term ${log.term}`
    );
  }
  if (hardState.term < promises.term) return `term ${promises.term} was answered, but it wakes up in ${hardState.term}`;
  if (hardState.term > promises.term || promises.vote === noMember) return undefined;
  if (hardState.vote !== promises.vote) return `its vote in term ${promises.term} is forgotten`;
  return undefined;
}
