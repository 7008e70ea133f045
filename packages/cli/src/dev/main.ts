/** `quorate dev`: a cluster of three members on this machine, kept in a folder. */
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { resolve } from "node:path";
import { Client, grpcConnect } from "@quorate/client";
import { CommandError, Exit } from "../io.ts";
import { systemText } from "../node-io.ts";
import { type Option, Options, parseOptions, UsageError } from "../pflag.ts";
import { DevMembers } from "./members.ts";
import { type DevMember, type DevPlan, makePlan, parsePlan } from "./plan.ts";
import { Screen } from "./screen.ts";
import { adviceText, deathText, type MemberState, statusLine, statusTable } from "./view.ts";

const options: readonly Option[] = [
  { name: "data-dir", kind: "string", fallback: ".quorate-dev", help: "Folder for data, logs and the chosen ports" },
  { name: "help", letter: "h", kind: "bool", fallback: "false", help: "Explain" },
];

const help = `Starts a cluster of three members on this machine and shows how it is.

  quorate dev [--data-dir FOLDER]     (default: .quorate-dev)

Clients are served on the ports 2379, 22379 and 32379 where those are free. The folder keeps data and ports;
the next start in it continues with them.
`;

const pollMs = 500;
const statusTimeoutMs = 400;
const ctrlC = "\x03";

function isFree(port: number): Promise<boolean> {
  return new Promise((done) => {
    const server = createServer();
    server.once("error", () => done(false));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => server.close(() => done(true)));
  });
}

/** Reads the plan of the folder or makes one. */
async function loadPlan(folder: string): Promise<{ readonly plan: DevPlan; readonly isNew: boolean }> {
  const path = `${folder}/cluster.json`;
  try {
    if (existsSync(path)) return { plan: parsePlan(readFileSync(path, "utf8"), path), isNew: false };
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const plan = await makePlan(`quorate-dev-${randomBytes(4).toString("hex")}`, isFree);
    writeFileSync(`${path}.new`, `${JSON.stringify(plan, undefined, 2)}\n`, { mode: 0o600 });
    renameSync(`${path}.new`, path);
    return { plan, isNew: true };
  } catch (error) {
    if (error instanceof CommandError) throw error;
    throw new CommandError(Exit.error, `--data-dir: ${systemText("open", folder, error)}`);
  }
}

/** Refuses to start where another program has one of the ports: members cannot move without their cluster. */
async function checkPorts(plan: DevPlan, folder: string): Promise<void> {
  for (const member of plan.members) {
    for (const port of [member.clientPort, member.peerPort]) {
      if (await isFree(port)) continue;
      const who = `port ${port} of ${member.name} is in use: is another "quorate dev" running in ${folder}?`;
      throw new CommandError(Exit.error, `${who} Stop it, or start a second cluster with --data-dir FOLDER`);
    }
  }
}

class DevCluster {
  readonly #plan: DevPlan;
  readonly #folder: string;
  readonly #members: DevMembers;
  readonly #screen: Screen;
  readonly #clients: readonly Client[];
  readonly #canPress: boolean;
  readonly #states: MemberState[];
  #stop: () => void = () => undefined;
  #stopped = false;
  #wasReady = false;
  /** The member that was last seen to lead. */
  #leader: string | undefined;

  constructor(plan: DevPlan, folder: string) {
    this.#plan = plan;
    this.#folder = folder;
    this.#canPress = process.stdin.isTTY === true && process.stdout.isTTY === true;
    this.#screen = new Screen((text) => void process.stdout.write(text), process.stdout.isTTY === true);
    this.#members = new DevMembers(plan, folder, (member, how) => this.#onEnd(member, how));
    this.#clients = plan.members.map(
      ({ clientPort }) =>
        new Client({ endpoints: [`127.0.0.1:${clientPort}`], connect: grpcConnect, timeoutMs: statusTimeoutMs }),
    );
    this.#states = plan.members.map(({ name }) => ({ name, pid: undefined, status: undefined, ended: undefined }));
  }

  async run(isNew: boolean): Promise<void> {
    const stopping = new Promise<void>((done) => {
      this.#stop = () => {
        this.#stopped = true;
        done();
      };
    });
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => this.#stop());
    this.#listenToKeys();
    this.#screen.say(`${isNew ? "Starting a new cluster" : "Continuing the cluster"} in ${this.#folder}\n\n`);
    for (const member of this.#plan.members) this.#members.start(member);
    const polling = this.#poll(stopping);
    await stopping;
    await polling;
    this.#screen.say("Stopping…\n");
    await Promise.all(this.#clients.map((client) => client.close()));
    await this.#members.stop(this.#leader);
    this.#screen.say("All members have stopped.\n");
  }

  #listenToKeys(): void {
    if (!this.#canPress) return;
    process.stdin.setRawMode(true);
    process.stdin.setEncoding("utf8");
    process.stdin.on("data", (keys: string) => {
      for (const key of keys) {
        if (key === ctrlC || key === "q") this.#stop();
        const member = this.#plan.members[Number.parseInt(key, 10) - 1];
        if (member !== undefined) this.#members.toggle(member);
      }
    });
  }

  #onEnd(member: DevMember, how: string): void {
    // What somebody killed has nothing to say for itself.
    const tail = how.startsWith("SIG") ? "" : this.#members.logTail(member);
    this.#screen.say(`${deathText(member.name, how, this.#members.command(member), tail, this.#canPress)}\n`);
    this.#show();
  }

  async #ask(at: number): Promise<MemberState["status"]> {
    const client = this.#clients[at] as Client;
    try {
      const status = await client.status();
      return {
        isLeader: status.leader !== 0n && status.leader === status.header?.memberId,
        hasLeader: status.leader !== 0n,
        revision: status.header?.revision ?? 0,
        dbSize: status.dbSize,
      };
    } catch {
      return undefined; // Not there, or not yet.
    }
  }

  async #poll(stopping: Promise<void>): Promise<void> {
    while (!this.#stopped) {
      await Promise.all(
        this.#plan.members.map(async (member, at) => {
          const status = await this.#ask(at);
          const [pid, ended] = [this.#members.pid(member), this.#members.ended(member)];
          if (status?.isLeader === true) this.#leader = member.name;
          this.#states[at] = { name: member.name, pid, status, ended };
        }),
      );
      this.#show();
      let timer: NodeJS.Timeout | undefined;
      const pause = new Promise<void>((done) => {
        timer = setTimeout(done, pollMs);
      });
      await Promise.race([pause, stopping]);
      clearTimeout(timer);
    }
  }

  #show(): void {
    if (this.#stopped) return;
    if (!this.#wasReady && this.#states.every((state) => state.status?.hasLeader === true)) {
      this.#wasReady = true;
      const table = process.stdout.isTTY === true ? "" : `${statusTable(this.#plan, this.#states)}\n`;
      this.#screen.say(`The cluster is ready.\n\n${table}${adviceText(this.#plan, this.#folder, this.#canPress)}\n`);
    }
    this.#screen.show(statusTable(this.#plan, this.#states), statusLine(this.#states));
  }
}

/** Runs `quorate dev`. `args` are those behind the word. Returns the exit status. */
export async function runDev(args: readonly string[]): Promise<number> {
  const given = new Options(options);
  try {
    const words = parseOptions(args, given);
    if (given.bool("help")) {
      process.stdout.write(help);
      return Exit.success;
    }
    if (words.length > 0) throw new UsageError(`unknown argument ${JSON.stringify(words[0])}`);
    const folder = resolve(given.string("data-dir"));
    const { plan, isNew } = await loadPlan(folder);
    await checkPorts(plan, folder);
    await new DevCluster(plan, folder).run(isNew);
    return Exit.success;
  } catch (error) {
    if (!(error instanceof UsageError) && !(error instanceof CommandError)) throw error;
    process.stderr.write(`Error: ${error.message}\n${error instanceof UsageError ? `\n${help}` : ""}`);
    return error instanceof CommandError ? error.exitCode : Exit.error;
  }
}
