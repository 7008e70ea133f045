/** Rows that the simple form and tables share. */
import { hexId } from "@quorate/base";
import type { MembersResponse } from "./messages.ts";
import type { EndpointHash, EndpointStatus, Health } from "./printer.ts";
import { humanBytes } from "./go-text.ts";

export interface Table {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export function memberTable(r: MembersResponse): Table {
  return {
    header: ["ID", "Status", "Name", "Peer Addrs", "Client Addrs", "Is Learner"],
    rows: r.members.map((m) => [
      hexId(m.id),
      m.name === "" ? "unstarted" : "started",
      m.name,
      m.peerUrls.join(","),
      m.clientUrls.join(","),
      String(m.isLearner),
    ]),
  };
}

export function healthTable(list: readonly Health[]): Table {
  return {
    header: ["endpoint", "health", "took", "error"],
    rows: list.map((h) => [h.endpoint, String(h.health), h.took, h.error]),
  };
}

/** The part of the file that holds nothing, in whole percent. A file of no bytes wastes none. */
function unusedPercent(size: number, inUse: number): number {
  return size === 0 ? 0 : 100 - Math.trunc((inUse * 100) / size);
}

export function statusTable(list: readonly EndpointStatus[]): Table {
  return {
    header: [
      "endpoint",
      "ID",
      "version",
      "storage version",
      "db size",
      "in use",
      "percentage not in use",
      "quota",
      "is leader",
      "is learner",
      "raft term",
      "raft index",
      "raft applied index",
      "errors",
      "downgrade target version",
      "downgrade enabled",
    ],
    rows: list.map(({ endpoint, status: s }) => [
      endpoint,
      hexId(s.header?.memberId ?? 0n),
      s.version,
      s.storageVersion,
      humanBytes(s.dbSize),
      humanBytes(s.dbSizeInUse),
      `${unusedPercent(s.dbSize, s.dbSizeInUse)}%`,
      humanBytes(s.dbSizeQuota),
      String(s.leader === (s.header?.memberId ?? 0n)),
      String(s.isLearner),
      String(s.raftTerm),
      String(s.raftIndex),
      String(s.raftAppliedIndex),
      s.errors.join(", "),
      s.downgradeInfo?.targetVersion ?? "",
      String(s.downgradeInfo?.enabled ?? false),
    ]),
  };
}

export function hashTable(list: readonly EndpointHash[]): Table {
  return {
    header: ["endpoint", "hash", "hash_revision"],
    rows: list.map(({ endpoint, hash }) => [endpoint, String(hash.hash), String(hash.hashRevision)]),
  };
}
