import { type MemberId, type Logger, type LogLevel, noMember, silentLogger } from "@quorate/base";
import { BootError, Member, type MemberOptions, type MemberPorts, Storage, type StopReason } from "@quorate/member";
import type { HardState, Message } from "@quorate/raft";
import type { Risk } from "./atlas.ts";
import { type LoopSpeed, MachineTime, ProcessClock } from "./clock.ts";
import { Dice } from "./dice.ts";
import { type CrashMode, SimDisk } from "./disk.ts";
import { DiskPort } from "./disk-port.ts";
import { Inode } from "./disk-names.ts";
import { directoryFor } from "./directory.ts";
import type { Host } from "./host.ts";
import { type Kernel, Life } from "./kernel.ts";
import { MemberLog, type LogReader } from "./member-log.ts";
import { type Network, NodeLink } from "./network.ts";
import type { Birth, CrashAtSend, Down } from "./node-ends.ts";
import type { Plan } from "./plan.ts";
import type { Ledger } from "./ledger.ts";

/** Who is told what happens to a node. */
export interface NodeWatcher extends LogReaders {
  /** A process found less in its log than was durable. */
  onMissing(node: SimNode, missing: string): void;
  onBoot(node: SimNode, storage: Storage, afterPowerCut: boolean): void;
  onDown(node: SimNode): void;
  /** Something broke that no fault explains. */
  onBroken(node: SimNode, error: unknown): void;
  onNote(text: string): void;
}

export interface LogReaders {
  readerOf(node: SimNode): LogReader;
}

/** Everything that a node needs of its world. */
export interface NodeWorld {
  readonly plan: Plan;
  readonly kernel: Kernel;
  readonly network: Network;
  readonly ledger: Ledger;
  readonly watcher: NodeWatcher;
  /** Changes of the options of all members, for scenarios. */
  readonly overrides: Partial<MemberOptions>;
  readonly logLines: ((node: string, level: LogLevel, message: string, fields: unknown) => void) | undefined;
}

const logDirectory = "/data/member/wal";
/** What is written to a segment before it has its name counts once it has. */
const segmentSuffix = ".wal";
const clientUrl = (name: string): string => `http://${name}:2379`;

/** A machine with its disk, and the member that runs on it from time to time. */
export class SimNode implements Host {
  readonly name: string;
  readonly number: number;
  readonly disk: SimDisk;
  readonly time: MachineTime;
  readonly log: MemberLog;
  /** The URL that it advertises at its start. */
  readonly url: string;
  life: Life | undefined;
  member: Member | undefined;
  listeningUs = 0;
  down: Down | undefined = "new";
  /** What it said when it would not start. */
  refusal = "";
  birth: Birth;
  /** It has had a data directory of this identity: it must never come back without. */
  wasStarted = false;
  /** Its disk was exchanged or fell back: it does not hold what it once acknowledged. */
  isAmnesiac = false;
  /** Its disk may have lost what it promised, and the world allows that. */
  risk: Risk | undefined;
  /** How often a process came up here. */
  starts = 0;
  /** How often it had come up when its disk was damaged, until that is put right. */
  damagedStart = -1;
  /** Options that it is started with from now on. */
  readonly overrides: Partial<MemberOptions> = {};
  /** How slow its loop is. */
  readonly speed: LoopSpeed;
  /** A crash that waits for messages to be sent. */
  sending: CrashAtSend | undefined;
  /** It was removed, and went without knowing whether the others know. */
  leftUnknowing = false;
  /** The power was cut since its process ran last. */
  powerLost = false;
  boots = 0;
  /** The hard state that was durable when its process started. */
  durableAtStart: HardState = { term: 0, vote: noMember, commit: 0 };
  #link: NodeLink | undefined;
  readonly #world: NodeWorld;

  constructor(world: NodeWorld, name: string, number: number, birth: Birth) {
    const { plan, kernel } = world;
    const dice = new Dice(plan.seed, `machine ${name}`);
    this.name = name;
    this.number = number;
    this.url = `http://${name}:2380`;
    this.birth = birth;
    this.disk = new SimDisk(kernel, new Dice(plan.seed, `disk ${name}`), {
      syncUs: plan.syncUs,
      syncJitterUs: plan.syncJitterUs,
    });
    const drift = plan.driftPpm === 0 ? 0 : dice.below(2 * plan.driftPpm + 1) - plan.driftPpm;
    this.time = new MachineTime(kernel, drift);
    const { turnUs, turnJitterUs, timerJitterUs } = plan;
    this.speed = { turnUs, turnJitterUs, timerJitterUs };
    this.#world = world;
    this.log = new MemberLog(world.ledger, world.watcher.readerOf(this), (inode) => this.#isNamed(inode));
    this.disk.watcher = {
      onWrite: (path, inode, bytes) => {
        if (path.startsWith(logDirectory) && !path.endsWith(".broken")) this.log.onWrite(inode.number, bytes);
      },
      onSyncStart: (inode) => this.log.onSyncStart(inode.number),
      onNames: () => this.log.advance(),
    };
    world.network.hosts.set(this.url, this);
  }

  get isUp(): boolean {
    return this.member !== undefined;
  }

  /** True while its process runs, also before the member has opened its storage. */
  get isAlive(): boolean {
    return this.life?.alive === true;
  }

  /** Whether a power cut would leave this segment of the log its name. */
  #isNamed(inode: number): boolean {
    return this.disk.names.durableFiles(logDirectory, segmentSuffix).some((file) => file.number === inode);
  }

  /** Whether a power cut now would leave the log as it is. */
  #logIsDurable(): boolean {
    // Who was told that it is need not know better.
    if (this.disk.lies > 0) return true;
    const { names } = this.disk;
    const durable = names.durableFiles(logDirectory, segmentSuffix);
    const seen = names.directory(logDirectory, "look").seen;
    for (const [name, file] of seen) {
      if (!name.endsWith(segmentSuffix) || !(file instanceof Inode)) continue;
      if (file.pages.dirty || !durable.includes(file)) return false;
    }
    return true;
  }

  #options(): MemberOptions {
    const { plan } = this.#world;
    return {
      name: this.name,
      dataDir: "/data",
      walDir: undefined,
      advertisePeerUrls: this.birth.cluster.get(this.name) ?? [this.url],
      advertiseClientUrls: [clientUrl(this.name)],
      initialCluster: this.birth.cluster,
      initialClusterState: this.birth.state,
      initialClusterToken: "sim",
      heartbeatMs: plan.heartbeatMs,
      electionMs: plan.electionMs,
      initialElectionTickAdvance: true,
      preVote: plan.preVote,
      snapshotCount: plan.snapshotCount,
      snapshotCatchUpEntries: plan.catchUpEntries,
      snapshotFilesMax: 5,
      walFilesMax: 5,
      walSegmentBytes: plan.walSegmentBytes,
      walThreadBytesMin: plan.walThreadBytesMin,
      backendBatchMs: plan.backendBatchMs,
      backendBatchLimit: plan.backendBatchLimit,
      pageCacheBytesMax: 4 * 1024 * 1024,
      quotaBytes: 0,
      requestBytesMax: 1024 * 1024,
      txnOpsMax: 128,
      learnersMax: plan.learnersMax,
      strictReconfigCheck: true,
      serverVersion: "3.6.14",
      unsafeNoFsync: false,
      ...this.overrides,
      ...this.#world.overrides,
    };
  }

  #logger(life: Life): Logger {
    const { logLines } = this.#world;
    if (logLines === undefined) return silentLogger;
    return {
      log: (level, message, fields) => {
        if (life.alive) logLines(this.name, level, message, fields);
      },
    };
  }

  /** Starts a process. */
  boot(): void {
    const { kernel, network, plan, watcher } = this.#world;
    const life = new Life(this.number);
    this.life = life;
    this.down = undefined;
    this.boots += 1;
    const dice = new Dice(plan.seed, `process ${this.name} ${this.boots}`);
    const disk = new DiskPort(this.disk, life, () => this.time.wallMs());
    const ports: MemberPorts = {
      clock: new ProcessClock(kernel, life, this.time, dice, this.speed),
      random: new Dice(plan.seed, `member ${this.name} ${this.boots}`),
      disk,
      logger: this.#logger(life),
      directory: directoryFor(network, this, life),
    };
    const options = this.#options();
    watcher.onNote(`${this.name} starts`);
    if (this.risk !== undefined) this.log.distrust();
    Storage.open(options, ports).then(
      (storage) => {
        if (life.alive) this.#start(options, ports, storage, life);
      },
      (error: unknown) => {
        if (life.alive) this.#refuse(error);
      },
    );
  }

  #start(options: MemberOptions, ports: MemberPorts, storage: Storage, life: Life): void {
    const { network, kernel, watcher } = this.#world;
    const { initial } = storage;
    const missing = this.log.missingFrom(initial);
    if (missing !== undefined) watcher.onMissing(this, missing);
    this.starts += 1;
    this.durableAtStart = missing === undefined ? this.log.durableState : initial.hardState;
    this.log.reopen(initial, this.#logIsDurable());
    this.wasStarted = true;
    const link = new NodeLink(network, this, life);
    this.#link = link;
    try {
      const member = new Member(options, ports, storage, link, (reason) => {
        if (life.alive) this.#onStop(reason);
      });
      this.member = member;
      this.listeningUs = kernel.nowUs;
      watcher.onBoot(this, storage, this.powerLost);
      this.powerLost = false;
      member.start();
      watcher.onNote(`${this.name} is up, applied ${initial.applied}, term ${initial.hardState.term}`);
    } catch (error) {
      if (life.alive) watcher.onBroken(this, error);
    }
  }

  onConnection(from: MemberId, urls: readonly string[]): void {
    this.#link?.onConnection(from, urls);
  }

  onRefused(by: Host): void {
    this.#link?.onRefused(by);
  }

  #refuse(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    this.#end("refused");
    this.refusal = message;
    this.#world.watcher.onNote(`${this.name} does not start: ${message}`);
    if (!(error instanceof BootError)) this.#world.watcher.onBroken(this, error);
    this.#world.watcher.onDown(this);
  }

  #onStop(reason: StopReason): void {
    const { watcher } = this.#world;
    this.#end(reason.kind === "removed" ? "removed" : "failed");
    this.leftUnknowing = reason.kind === "removed" && !reason.known;
    if (reason.kind === "removed") watcher.onNote(`${this.name} stops: it was removed`);
    else {
      watcher.onNote(`${this.name} stops: ${String(reason.error)}`);
      if (!isDiskFailure(reason.error)) watcher.onBroken(this, reason.error);
      // A machine whose disk failed is started anew, with what reached the disk.
      this.cutPower("newest");
    }
    watcher.onDown(this);
  }

  #end(down: Down): void {
    if (this.life !== undefined) this.life.alive = false;
    this.life = undefined;
    this.member = undefined;
    this.down = down;
    this.disk.troubles.stepsLeft = 0;
    this.disk.troubles.syncStepsLeft = 0;
    this.sending = undefined;
    this.disk.releaseLocks();
  }

  /** The process ends without a word; what it wrote stays in the page cache. */
  kill(): void {
    if (!this.isAlive) return;
    this.#end("killed");
    this.#world.watcher.onNote(`${this.name} is killed`);
    this.#world.watcher.onDown(this);
  }

  /** The machine loses its power. */
  losePower(mode: CrashMode): void {
    const alive = this.isAlive;
    if (alive) this.#end("killed");
    this.#world.watcher.onNote(`${this.name} loses power (${mode})`);
    this.cutPower(mode);
    if (alive) this.#world.watcher.onDown(this);
  }

  /** A message is about to leave, or has just left. */
  onSending(message: Message, isSent: boolean): void {
    const { sending } = this;
    if (sending === undefined || sending.isSent !== isSent) return;
    if (sending.type !== undefined && (message.type !== sending.type || message.reject)) return;
    sending.left -= 1;
    if (sending.left > 0) return;
    this.sending = undefined;
    sending.strike();
  }

  cutPower(mode: CrashMode): void {
    this.disk.crash(mode);
    this.log.onPowerCut();
    this.powerLost = true;
  }

  /** Asks the process to stop, as its supervisor does; resolves when it has. */
  async stop(): Promise<void> {
    const { member, life } = this;
    if (member === undefined || life === undefined) return;
    try {
      await member.leadership.handOver();
      if (!life.alive) return;
      // Its listeners are closed first.
      this.member = undefined;
      await member.stop();
    } catch (error) {
      if (life.alive) this.#onStop({ kind: "fatal", error });
      return;
    }
    if (!life.alive) return;
    this.#end("stopped");
    this.#world.watcher.onNote(`${this.name} has stopped`);
    this.#world.watcher.onDown(this);
  }
}

/** Whether an error comes from the disk, however deep it is wrapped. */
function isDiskFailure(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) if (at.name === "DiskError") return true;
  return false;
}
