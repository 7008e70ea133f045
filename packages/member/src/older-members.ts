import type { LogIndex } from "@quorate/base";
import { type Entry, EntryType, type Snapshot } from "@quorate/raft";
import {
  announcementOf,
  decodeV2Store,
  Membership,
  parseRaftRequest,
  type StateMachine,
  type Table,
  type Tables,
} from "@quorate/state";
import { parseMembershipChange } from "./applier.ts";

/** Keeps nothing: what is put into it lives on in the memory of whoever put it. */
const nowhere: Table = { get: () => undefined, put: () => undefined, delete: () => undefined, range: () => undefined };

const noTables: Tables = {
  alarm: nowhere,
  auth: nowhere,
  authRoles: nowhere,
  authUsers: nowhere,
  cluster: nowhere,
  key: nowhere,
  lease: nowhere,
  members: nowhere,
  members_removed: nowhere,
  meta: nowhere,
};

/**
 * Brings the members of a database below 3.6 to its index.
 *
 * Versions 3.4 and 3.5 go by the v2 store: that of the raft snapshot, and what the log changed since. Their database
 * has the members too, but 3.4 writes it ahead of the index that it keeps, and leaves the members of another cluster
 * in it when it restores a backup.
 */
export function alignOlderMembers(
  machine: StateMachine,
  snapshot: Snapshot | undefined,
  entries: readonly Entry[],
  learnersMax: number,
): void {
  const { progress, membership } = machine;
  if (progress.storageVersion !== "" || progress.index === 0) return;
  const past = new Membership(noTables, learnersMax);
  if (snapshot !== undefined) {
    const v2 = decodeV2Store(snapshot.data);
    if (v2 === undefined) return;
    past.replaceUnlessEqual(v2.members, v2.removed, v2.clusterVersion);
  }
  for (const entry of entries) {
    if (entry.index > progress.index) break;
    replay(past, entry.index, entry);
  }
  membership.replaceUnlessEqual(past.list(), past.removed(), past.clusterVersion);
}

function replay(past: Membership, index: LogIndex, entry: Entry): void {
  if (entry.type === EntryType.confChange) {
    const change = parseMembershipChange(index, entry.data);
    if (past.validate(change) === undefined) past.apply(change);
    return;
  }
  if (entry.type !== EntryType.normal || entry.data.length === 0) return;
  const told = announcementOf(parseRaftRequest(entry.data));
  if (told?.kind === "attributes") past.setAttributes(told.id, told.name, told.clientUrls);
  else if (told?.kind === "clusterVersion") past.setClusterVersion(told.text);
}
