import { invariant, type LogIndex, type MemberId, toHex } from "@quorate/base";
import { Member, Storage } from "@quorate/member";
import { MessageType, newMessage, type Snapshot } from "@quorate/raft";
import { encodeV2Store } from "@quorate/state";
import type { Command } from "./commands.ts";
import type { CrashClock } from "./crash-clock.ts";
import { DiskImage } from "./disk-image.ts";
import { NaiveKv } from "./naive-kv.ts";
import { RecordingDisk } from "./recording-disk.ts";
import { Script } from "./script.ts";
import { leader, linkTo, memberOptions, portsOf, self, type Setting } from "./setting.ts";
import { checksumOf, oldestRevision, rowCount, type StateFacts, stateDifference, stateFacts } from "./state-facts.ts";

/** A snapshot as a leader sends it. */
export interface SentSnapshot {
  readonly snapshot: Snapshot;
  readonly database: readonly Uint8Array[];
}

/**
 * What the state has to be after each entry: a member whose disk never fails applies the entries one by one, and a naive
 * model confirms its key-value part.
 */
export class Reference {
  readonly script: Script;
  readonly #member: Member;
  readonly #clock: CrashClock;
  readonly #states: StateFacts[] = [];
  readonly #rowCounts: number[] = [];
  readonly #kv: NaiveKv = new NaiveKv();
  readonly #removed: Set<MemberId> = new Set();
  /** Every row of the `key` bucket that was ever written. */
  readonly rows: Map<string, string> = new Map();

  private constructor(script: Script, member: Member, clock: CrashClock) {
    this.script = script;
    this.#member = member;
    this.#clock = clock;
  }

  /** A cluster of three, in the first moment of its life. */
  static async start(clock: CrashClock): Promise<Reference> {
    const disk = (): RecordingDisk => new RecordingDisk(DiskImage.empty(), { record: false });
    const born = await clock.finish(Storage.open(memberOptions({}), portsOf({}, clock, disk())));
    const script = new Script(born.initial.entries);
    await clock.finish(born.close());
    // One that joins is told the first entries one by one, so that the state after each can be seen.
    const setting: Setting = { joins: true };
    const options = memberOptions(setting);
    const ports = portsOf(setting, clock, disk());
    const storage = await clock.finish(Storage.open(options, ports));
    const member = new Member(
      options,
      ports,
      storage,
      linkTo(() => undefined),
      () => undefined,
    );
    const reference = new Reference(script, member, clock);
    reference.#states.push(await stateFacts(storage, clock));
    member.start();
    await reference.commit(script.lastIndex);
    return reference;
  }

  /** Applies the newest leader's entries up to `commit`, which are committed from now on. */
  async commit(commit: LogIndex): Promise<void> {
    const { script } = this;
    for (let index = this.#states.length; index <= commit; index++) {
      const entry = script.entry(index);
      this.#member.step({
        ...newMessage(MessageType.app, self, leader, script.term),
        index: index - 1,
        logTerm: script.termAt(script.term, index - 1),
        entries: [entry],
        commit: index,
      });
      await this.#applied(index);
    }
  }

  /** Waits until an entry is applied, and notes the state after it. */
  async #applied(index: LogIndex): Promise<void> {
    const { storage } = this.#member;
    await this.#clock.until(() => this.#member.applied >= index, `entry ${index} is applied`);
    await this.#clock.finish(storage.whenCompacted());
    const facts = await stateFacts(storage, this.#clock);
    const command = this.script.command(this.script.entry(index));
    if (command !== undefined) this.#kv.apply(command);
    const { revision, compactRevision } = this.#kv;
    const past = checksumOf(this.#kv.visibleAt(oldestRevision(compactRevision)));
    const naive = {
      revision,
      compactRevision,
      hash: this.#kv.hash(),
      past,
      members: facts.members,
      tables: facts.tables,
    };
    const rows = rowCount(storage);
    const meant = this.#kv.rowsKept();
    const difference = stateDifference(facts, naive) ?? (rows === meant ? undefined : `${rows} rows, not ${meant}`);
    invariant(difference === undefined, "the naive model disagrees with the reference", () => ({
      index,
      difference,
      command: command?.kind,
    }));
    this.#checkMembers(command);
    this.#rowCounts[index] = rows;
    for (const [key, row] of this.#kv.rows()) this.rows.set(toHex(key), toHex(row));
    this.#states.push(facts);
  }

  /** Who was removed never comes back, whatever the log says afterwards. */
  #checkMembers(command: Command | undefined): void {
    if (command?.kind === "remove") this.#removed.add(command.member);
    for (const { id } of this.#member.machine.membership.list()) {
      invariant(!this.#removed.has(id), "a removed member is back", () => ({ id }));
    }
  }

  /** Whether the log has removed the member: then it ends there. */
  get isRemoved(): boolean {
    return this.#member.machine.membership.isRemoved(self);
  }

  get committed(): LogIndex {
    return this.#states.length - 1;
  }

  /** The state after the entry at `index`; undefined when it was never committed. */
  stateAt(index: LogIndex): StateFacts | undefined {
    return this.#states[index];
  }

  /** How many rows the `key` bucket has after that entry, when compactions have done their work. */
  rowCountAt(index: LogIndex): number | undefined {
    return this.#rowCounts[index];
  }

  /** The snapshot of what is committed. */
  async snapshot(): Promise<SentSnapshot> {
    const { storage } = this.#member;
    await this.#clock.finish(storage.backend.commit());
    const { machine } = storage;
    const { index, term } = machine.progress;
    const confState = machine.progress.confState ?? machine.membership.confState();
    const opened = storage.backend.snapshot();
    const database = [...opened.chunks(16 * 1024)].map((chunk) => chunk.slice());
    opened.close();
    return { snapshot: { data: encodeV2Store(machine.membership), metadata: { index, term, confState } }, database };
  }
}
