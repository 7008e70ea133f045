/** The processes of a development cluster. */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { type DevMember, type DevPlan, memberArgs } from "./plan.ts";

/** How long members may take to stop by themselves. */
const stopMsMax = 3000;
const tailLines = 5;
const tailColumns = 200;

/** The program that is running, started again with other words. */
function ownProgram(): readonly string[] {
  return [...process.execArgv, process.argv[1] as string];
}

/** Variables of a member: ours, without those that would stand against its flags. */
function memberEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("ETCD_")));
}

function quoteWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** Starts, watches and stops one process per member. */
export class DevMembers {
  readonly #plan: DevPlan;
  readonly #folder: string;
  readonly #children: Map<string, ChildProcess> = new Map();
  readonly #ends: Map<string, string> = new Map();
  readonly #onEnd: (member: DevMember, how: string) => void;
  #stopping = false;

  /** @param onEnd called when a member ended that nobody asked to stop. */
  constructor(plan: DevPlan, folder: string, onEnd: (member: DevMember, how: string) => void) {
    this.#plan = plan;
    this.#folder = folder;
    this.#onEnd = onEnd;
  }

  logPath(member: DevMember): string {
    return `${this.#folder}/${member.name}.log`;
  }

  /** The command that starts a member by hand. */
  command(member: DevMember): string {
    const words = ["quorate", ...memberArgs(this.#plan, member, this.#folder)];
    return words.map(quoteWord).join(" ");
  }

  /** Starts a member unless it runs. */
  start(member: DevMember): void {
    if (this.#children.has(member.name) || this.#stopping) return;
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    const log = openSync(this.logPath(member), "a", 0o600);
    const args = [...ownProgram(), ...memberArgs(this.#plan, member, this.#folder)];
    const child = spawn(process.execPath, args, { stdio: ["ignore", log, log], env: memberEnvironment() });
    closeSync(log);
    this.#children.set(member.name, child);
    this.#ends.delete(member.name);
    child.once("error", (error) => this.#ended(member, child, error.message));
    child.once("exit", (code, signal) => this.#ended(member, child, signal ?? `exit status ${code}`));
  }

  #ended(member: DevMember, child: ChildProcess, how: string): void {
    if (this.#children.get(member.name) !== child) return;
    this.#children.delete(member.name);
    this.#ends.set(member.name, how);
    if (!this.#stopping) this.#onEnd(member, how);
  }

  pid(member: DevMember): number | undefined {
    return this.#children.get(member.name)?.pid;
  }

  ended(member: DevMember): string | undefined {
    return this.#ends.get(member.name);
  }

  /** Kills a running member as a crash would; starts one that does not run. */
  toggle(member: DevMember): void {
    const child = this.#children.get(member.name);
    if (child === undefined) this.start(member);
    else child.kill("SIGKILL");
  }

  /** The last lines of a member's log. */
  logTail(member: DevMember): string {
    try {
      const lines = readFileSync(this.logPath(member), "utf8").trimEnd().split("\n");
      return lines
        .slice(-tailLines)
        .map((line) => line.slice(0, tailColumns))
        .join("\n");
    } catch {
      return ""; // Without a log there is nothing to show.
    }
  }

  /**
   * Stops all members: by SIGTERM, and by SIGKILL what still runs after three seconds.
   *
   * @param leader stops last, when nobody is left to hand its leadership to: otherwise it would wait for a member
   * that is stopping too.
   */
  async stop(leader: string | undefined): Promise<void> {
    this.#stopping = true;
    const timer = setTimeout(() => {
      for (const child of this.#children.values()) child.kill("SIGKILL");
    }, stopMsMax);
    const running = [...this.#children];
    await this.#stopThese(running.filter(([name]) => name !== leader));
    await this.#stopThese(running.filter(([name]) => name === leader));
    clearTimeout(timer);
  }

  async #stopThese(children: readonly (readonly [string, ChildProcess])[]): Promise<void> {
    const ends = children.map(async ([, child]) => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill("SIGTERM");
      await new Promise((resolve) => child.once("exit", resolve));
    });
    await Promise.all(ends);
  }
}
