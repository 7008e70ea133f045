import { KvClient } from "../../e2e/support/kv-client.ts";
import { ctlOk, realBinary, type ServerCluster, type ServerMember, statuses, waitFor } from "../../support/index.ts";

/** The real servers that are here. */
export const etcds: readonly string[] = ["etcd-3.4", "etcd-3.5", "etcd-3.6", "etcd-3.7"].filter(
  (name) => realBinary(name) !== undefined,
);

export const haveCtl: boolean = realBinary("etcdctl-3.4") !== undefined;

/** Tests change members often; waiting five seconds before each change would prove nothing here. */
export const hasty = "--strict-reconfig-check=false";

const urlsOf = (members: readonly ServerMember[]): string[] => members.map(({ clientUrl }) => clientUrl);

/** Runs etcdctl against some members. */
export const at = (members: readonly ServerMember[], ...args: string[]): Promise<string> =>
  ctlOk(args, { endpoints: urlsOf(members) });

/**
 * Waits until all members have the same revision, and returns it with the hash of each one's keys at that revision.
 * One distinct hash means that the members agree.
 */
export async function hashes(members: readonly ServerMember[]): Promise<{ revision: number; distinct: string[] }> {
  const endpoints = urlsOf(members);
  const revision = await waitFor("the members to be level", async () => {
    const all = await statuses({ endpoints });
    const own = new Set(all.map(({ revision: one }) => one));
    return own.size === 1 ? all[0]?.revision : undefined;
  });
  const said = await ctlOk(["endpoint", "hashkv", `--rev=${revision}`, "--write-out=json"], { endpoints });
  const parsed = JSON.parse(said) as { HashKV: { hash: number; compact_revision: number } }[];
  if (parsed.length !== members.length) throw new Error(`hashes of ${parsed.length} members: ${said}`);
  return {
    revision,
    distinct: [...new Set(parsed.map(({ HashKV }) => `${HashKV.hash} from ${HashKV.compact_revision}`))],
  };
}

/** Puts `count` keys below a prefix, many at a time, through one member. */
export async function fill(member: ServerMember, prefix: string, count: number, valueBytes = 16): Promise<void> {
  const client = new KvClient(member.clientUrl);
  const value = "v".repeat(valueBytes);
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) {
      const number = next;
      next += 1;
      await client.put(`${prefix}${String(number).padStart(6, "0")}`, `${value}${number}`, 20_000);
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(64, count) }, worker));
  } finally {
    client.close();
  }
}

/** All keys below a prefix, as one member has them. */
export async function stored(member: ServerMember, prefix: string): Promise<Map<string, string>> {
  const client = new KvClient(member.clientUrl);
  try {
    return await client.below(prefix);
  } finally {
    client.close();
  }
}

/** The identity of a member, hexadecimal as etcdctl takes it. */
export async function hexIdOf(member: ServerMember): Promise<string> {
  const [status] = await statuses({ endpoints: [member.clientUrl] });
  return BigInt(status?.memberId ?? 0).toString(16);
}

/** Hands leadership to a member, and waits until all of `cluster` say so. */
export async function lead(cluster: ServerCluster, target: ServerMember): Promise<void> {
  const id = await hexIdOf(target);
  await waitFor(
    `${target.name} (${target.program}) to lead`,
    async () => {
      const leader = await cluster.leader();
      if (leader !== target) await at([leader], "move-leader", id);
      const all = await statuses({ endpoints: urlsOf(cluster.running()) });
      return all.every(({ leaderId }) => BigInt(leaderId).toString(16) === id);
    },
    { intervalMs: 200, timeoutMs: 30_000 },
  );
}

/** The lines of `member list` that name a member, by its name or peer URL. */
export async function listed(asked: ServerMember, member: ServerMember): Promise<string | undefined> {
  const lines = (await at([asked], "member", "list")).split("\n");
  return lines.find((line) => line.includes(member.peerUrl));
}

/** `member add`, then the start of the new member, until it serves. Returns it. */
export async function joined(
  cluster: ServerCluster,
  via: ServerMember,
  program: string,
  options: { readonly learner?: boolean; readonly name?: string } = {},
): Promise<ServerMember> {
  const member = await cluster.join(options.name, program);
  const learner = options.learner === true ? ["--learner"] : [];
  await at([via], "member", "add", member.name, `--peer-urls=${member.peerUrl}`, ...learner);
  // Members that were removed are no part of the cluster that it joins.
  const fellows = (await at([via], "member", "list")).split("\n");
  const present = cluster.members.filter(({ peerUrl }) => fellows.some((line) => line.includes(peerUrl)));
  const initial = present.map(({ name, peerUrl }) => `${name}=${peerUrl}`).join(",");
  member.flags = member.flags.map((flag) =>
    flag.startsWith("--initial-cluster=") ? `--initial-cluster=${initial}` : flag,
  );
  member.start();
  await waitFor(
    `${member.name} (${program}) to be started`,
    async () => {
      if (member.process.exit !== undefined) throw new Error(member.process.tail());
      return (await listed(via, member))?.includes(", started, ");
    },
    { timeoutMs: 30_000, intervalMs: 200 },
  );
  return member;
}

/** Promotes a learner as soon as its leader finds it level. */
export async function promote(via: ServerMember, learner: ServerMember): Promise<void> {
  const id = /^([0-9a-f]+),/.exec((await listed(via, learner)) ?? "")?.[1] ?? "";
  await waitFor("the learner to be promoted", () => at([via], "member", "promote", id), { intervalMs: 200 });
}

/** Removes a member and waits until its process is over. */
export async function remove(via: ServerMember, gone: ServerMember): Promise<void> {
  const id = /^([0-9a-f]+),/.exec((await listed(via, gone)) ?? "")?.[1] ?? "";
  await at([via], "member", "remove", id);
  await gone.process.waitForExit(20_000);
}
