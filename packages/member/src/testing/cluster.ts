import { encodePutRequest, newPutRequest } from "@quorate/api";
import { invariant, type Logger, type MemberId, SeededRandom, silentLogger, utf8Encode } from "@quorate/base";
import { MemoryDisk, type Unsynced, VirtualClock } from "@quorate/base/testing";
import { decodeMessage, encodeMessage, type Message } from "@quorate/raft";
import { type Outcome, RequestKind } from "@quorate/state";
import { Member, type StopReason } from "../member.ts";
import type { ClusterDirectory, MemberOptions, OutgoingDatabase, PeerLink, RemoteCluster } from "../options.ts";
import { Storage } from "../storage.ts";

/** Travel time of a message. */
const travelMs = 1;

/** One member of a cluster under test: its disk outlives it. */
export class Node {
  readonly name: string;
  readonly disk: MemoryDisk;
  readonly url: string;
  member: Member | undefined;
  stopped: StopReason | undefined;

  constructor(name: string, disk: MemoryDisk = new MemoryDisk()) {
    this.name = name;
    this.disk = disk;
    this.url = `http://${name}:2380`;
  }

  get running(): Member {
    invariant(this.member !== undefined, `${this.name} is not running`);
    return this.member;
  }
}

/** Members with real logs and databases on disks in memory, a network that can be cut, and a clock that the test moves. */
export class TestCluster {
  readonly clock: VirtualClock = new VirtualClock();
  readonly nodes: Map<string, Node> = new Map();
  readonly #cuts: Set<string> = new Set();
  readonly #random: SeededRandom;
  readonly #logger: Logger;
  readonly #overrides: Partial<MemberOptions>;

  constructor(options: { seed?: number; logger?: Logger; overrides?: Partial<MemberOptions> } = {}) {
    this.#random = new SeededRandom(options.seed ?? 1);
    this.#logger = options.logger ?? silentLogger;
    this.#overrides = options.overrides ?? {};
  }

  /** Starts a new cluster of `count` members and waits for its leader. */
  static async start(count: number, options: ConstructorParameters<typeof TestCluster>[0] = {}): Promise<TestCluster> {
    const cluster = new TestCluster(options);
    for (let i = 1; i <= count; i++) cluster.nodes.set(`m${i}`, new Node(`m${i}`));
    const names = [...cluster.nodes.keys()];
    for (const name of names) await cluster.boot(name, "new", names);
    await cluster.clock.until(() => cluster.leader() !== undefined);
    await cluster.clock.until(() => cluster.up().every((member) => member.duties.isPublished));
    return cluster;
  }

  node(name: string): Node {
    const node = this.nodes.get(name);
    invariant(node !== undefined, `no member is called ${name}`);
    return node;
  }

  /** Members that run. */
  up(): Member[] {
    return [...this.nodes.values()].flatMap(({ member }) => (member === undefined ? [] : [member]));
  }

  leader(): Member | undefined {
    const leaders = this.up().filter((member) => member.isLeader);
    return leaders.sort((a, b) => b.term - a.term)[0];
  }

  nameOf(member: Member): string {
    return member.options.name;
  }

  #options(name: string, state: "new" | "existing", names: readonly string[]): MemberOptions {
    const node = this.node(name);
    return {
      name,
      dataDir: "/data",
      walDir: undefined,
      advertisePeerUrls: [node.url],
      advertiseClientUrls: [`http://${name}:2379`],
      initialCluster: new Map(names.map((other) => [other, [this.node(other).url]])),
      initialClusterState: state,
      initialClusterToken: "test",
      heartbeatMs: 100,
      electionMs: 1000,
      initialElectionTickAdvance: true,
      preVote: true,
      snapshotCount: 10_000,
      snapshotCatchUpEntries: 5000,
      snapshotFilesMax: 5,
      walFilesMax: 5,
      backendBatchMs: 100,
      backendBatchLimit: 10_000,
      pageCacheBytesMax: 16 * 1024 * 1024,
      quotaBytes: 0,
      requestBytesMax: 1024 * 1024,
      txnOpsMax: 128,
      learnersMax: 1,
      strictReconfigCheck: true,
      serverVersion: "3.6.14",
      unsafeNoFsync: false,
      ...this.#overrides,
    };
  }

  /** Starts a member from its disk. Rejects with the refusal. */
  async boot(
    name: string,
    state: "new" | "existing" = "new",
    names: readonly string[] = [...this.nodes.keys()],
  ): Promise<Member> {
    const node = this.node(name);
    const options = this.#options(name, state, names);
    const ports = {
      clock: this.clock,
      random: new SeededRandom(this.#random.below(2 ** 32)),
      disk: node.disk,
      logger: this.#logger,
      directory: this.#directory(node),
    };
    let storage: Storage | undefined;
    let failure: unknown;
    Storage.open(options, ports).then(
      (opened) => {
        storage = opened;
      },
      (error: unknown) => {
        failure = error;
      },
    );
    await this.clock.until(() => storage !== undefined || failure !== undefined);
    if (storage === undefined) throw failure;
    node.stopped = undefined;
    const member = new Member(options, ports, storage, this.#link(node), (reason) => {
      node.stopped = reason;
      node.member = undefined;
    });
    node.member = member;
    member.start();
    return member;
  }

  /** Ends a member as a power cut would: what was not synced is lost, unless `survives` says otherwise. */
  kill(name: string, survives?: (operation: Unsynced) => boolean | number): void {
    const node = this.node(name);
    const { member } = node;
    node.member = undefined;
    if (member !== undefined) member.abandon();
    node.disk.crash(survives);
  }

  /** Cuts what travels from one member to another. */
  cut(from: string, to: string): void {
    this.#cuts.add(`${from}>${to}`);
  }

  /** Cuts a member off from all others, both ways. */
  isolate(name: string): void {
    for (const other of this.nodes.keys()) {
      if (other === name) continue;
      this.cut(name, other);
      this.cut(other, name);
    }
  }

  heal(): void {
    this.#cuts.clear();
  }

  #target(id: MemberId): Node | undefined {
    return [...this.nodes.values()].find(({ member }) => member?.id === id);
  }

  #reaches(from: Node, to: Node): boolean {
    return !this.#cuts.has(`${from.name}>${to.name}`);
  }

  #link(from: Node): PeerLink {
    const startedMs = Math.max(1, this.clock.nowMs());
    return {
      addPeer: () => undefined,
      updatePeer: () => undefined,
      removePeer: () => undefined,
      removeAllPeers: () => undefined,
      addRemote: () => undefined,
      send: (messages) => {
        for (const message of messages) this.#deliver(from, encodeMessage(message), message.to);
      },
      sendSnapshot: (message, database) => this.#deliverSnapshot(from, message, database),
      activeSince: (id) => {
        const to = this.#target(id);
        return to !== undefined && this.#reaches(from, to) && this.#reaches(to, from) ? startedMs : 0;
      },
    };
  }

  #deliver(from: Node, bytes: Uint8Array, to: MemberId): void {
    this.clock.startTimer(travelMs, () => {
      const node = this.#target(to);
      if (node !== undefined && this.#reaches(from, node)) node.running.step(decodeMessage(bytes));
    });
  }

  #deliverSnapshot(from: Node, message: Message, database: OutgoingDatabase): void {
    const chunks: Uint8Array[] = [];
    const source = database.chunks();
    invariant(Symbol.iterator in source, "databases are read synchronously here");
    for (const chunk of source) chunks.push(chunk.slice());
    database.close();
    this.clock.startTimer(travelMs, () => {
      const node = this.#target(message.to);
      if (node === undefined || !this.#reaches(from, node)) {
        from.member?.reportSnapshot(message.to, false);
        return;
      }
      const failed = (): void => from.member?.reportSnapshot(message.to, false);
      try {
        const sink = node.running.receiveDatabase(message.snapshot?.metadata.index ?? 0);
        for (const chunk of chunks) sink.write(chunk);
        sink.commit().then(() => {
          node.member?.step(decodeMessage(encodeMessage(message)));
          from.member?.reportSnapshot(message.to, true);
        }, failed);
      } catch {
        failed();
      }
    });
  }

  #directory(from: Node): ClusterDirectory {
    const at = (urls: readonly string[]): Member | undefined => {
      const to = [...this.nodes.values()].find(({ url, member }) => member !== undefined && urls.includes(url));
      return to !== undefined && this.#reaches(from, to) && this.#reaches(to, from) ? to.member : undefined;
    };
    return {
      members: (urls) => {
        const member = at(urls);
        if (member === undefined) return Promise.reject(new Error("nobody answers"));
        const cluster: RemoteCluster = { clusterId: member.clusterId, members: member.machine.membership.list() };
        return Promise.resolve(cluster);
      },
      versions: (urls) => {
        const member = at(urls);
        if (member === undefined) return Promise.resolve(undefined);
        return Promise.resolve({ server: "3.6.14", cluster: member.machine.membership.clusterVersion });
      },
      sameUrls: (a, b) =>
        Promise.resolve(a.join() === b.join() ? { same: true } : { same: false, reason: `${a.join()} != ${b.join()}` }),
      promote: async (urls, id) => {
        try {
          await at(urls)?.changes.promoteAsLeader(id);
          return { status: 200, body: "" };
        } catch (error) {
          return { status: 412, body: String(error) };
        }
      },
    };
  }

  /** Puts through a member; resolves with what became of it. */
  put(member: Member, key: string, value: string): Promise<Outcome> {
    const body = encodePutRequest({ ...newPutRequest(), key: utf8Encode(key), value: utf8Encode(value) });
    return new Promise((resolve, reject) => {
      member.propose(RequestKind.put, body, { settle: resolve, fail: reject });
    });
  }

  /** Runs the clock until `promise` has settled; gives its value or throws its error. */
  async settle<T>(promise: Promise<T>, limitMs = 30_000): Promise<T> {
    let state: { readonly value: T } | { readonly error: unknown } | undefined;
    promise.then(
      (value) => {
        state = { value };
      },
      (error: unknown) => {
        state = { error };
      },
    );
    await this.clock.until(() => state !== undefined, limitMs);
    const settled = state as { readonly value: T } | { readonly error: unknown } | undefined;
    invariant(settled !== undefined, "it has settled");
    if ("error" in settled) throw settled.error;
    return settled.value;
  }

  /** The revision and hash of every running member. */
  async hashes(): Promise<string[]> {
    const found: string[] = [];
    for (const member of this.up()) {
      const { hash, hashRevision } = await this.settle(member.storage.hashKv(0));
      found.push(`${hashRevision}:${hash}`);
    }
    return found;
  }
}
