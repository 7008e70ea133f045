/** The cluster that recorded runs take place in: `m1` is looked at, the others are played. */
import { type Clock, type MemberId, type Disk, SeededRandom, silentLogger } from "@quorate/base";
import {
  type ClusterDirectory,
  clusterIdFor,
  memberIdFor,
  type MemberOptions,
  type MemberPorts,
  type PeerLink,
  type RemoteCluster,
} from "@quorate/member";
import type { Message } from "@quorate/raft";

export const dataDir = "/data";
export const walDir = "/data/member/wal";
export const snapDir = "/data/member/snap";
export const databasePath = "/data/member/snap/db";

const token = "crash";
const names = ["m1", "m2", "m3"] as const;
const urlOf = (name: string): string => `http://${name}:2380`;
const idOf = (name: string): MemberId => memberIdFor([urlOf(name)], token);

/** The member whose disk is recorded. */
export const self: MemberId = idOf("m1");
/** Leads from term 2 on. */
export const leader: MemberId = idOf("m2");
export const third: MemberId = idOf("m3");
/** Joins and leaves. */
export const fourth: MemberId = idOf("m4");
export const fourthUrl: string = urlOf("m4");

/** What a run may set differently. */
export interface Setting {
  readonly alone?: boolean;
  /** The member joins a cluster that is there. */
  readonly joins?: boolean;
  readonly snapshotCount?: number;
  readonly walSegmentBytes?: number;
  readonly walThreadBytesMin?: number;
  readonly walFilesMax?: number;
  readonly snapshotFilesMax?: number;
  readonly backendBatchMs?: number;
  readonly backendBatchLimit?: number;
}

export function memberOptions(setting: Setting): MemberOptions {
  const members = setting.alone === true ? ["m1"] : names;
  return {
    name: "m1",
    dataDir,
    walDir: undefined,
    advertisePeerUrls: [urlOf("m1")],
    advertiseClientUrls: ["http://m1:2379"],
    initialCluster: new Map(members.map((name) => [name, [urlOf(name)]])),
    initialClusterState: setting.joins === true ? "existing" : "new",
    initialClusterToken: token,
    heartbeatMs: 100,
    // Elections are part of the script.
    electionMs: 1_000_000,
    initialElectionTickAdvance: true,
    preVote: true,
    snapshotCount: setting.snapshotCount ?? 1_000_000,
    snapshotCatchUpEntries: 5,
    snapshotFilesMax: setting.snapshotFilesMax ?? 2,
    walFilesMax: setting.walFilesMax ?? 2,
    walSegmentBytes: setting.walSegmentBytes ?? 256 * 1024,
    walThreadBytesMin: setting.walThreadBytesMin ?? 256 * 1024,
    backendBatchMs: setting.backendBatchMs ?? 20,
    backendBatchLimit: setting.backendBatchLimit ?? 10_000,
    pageCacheBytesMax: 16 * 1024 * 1024,
    quotaBytes: 0,
    requestBytesMax: 1024 * 1024,
    txnOpsMax: 128,
    learnersMax: 1,
    strictReconfigCheck: true,
    serverVersion: "3.6.14",
    unsafeNoFsync: false,
  };
}

/** What a member that joins is told about the cluster. */
const remote: RemoteCluster = {
  clusterId: clusterIdFor(names.map(idOf)),
  members: names.map((name) => ({
    id: idOf(name),
    name: name === "m1" ? "" : name,
    peerUrls: [urlOf(name)],
    clientUrls: name === "m1" ? [] : [`http://${name}:2379`],
    isLearner: false,
  })),
};

function directoryOf(setting: Setting): ClusterDirectory {
  return {
    members: () => (setting.joins === true ? Promise.resolve(remote) : Promise.reject(new Error("nobody answers"))),
    versions: () => Promise.resolve(setting.joins === true ? { server: "3.6.14", cluster: "3.6.0" } : undefined),
    sameUrls: (a, b) =>
      Promise.resolve(a.join() === b.join() ? { same: true } : { same: false, reason: "they differ" }),
    promote: () => Promise.reject(new Error("nobody answers")),
  };
}

export function portsOf(setting: Setting, clock: Clock, disk: Disk): MemberPorts {
  return { clock, disk, random: new SeededRandom(1), logger: silentLogger, directory: directoryOf(setting) };
}

/** A link that gives what is sent to `onSent`. */
export function linkTo(onSent: (message: Message) => void): PeerLink {
  return {
    addPeer: () => undefined,
    updatePeer: () => undefined,
    removePeer: () => undefined,
    removeAllPeers: () => undefined,
    addRemote: () => undefined,
    send: (messages) => {
      for (const message of messages) onSent(message);
    },
    sendSnapshot: (_message, database) => database.close(),
    activeSince: () => 1,
  };
}
