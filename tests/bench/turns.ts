// How long the loop is held while something large happens, as the loop measures itself and tells in /metrics; ours only.
// `npm run bench -- --turns`. docs/performance.md has the method.
import { ctlOk, pause, realBinary, runProgram, Scope, ServerCluster, type ServerMember } from "../support/index.ts";
import { newDataDir, roomFlag } from "./bench-data.ts";
import { prefix, prefixEnd } from "./load.ts";
import { databaseStatus, fill, withClient } from "./member-calls.ts";
import { formatTurns, type LoopReading, parseLoop, type TurnRow, turnsBetween } from "./turns-table.ts";

export interface TurnOptions {
  readonly keys: number;
  readonly rounds: number;
  readonly flags: readonly string[];
  readonly nodeOptions: readonly string[];
}

/** Clients that connect at once, each over a connection of its own. */
const crowd = 5_000;
const largeValues = 20;
const largeValueBytes = 1_500_000;
/** What was set off goes on for so long after its answer: followers apply, databases are committed. */
const settleMs = 3_000;

async function readLoop(member: ServerMember): Promise<LoopReading> {
  return parseLoop(await (await fetch(`${member.clientUrl}/metrics`)).text());
}

async function rangeAll({ clientUrl }: ServerMember, keys: number): Promise<void> {
  await withClient(clientUrl, async (client) => {
    const { kvs } = await client.range({ key: Buffer.from(prefix), rangeEnd: Buffer.from(prefixEnd) });
    if (kvs.length !== keys) throw new Error(`the range gave ${kvs.length} keys of ${keys}`);
  });
}

async function putLargeValues({ clientUrl }: ServerMember): Promise<void> {
  const request = { key: Buffer.from("large"), value: Buffer.alloc(largeValueBytes, "x") };
  await withClient(clientUrl, async (client) => {
    for (let i = 0; i < largeValues; i++) await client.put(request);
  });
}

async function compactAll({ clientUrl }: ServerMember): Promise<void> {
  const { revision } = await databaseStatus(clientUrl);
  await withClient(clientUrl, (client) => client.compact({ revision, physical: true }));
}

async function connectCrowd({ clientUrl }: ServerMember): Promise<void> {
  const generator = realBinary("benchmark");
  if (generator === undefined) throw new Error('benchmark is missing; "npm run peers" builds it');
  const args = ["range", "a key", `--conns=${crowd}`, `--clients=${crowd}`, `--total=${2 * crowd}`];
  const endpoint = `--endpoints=${clientUrl.replace("http://", "")}`;
  const { code, stdout, stderr } = await runProgram(generator, [...args, endpoint], { timeoutMs: 120_000 });
  if (code !== 0 || stdout.includes("Error distribution")) {
    throw new Error(`the clients failed with ${code}: ${(stderr + stdout).slice(-500)}`);
  }
}

async function addMember(cluster: ServerCluster, leader: ServerMember, name: string): Promise<void> {
  const member = await cluster.join(name);
  const how = { program: "etcdctl-3.7", endpoints: [leader.clientUrl] };
  await ctlOk(["member", "add", name, "--learner", `--peer-urls=${member.peerUrl}`], how);
  member.start();
  await member.ready(120_000);
}

async function measureRound(round: number, options: TurnOptions, sink: (row: TurnRow) => void): Promise<void> {
  const scope = new Scope();
  try {
    const flags = ["--log-level=error", roomFlag, ...options.flags];
    const shape = { program: "quorate", members: 3, dir: newDataDir(scope), flags, nodeOptions: options.nodeOptions };
    const cluster = await ServerCluster.start(scope, shape);
    const leader = await cluster.leader();
    const observed = cluster.running();
    const during = async (what: string, action: () => Promise<void>): Promise<void> => {
      const before = await Promise.all(observed.map(readLoop));
      await action();
      await pause(settleMs);
      const after = await Promise.all(observed.map(readLoop));
      observed.forEach((member, i) => {
        const role = member === leader ? "leader" : "follower";
        sink({ round, what, role, ...turnsBetween(before[i] as LoopReading, after[i] as LoopReading) });
      });
    };
    await fill(leader.clientUrl, options.keys);
    await pause(settleMs);
    await during("all keys ranged", () => rangeAll(leader, options.keys));
    await during("values of 1.5 MB", () => putLargeValues(leader));
    await fill(leader.clientUrl, options.keys);
    await pause(settleMs);
    await during("compaction", () => compactAll(leader));
    await during("5,000 clients connect", () => connectCrowd(leader));
    await during("snapshot to a new member", () => addMember(cluster, leader, "m4"));
    await cluster.stop();
  } finally {
    await scope.close();
  }
}

/** Measures and prints the table; returns what was measured. */
export async function runTurns(options: TurnOptions): Promise<readonly TurnRow[]> {
  const rows: TurnRow[] = [];
  for (let round = 1; round <= options.rounds; round++) {
    await measureRound(round, options, (row) => {
      rows.push(row);
      console.error(
        `round ${round} ${row.what.padEnd(26)} ${row.role.padEnd(9)} ${row.turns} turns, ${row.over5ms} over 5 ms, ${row.over20ms} over 20 ms`,
      );
    });
  }
  console.log(
    `three members, ${options.keys} keys, ${options.rounds} round(s), sums; a turn is as long as the clock says`,
  );
  console.log(formatTurns(rows));
  return rows;
}
