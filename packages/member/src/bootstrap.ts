import { type Clock, type ClusterId, compareIds, hexId, type MemberId, type Timer, toClusterId } from "@quorate/base";
import { ConfChangeType, EntryType, type Entry, encodeConfChange, type HardState, newEntry } from "@quorate/raft";
import { changeContext, compareMinor, type MemberRecord, parseVersion, understands } from "@quorate/state";
import { clusterIdFor, memberIdFor } from "./identity.ts";
import type { MemberOptions, MemberPorts, RemoteCluster, RemoteMember } from "./options.ts";

/** The member must not start; `message` is one line that names the flag, file or member. */
export class BootError extends Error {
  override readonly name = "BootError";
}

/** How a member without a log comes to be. */
export type BirthPlan =
  | {
      readonly kind: "new";
      readonly memberId: MemberId;
      readonly clusterId: ClusterId;
      /** All members of the new cluster, by ascending id. */
      readonly members: readonly MemberRecord[];
    }
  | {
      readonly kind: "join";
      readonly memberId: MemberId;
      readonly clusterId: ClusterId;
      readonly remotes: readonly RemoteMember[];
    };

const minVersion = { major: 3, minor: 0, patch: 0 };
const urlComparisonText = (urls: readonly string[]): string => urls.join(",");

/** The `--initial-cluster` text that etcd prints: sorted `name=url` pairs. */
function clusterText(cluster: ReadonlyMap<string, readonly string[]>): string {
  const pairs: string[] = [];
  for (const [name, urls] of cluster) for (const url of urls) pairs.push(`${name}=${url}`);
  return pairs.sort().join(",");
}

/** Decides who a member without a log is. @throws BootError when the flags do not fit each other or the cluster. */
export async function planBirth(options: MemberOptions, ports: MemberPorts): Promise<BirthPlan> {
  checkConfiguration(options);
  return options.initialClusterState === "new" ? await planNew(options, ports) : await planJoin(options, ports);
}

function checkConfiguration({ initialCluster, name }: MemberOptions): void {
  if (initialCluster.size === 0) throw new BootError("initial cluster unset and no discovery URL found");
  if (!initialCluster.has(name)) {
    throw new BootError(
      `couldn't find local name "${name}" in the initial cluster configuration (--name, --initial-cluster)`,
    );
  }
  const seen = new Set<string>();
  for (const urls of initialCluster.values()) {
    for (const url of urls) {
      if (seen.has(url)) {
        throw new BootError(`initial cluster ${clusterText(initialCluster)} has duplicate url (--initial-cluster)`);
      }
      seen.add(url);
    }
  }
}

async function planNew(options: MemberOptions, ports: MemberPorts): Promise<BirthPlan> {
  const { initialCluster, initialClusterToken, name } = options;
  await checkAdvertised(options, ports);
  const members: MemberRecord[] = [];
  for (const [memberName, urls] of initialCluster) {
    const peerUrls = [...urls].sort();
    const id = memberIdFor(peerUrls, initialClusterToken);
    members.push({ id, peerUrls, isLearner: false, name: memberName, clientUrls: [] });
  }
  members.sort((a, b) => compareIds(a.id, b.id));
  const self = members.find((member) => member.name === name);
  if (self === undefined)
    throw new BootError(`couldn't find local name "${name}" in the initial cluster configuration`);
  const clusterId = clusterIdFor(members.map((member) => member.id));
  await checkNotBootstrapped(members, self, ports);
  return { kind: "new", memberId: self.id, clusterId, members };
}

/** The URLs that `--initial-cluster` gives this name must be those that it advertises. */
async function checkAdvertised(options: MemberOptions, ports: MemberPorts): Promise<void> {
  const configured = [...(options.initialCluster.get(options.name) ?? [])].sort();
  const advertised = [...options.advertisePeerUrls].sort();
  const result = await ports.directory.sameUrls(advertised, configured);
  if (result.same) return;
  const missing = configured.filter((url) => !advertised.includes(url)).map((url) => `${options.name}=${url}`);
  if (missing.length > 0) {
    throw new BootError(
      `--initial-cluster has ${missing.join(",")} but missing from --initial-advertise-peer-urls=` +
        `${urlComparisonText(advertised)} (${result.reason})`,
    );
  }
  const extra = advertised.filter((url) => !configured.includes(url));
  throw new BootError(
    `--initial-advertise-peer-urls has ${urlComparisonText(extra)} but missing from --initial-cluster=` +
      `${clusterText(options.initialCluster)} (${result.reason})`,
  );
}

async function checkNotBootstrapped(
  members: readonly MemberRecord[],
  self: MemberRecord,
  ports: MemberPorts,
): Promise<void> {
  const others = members.filter((member) => member.id !== self.id).flatMap((member) => member.peerUrls);
  if (others.length === 0) return;
  let remote: RemoteCluster;
  try {
    remote = await ports.directory.members([...others].sort(), 1000);
  } catch {
    return; // Nobody is up yet, as usual when a cluster is started.
  }
  const known = remote.members.find((member) => member.id === self.id);
  if (known !== undefined && known.clientUrls.length > 0) {
    throw new BootError(
      `member ${hexId(self.id)} has already been bootstrapped: the cluster of --initial-cluster knows it, but --data-dir ` +
        "has no log; if its data is lost, remove it with 'member remove' and add it again",
    );
  }
}

/** What the cluster says of its members, with the one among them that this member is to be. */
interface FoundCluster {
  readonly remote: RemoteCluster;
  readonly self: RemoteMember;
}

/** Asks one member. @throws BootError when what it says does not fit `--initial-cluster`. */
async function askMember(urls: readonly string[], options: MemberOptions, ports: MemberPorts): Promise<FoundCluster> {
  const remote = await ports.directory.members(urls, 10_000);
  if (remote.members.length === 0) throw new Error("failed to get raft cluster member(s) from the given URLs");
  return { remote, self: await matchMembers(options, ports, remote) };
}

/** For so long the other members may still tell what the first one to answer does not know yet. */
const hearOthersMs = 1_000;

/**
 * Asks all members at once, and takes an answer that fits: one that lags may not know yet that this member was added, and
 * may never learn it without this member, where that is the second voter. One by which this member was started before
 * outdoes the others.
 */
async function findCluster(options: MemberOptions, ports: MemberPorts): Promise<FoundCluster> {
  const others = [...options.initialCluster].flatMap(([name, urls]) =>
    name === options.name ? [] : [[...urls].sort()],
  );
  others.sort(([a = ""], [b = ""]) => (a < b ? -1 : 1));
  const found: FoundCluster[] = [];
  const asked = others.map(async (urls) => {
    found.push(await askMember(urls, options, ports));
  });
  try {
    await Promise.any(asked);
  } catch (error) {
    throw whyNotFound(error instanceof AggregateError ? error.errors : [error]);
  }
  await settledWithin(asked, hearOthersMs, ports.clock);
  return found.find(isStarted) ?? (found[0] as FoundCluster);
}

const isStarted = ({ self }: FoundCluster): boolean => self.name !== "";

/** Resolves when all of `promises` are settled, and after `ms` at the latest. */
async function settledWithin(promises: readonly Promise<unknown>[], ms: number, clock: Clock): Promise<void> {
  let timer: Timer | undefined;
  const late = new Promise<void>((resolve) => {
    timer = clock.startTimer(ms, resolve);
  });
  await Promise.race([Promise.allSettled(promises), late]);
  timer?.cancel();
}

/** Why no member gave an answer that fits: what does not fit tells more than who cannot be reached. */
function whyNotFound(errors: readonly unknown[]): BootError {
  const misfit = errors.find((one) => one instanceof BootError);
  if (misfit !== undefined) return misfit;
  const [cause = "--initial-cluster names nobody else"] = errors;
  return new BootError(`cannot fetch cluster info from peer urls: ${textOf(cause)} (--initial-cluster)`, { cause });
}

async function planJoin(options: MemberOptions, ports: MemberPorts): Promise<BirthPlan> {
  const { remote, self } = await findCluster(options, ports);
  if (isStarted({ remote, self })) {
    throw new BootError(
      `member ${hexId(self.id)} already started in this cluster; its data is lost: --data-dir has no log; ` +
        `remove it with 'member remove ${hexId(self.id)}' and add it again`,
    );
  }
  await checkVersions(options, ports, remote, self.id);
  const learners = remote.members.filter((member) => member.isLearner).length;
  if (learners > options.learnersMax) {
    throw new BootError(`the cluster has ${learners} learners, more than --max-learners=${options.learnersMax}`);
  }
  return {
    kind: "join",
    memberId: self.id,
    clusterId: toClusterId(remote.clusterId),
    remotes: remote.members.filter((member) => member.id !== self.id),
  };
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Every remote member must have its counterpart in `--initial-cluster`. Returns the one that is ours. */
async function matchMembers(options: MemberOptions, ports: MemberPorts, remote: RemoteCluster): Promise<RemoteMember> {
  const failure = (reason: string): BootError =>
    new BootError(`error validating peerURLs ${clusterText(options.initialCluster)}: ${reason} (--initial-cluster)`);
  if (remote.members.length !== options.initialCluster.size) {
    throw failure(
      `member count is unequal: the cluster has ${remote.members.length}, --initial-cluster has ${options.initialCluster.size}`,
    );
  }
  let self: RemoteMember | undefined;
  const unmatched = new Map(options.initialCluster);
  for (const member of remote.members) {
    let reason = "";
    let match: string | undefined;
    for (const [name, urls] of unmatched) {
      const result = await ports.directory.sameUrls(urls, member.peerUrls);
      if (result.same) {
        match = name;
        break;
      }
      reason = result.reason;
    }
    if (match === undefined) {
      throw failure(
        `PeerURLs: no match found for existing member (${hexId(member.id)}, [${member.peerUrls.join(" ")}]), ` +
          `last resolver error (${reason})`,
      );
    }
    unmatched.delete(match);
    if (match === options.name) self = member;
  }
  if (self === undefined) throw failure(`no member of the cluster has the URLs of "${options.name}"`);
  return self;
}

async function checkVersions(
  options: MemberOptions,
  ports: MemberPorts,
  remote: RemoteCluster,
  self: MemberId,
): Promise<void> {
  let known = 0;
  for (const member of remote.members) {
    if (member.id === self) continue;
    const versions = await ports.directory.versions(member.peerUrls, 5000);
    const cluster = versions === undefined ? undefined : parseVersion(versions.cluster);
    if (cluster === undefined) continue;
    known += 1;
    if (compareMinor(cluster, minVersion) < 0 || !understands(cluster)) {
      throw new BootError(
        `incompatible with current running cluster: it runs ${versions?.cluster}, this member is ${options.serverVersion}`,
      );
    }
  }
  if (known === 0) throw new BootError("incompatible with current running cluster: no member told the cluster version");
}

/** The first entries of a new cluster's log, which every member writes identically, and their hard state. */
export function birthLog(members: readonly MemberRecord[]): {
  readonly entries: Entry[];
  readonly hardState: HardState;
} {
  const entries = members.map((member, i) =>
    newEntry(
      EntryType.confChange,
      1,
      i + 1,
      encodeConfChange({ id: 0n, type: ConfChangeType.addNode, nodeId: member.id, context: changeContext(member) }),
    ),
  );
  return { entries, hardState: { term: 1, vote: 0n as MemberId, commit: entries.length } };
}
