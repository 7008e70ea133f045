import { rmSync } from "node:fs";
import {
  type CtlOptions,
  ctl,
  ctlOk,
  type Outcome,
  type Scope,
  ServerCluster,
  type ServerMember,
  type ServerProgram,
  statuses,
  waitFor,
} from "../../support/index.ts";

/** One call of etcdctl in a script that is played to etcd and to us. */
export interface Step {
  readonly args: readonly string[];
  /** API version, 3 unless told. */
  readonly api?: 2 | 3;
  /** Which members are asked: a position, or all of them in order (the first, unless told). */
  readonly at?: number | "all";
  readonly input?: string;
  /** Try again while the answer is `unhealthy cluster`: members trust each other only after five seconds. */
  readonly onceHealthy?: boolean;
}

/** A step without options, written as one would type it; words are separated by single spaces. */
export function step(line: string, options: Omit<Step, "args"> = {}): Step {
  return { args: line.split(" "), ...options };
}

/** One played step, in the form that a terminal would show. */
function shown({ args, api }: Step, code: number | null, stdout: string, stderr: string): string {
  // etcdctl logs its own retries as JSON lines; they carry addresses of its memory.
  const said = stderr
    .split("\n")
    .filter((line) => !line.startsWith('{"level"'))
    .join("\n");
  return `$ ${api === 2 ? "[v2] " : ""}etcdctl ${args.join(" ")}\n${stdout}${said === "" ? "" : `stderr: ${said}`}[${code}]\n`;
}

/** Replaces what two servers of different versions may say of their own state, and the widths that follow from it. */
function withoutState(text: string): string {
  return text
    .replaceAll(/("?(?:db[sS]izeInUse|db[sS]ize|raft(?:Applied)?Index)"?:)\d+/g, "$1N")
    .replaceAll(/("(?:DBSize|DBSizeInUse|RaftIndex|RaftTerm|RaftAppliedIndex)" : )\d+/g, "$1N")
    .replaceAll(/"raftTerm":\d+/g, '"raftTerm":N')
    .replaceAll(/"revision":\d+/g, '"revision":N')
    .replaceAll(/\b3\.\d+\.\d+\b/g, "V")
    .replaceAll(/\b[\d.]+ [kM]?B\b/g, "SIZE")
    .replaceAll(/\b\d+%/g, "P%")
    .replaceAll(/(?<=[,|│]) *\d+(?= *[,|│])/g, " N")
    .replaceAll(/ +\|/g, " |")
    .replaceAll(/-{3,}/g, "---")
    .replaceAll(/ {2,}/g, " ");
}

/** Replaces what may differ between two runs of the same program: terms, and times in milliseconds. */
function withoutChance(text: string, terms: ReadonlySet<number>): string {
  let neutral = text
    .replaceAll(/"raft_term":\d+/g, '"raft_term":T')
    .replaceAll(/"RaftTerm" : \d+/g, '"RaftTerm" : T')
    .replaceAll(/took = [\d.µnm]+s/g, "took = D")
    .replaceAll(/"took":"[\d.µnm]+s"/g, '"took":"D"')
    .replaceAll(/"Took" : "?[\d.µnm]+s"?/g, '"Took" : "D"');
  // In protobuf the term is field 4 of the header, a varint behind the byte 0x20.
  for (const term of terms) neutral = neutral.replaceAll(`\u0020${String.fromCharCode(term)}`, "\u0020T");
  return neutral;
}

/** How the steps are played. */
export interface PlayOptions {
  readonly ctl: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Plays the steps one after the other and returns what a terminal would show. */
export async function play(cluster: ServerCluster, steps: readonly Step[], options: PlayOptions): Promise<string> {
  const { endpoints } = cluster;
  const terms = new Set((await statuses({ endpoints })).map(({ term }) => term));
  const played: string[] = [];
  for (const one of steps) {
    const { at = 0, api = 3, input } = one;
    const asked: CtlOptions = {
      program: options.ctl,
      endpoints: at === "all" ? endpoints : [endpoints[at] as string],
      api,
      ...(options.env === undefined ? {} : { env: options.env }),
      ...(input === undefined ? {} : { input }),
    };
    const { code, stdout, stderr } = await answerTo(one, asked);
    const binary = one.args.some((word) => word.endsWith("protobuf"));
    const neutral = withoutChance(shown(one, code, stdout, stderr), binary ? terms : new Set());
    played.push(one.args[1] === "status" ? withoutState(neutral) : neutral);
  }
  return played.join("\n");
}

async function answerTo({ args, onceHealthy = false }: Step, asked: CtlOptions): Promise<Outcome> {
  if (!onceHealthy) return await ctl(args, asked);
  return await waitFor(`${args.join(" ")} of a healthy cluster`, async () => {
    const outcome = await ctl(args, asked);
    return outcome.stderr.includes("unhealthy cluster") ? undefined : outcome;
  });
}

/** Moves leadership to `member`, if another has it. */
export async function leadBy(cluster: ServerCluster, member: ServerMember): Promise<void> {
  await waitFor(`${member.name} to lead`, async () => {
    const leader = await cluster.leader();
    if (leader === member) return true;
    const [status] = await statuses({ endpoints: [member.clientUrl] });
    const target = BigInt(status?.memberId ?? 0).toString(16);
    await ctlOk(["move-leader", target], { endpoints: [leader.clientUrl] });
    return false;
  });
}

/**
 * Lets several programs take turns at the same names, URLs and token, each from empty data directories, so that whatever
 * they say can be compared to the byte: member and cluster IDs come from those.
 *
 * @returns what `scenario` gave, by program in the order given. The last program is left running.
 */
export async function takeTurns<T>(
  scope: Scope,
  turns: readonly { readonly program: ServerProgram; readonly flags?: readonly string[] }[],
  scenario: (cluster: ServerCluster) => Promise<T>,
): Promise<{ readonly results: T[]; readonly cluster: ServerCluster }> {
  const cluster = await ServerCluster.create(scope, { program: (turns[0] as { program: string }).program });
  const common = cluster.members.map(({ flags }) => [...flags]);
  const results: T[] = [];
  for (const [turn, { program, flags = [] }] of turns.entries()) {
    if (turn > 0) {
      await cluster.stop();
      for (const { dataDir } of cluster.members) rmSync(dataDir, { recursive: true, force: true });
    }
    cluster.members.forEach((member, i) => {
      member.program = program;
      member.flags = [...(common[i] as string[]), ...flags];
    });
    cluster.startAll();
    await cluster.ready();
    await leadBy(cluster, cluster.members[0] as ServerMember);
    results.push(await scenario(cluster));
  }
  return { results, cluster };
}
