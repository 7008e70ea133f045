import { join } from "node:path";
import { ownBinary, realBinary } from "./binaries.ts";
import { freePorts } from "./ports.ts";
import type { Exit, Program } from "./program.ts";
import type { Scope } from "./scope.ts";
import { statuses } from "./status.ts";
import { waitFor } from "./wait.ts";

/** `quorate`, a real etcd such as `etcd-3.6`, or a path to something with etcd's flags. */
export type ServerProgram = string;

/** Finds the command of a server; undefined when a real one is missing (the test skips itself then). */
export function serverCommand(program: ServerProgram): string | undefined {
  if (program === "quorate") return ownBinary("quorate");
  return program.includes("/") ? program : realBinary(program);
}

/** Where one member lives. */
export interface MemberAddress {
  readonly name: string;
  readonly clientUrl: string;
  readonly peerUrl: string;
}

/** One member of a cluster under test; its process may come and go. */
export class ServerMember implements MemberAddress {
  readonly name: string;
  readonly clientUrl: string;
  readonly peerUrl: string;
  readonly dataDir: string;
  /** What starts it; a test may change it between two starts (another version on the same disk, another flag). */
  program: ServerProgram;
  flags: string[];
  env: Record<string, string>;
  /** Options for Node itself, where the program is `quorate`. */
  nodeOptions: string[];
  readonly #scope: Scope;
  #process: Program | undefined;

  constructor(
    scope: Scope,
    address: MemberAddress,
    setup: {
      dataDir: string;
      program: ServerProgram;
      flags: readonly string[];
      env: Readonly<Record<string, string>>;
      nodeOptions: readonly string[];
    },
  ) {
    this.#scope = scope;
    this.name = address.name;
    this.clientUrl = address.clientUrl;
    this.peerUrl = address.peerUrl;
    this.dataDir = setup.dataDir;
    this.program = setup.program;
    this.flags = [...setup.flags];
    this.env = { ...setup.env };
    this.nodeOptions = [...setup.nodeOptions];
  }

  /** True once {@link start} was called, whatever became of the process. */
  get started(): boolean {
    return this.#process !== undefined;
  }

  /** The running or last process. */
  get process(): Program {
    if (this.#process === undefined) throw new Error(`${this.name} was never started`);
    return this.#process;
  }

  /** Starts the process and does not wait until it serves. */
  start(): Program {
    const command = serverCommand(this.program);
    if (command === undefined) throw new Error(`${this.program} is missing; ask serverCommand and skip the test`);
    if (this.#process !== undefined && this.#process.exit === undefined) throw new Error(`${this.name} already runs`);
    const { name, flags, env } = this;
    const node = this.program === "quorate" && this.nodeOptions.length > 0;
    this.#process = node
      ? this.#scope.spawn({ name, command: process.execPath, args: [...this.nodeOptions, command, ...flags], env })
      : this.#scope.spawn({ name, command, args: flags, env });
    return this.#process;
  }

  /** Waits until `/health` says that the member serves and sees a leader; fails at once when the process ends. */
  async ready(timeoutMs = 30_000): Promise<void> {
    const ended = await waitFor(
      `${this.name} (${this.program}) to be healthy`,
      async () => {
        if (this.process.exit !== undefined) return "ended" as const;
        const response = await fetch(`${this.clientUrl}/health`, { signal: AbortSignal.timeout(2_000) });
        const body = (await response.json()) as { health?: unknown };
        return response.ok && String(body.health) === "true" ? ("ready" as const) : undefined;
      },
      { timeoutMs },
    ).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${this.process.tail()}`, { cause: error });
    });
    if (ended === "ended") throw new Error(`${this.name} (${this.program}) ended\n${this.process.tail()}`);
  }

  /** kill -9. */
  kill(): Promise<void> {
    return this.process.kill();
  }

  /** SIGTERM. */
  stop(timeoutMs?: number): Promise<Exit> {
    return this.process.stop(timeoutMs);
  }
}

/** What to start. */
export interface ClusterOptions {
  readonly program: ServerProgram;
  /** Number of members, 3 unless told; or one program per member for a mixed cluster. */
  readonly members?: number | readonly ServerProgram[];
  /** Flags beside those that say who is where. */
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Options for Node itself, where the program is `quorate`. */
  readonly nodeOptions?: readonly string[];
  readonly token?: string;
  /** Data directories are made in here; a fresh folder unless told. */
  readonly dir?: string;
}

/** A cluster of real processes on 127.0.0.1. */
export class ServerCluster {
  readonly members: ServerMember[] = [];
  readonly #scope: Scope;
  readonly #options: ClusterOptions;
  readonly #dir: string;

  private constructor(scope: Scope, options: ClusterOptions) {
    this.#scope = scope;
    this.#options = options;
    this.#dir = options.dir ?? scope.dir("cluster");
  }

  /** Lays out the members; nothing runs yet. */
  static async create(scope: Scope, options: ClusterOptions): Promise<ServerCluster> {
    const cluster = new ServerCluster(scope, options);
    const { members = 3, program } = options;
    const programs = typeof members === "number" ? Array.from({ length: members }, () => program) : members;
    const addresses = await Promise.all(programs.map((_, i) => newAddress(`m${i + 1}`)));
    const initial = initialCluster(addresses);
    programs.forEach((name, i) => cluster.#lay(addresses[i] as MemberAddress, name, initial, "new"));
    return cluster;
  }

  /** Lays out and starts the members, and waits until all serve. */
  static async start(scope: Scope, options: ClusterOptions): Promise<ServerCluster> {
    const cluster = await ServerCluster.create(scope, options);
    cluster.startAll();
    await cluster.ready();
    return cluster;
  }

  #lay(address: MemberAddress, program: ServerProgram, initial: string, state: "new" | "existing"): ServerMember {
    const dataDir = join(this.#dir, `${address.name}.data`);
    const { flags = [], env = {}, nodeOptions = [], token = "quorate-test" } = this.#options;
    const own = memberFlags(address, { dataDir, initial, state, token });
    const member = new ServerMember(this.#scope, address, {
      dataDir,
      program,
      flags: [...own, ...flags],
      env,
      nodeOptions,
    });
    this.members.push(member);
    return member;
  }

  /** Lays out one more member for a cluster that exists; `member add` with its peer URL comes before its start. */
  async join(
    name: string = `m${this.members.length + 1}`,
    program: ServerProgram = this.#options.program,
  ): Promise<ServerMember> {
    const address = await newAddress(name);
    return this.#lay(address, program, initialCluster([...this.members, address]), "existing");
  }

  get endpoints(): string[] {
    return this.members.map(({ clientUrl }) => clientUrl);
  }

  startAll(): void {
    for (const member of this.members) member.start();
  }

  async ready(timeoutMs?: number): Promise<void> {
    await Promise.all(this.members.map((member) => member.ready(timeoutMs)));
  }

  /** The members whose process runs. */
  running(): ServerMember[] {
    return this.members.filter((member) => member.started && member.process.exit === undefined);
  }

  /** Waits until one running member says that it is the leader, and returns it. Asks with etcdctl 3.4. */
  leader(timeoutMs?: number): Promise<ServerMember> {
    return waitFor(
      "a leader",
      async () => {
        const running = this.running();
        const answers = await statuses({ endpoints: running.map(({ clientUrl }) => clientUrl) });
        const leading = answers.filter(({ memberId, leaderId }) => memberId === leaderId);
        // While an old leader does not know yet, the one with the higher term is meant.
        const leader = leading.sort((a, b) => b.term - a.term)[0];
        return running.find(({ clientUrl }) => clientUrl === leader?.endpoint);
      },
      timeoutMs === undefined ? {} : { timeoutMs },
    );
  }

  /** SIGTERM to all that run. */
  async stop(): Promise<void> {
    await Promise.all(
      this.members.filter((member) => member.process.exit === undefined).map((member) => member.stop()),
    );
  }
}

async function newAddress(name: string): Promise<MemberAddress> {
  const [client, peer] = (await freePorts(2)) as [number, number];
  return { name, clientUrl: `http://127.0.0.1:${client}`, peerUrl: `http://127.0.0.1:${peer}` };
}

/** The value of `--initial-cluster`. */
export function initialCluster(members: readonly MemberAddress[]): string {
  return members.map(({ name, peerUrl }) => `${name}=${peerUrl}`).join(",");
}

/** etcd's flags that say who a member is and where it lives. */
export function memberFlags(
  { name, clientUrl, peerUrl }: MemberAddress,
  { dataDir, initial, state, token }: { dataDir: string; initial: string; state: "new" | "existing"; token: string },
): string[] {
  return [
    ["name", name],
    ["data-dir", dataDir],
    ["listen-client-urls", clientUrl],
    ["advertise-client-urls", clientUrl],
    ["listen-peer-urls", peerUrl],
    ["initial-advertise-peer-urls", peerUrl],
    ["initial-cluster", initial],
    ["initial-cluster-state", state],
    ["initial-cluster-token", token],
    ["logger", "zap"],
    ["log-outputs", "stderr"],
  ].map(([flag, value]) => `--${flag}=${value}`);
}
