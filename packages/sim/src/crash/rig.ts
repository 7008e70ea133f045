import { invariant, type LogIndex, type MemberId, type Term, utf8Encode } from "@quorate/base";
import { Member, Storage, type StopReason } from "@quorate/member";
import { type Message, MessageType, newMessage } from "@quorate/raft";
import { type Command } from "./commands.ts";
import type { CrashClock } from "./crash-clock.ts";
import { type Promises, PromiseBook } from "./promises.ts";
import type { RecordingDisk } from "./recording-disk.ts";
import type { Reference, SentSnapshot } from "./reference.ts";
import { leader, linkTo, memberOptions, portsOf, self, type Setting } from "./setting.ts";

/** How long a sync takes on a recorded disk. */
export const syncMs = 1;

/**
 * A production member on a recorded disk, among played ones: the rig is its leader, hears what it promises, and notes at
 * which operation of the disk it did.
 */
export class Rig {
  readonly disk: RecordingDisk;
  readonly clock: CrashClock;
  readonly reference: Reference;
  readonly setting: Setting;
  readonly book: PromiseBook;
  stopped: StopReason | undefined;
  #member: Member | undefined;
  /** What the member is known to have of the leader's log. */
  #sent: LogIndex = 0;
  #acknowledged: LogIndex = 0;
  #votes: Term = 0;

  constructor(disk: RecordingDisk, clock: CrashClock, reference: Reference, setting: Setting, promises?: Promises) {
    this.disk = disk;
    this.clock = clock;
    this.reference = reference;
    this.setting = setting;
    this.book = new PromiseBook(promises);
  }

  get member(): Member {
    invariant(this.#member !== undefined, "the member has not been booted");
    return this.#member;
  }

  #promise(more: Partial<Promises>): void {
    this.book.add(this.disk.journal.length, more);
  }

  /** Starts the member from what is on the disk. */
  async boot(): Promise<void> {
    const options = memberOptions(this.setting);
    const ports = portsOf(this.setting, this.clock, this.disk);
    const storage = await this.clock.finish(Storage.open(options, ports));
    this.adopt(storage);
  }

  /** Starts the member over a storage that is open. */
  adopt(storage: Storage): void {
    const options = memberOptions(this.setting);
    const ports = portsOf(this.setting, this.clock, this.disk);
    const link = linkTo((message) => this.#onMessage(message));
    this.#member = new Member(options, ports, storage, link, (reason) => {
      this.stopped = reason;
    });
    // What is committed is in every leader's log; what is beyond it need not be.
    this.#sent = this.#member.committed;
    this.#acknowledged = 0;
    this.#member.start();
  }

  #onMessage(message: Message): void {
    const { type, term, index, reject, to } = message;
    switch (type) {
      case MessageType.appResp:
        if (reject) this.#promise({ term });
        else {
          this.#acknowledged = Math.max(this.#acknowledged, index);
          this.#promise({ term, log: { term: this.reference.script.termAt(term, index), index } });
        }
        return;
      case MessageType.voteResp:
        if (reject) this.#promise({ term });
        else {
          this.#votes = Math.max(this.#votes, term);
          this.#promise({ term, vote: to });
        }
        return;
      case MessageType.vote:
        this.#promise({ term, vote: self });
        return;
      case MessageType.heartbeatResp:
        this.#promise({ term });
        return;
      default:
        return;
    }
  }

  /** Asks the member for its vote, and waits for it. */
  async askVote(term: Term, candidate: MemberId = leader): Promise<void> {
    const { script } = this.reference;
    this.member.step({
      ...newMessage(MessageType.vote, self, candidate, term),
      index: script.lastIndex,
      logTerm: script.termAt(script.term, script.lastIndex),
      // A campaign that was asked for: nobody waits for the old leader's lease to end.
      context: utf8Encode("CampaignTransfer"),
    });
    await this.until(() => this.#votes >= term, `a vote in term ${term}`);
  }

  /** Makes `m2` the leader of the next term: with the member's vote, and its first entry in the log. */
  async elect(term: Term, keep?: LogIndex): Promise<void> {
    await this.askVote(term);
    this.reference.script.lead(term, keep);
    if (keep !== undefined) this.#sent = Math.min(this.#sent, keep);
    this.#acknowledged = Math.min(this.#acknowledged, this.#sent);
  }

  /** Adds commands to the leader's log. */
  add(...commands: Command[]): void {
    for (const command of commands) this.reference.script.add(command);
  }

  /** Sends all that the leader has beyond what was sent before, and the commit index; does not wait. */
  async send(commit: LogIndex): Promise<void> {
    const { script } = this.reference;
    if (commit > this.reference.committed) await this.reference.commit(commit);
    const previous = this.#sent;
    this.#sent = script.lastIndex;
    this.member.step({
      ...newMessage(MessageType.app, self, leader, script.term),
      index: previous,
      logTerm: script.termAt(script.term, previous),
      entries: script.entries(previous + 1, script.lastIndex + 1),
      commit,
    });
    await this.clock.settle();
  }

  /** Sends everything, and waits until the member has it, has committed it, and has applied it. */
  async replicate(...commands: Command[]): Promise<void> {
    this.add(...commands);
    const { lastIndex } = this.reference.script;
    await this.send(lastIndex);
    await this.until(() => this.#acknowledged >= lastIndex, `entry ${lastIndex} is acknowledged`);
    await this.until(() => this.member.applied >= lastIndex, `entry ${lastIndex} is applied`);
  }

  /** Waits for something that a running member does. */
  async until(condition: () => boolean, about: string): Promise<void> {
    await this.clock.until(() => condition() || this.stopped !== undefined, about);
    if (condition() || this.stopped === undefined) return;
    const why = this.stopped.kind === "fatal" ? String(this.stopped.error) : this.stopped.kind;
    throw new Error(`the member stopped (${why}) before ${about}`);
  }

  /** Sends a snapshot: its database first, as the transport does. */
  async sendSnapshot({ snapshot, database }: SentSnapshot): Promise<void> {
    const { index } = snapshot.metadata;
    const sink = this.member.receiveDatabase(index);
    for (const chunk of database) sink.write(chunk);
    await this.clock.finish(sink.commit());
    this.member.step({ ...newMessage(MessageType.snap, self, leader, this.reference.script.term), snapshot });
    await this.until(() => this.#acknowledged >= index, `the snapshot at ${index} is acknowledged`);
    this.#sent = Math.max(this.#sent, index);
  }

  /** Stops the member cleanly. */
  async stop(): Promise<void> {
    const { member } = this;
    await this.clock.finish(member.stop());
    this.#member = undefined;
  }

  /** Lets the process end without any more work. */
  abandon(): void {
    this.#member?.abandon();
    this.#member = undefined;
  }
}
