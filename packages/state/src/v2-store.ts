import { hexId, type MemberId, parseHexId, toMemberId, utf8Decode, utf8Encode } from "@quorate/base";
import { goString, type MemberRecord } from "./member-record.ts";
import type { Membership } from "./membership.ts";

/**
 * The JSON dump of the v2 store that etcd 3.4 and 3.5 take members from, in the `data` of a raft snapshot:
 *
 * ```
 * /0/members/<id>/raftAttributes   {"peerURLs":[…],"isLearner":true}
 * /0/members/<id>/attributes       {"name":…,"clientURLs":[…]}
 * /0/removed_members/<id>          ""
 * /0/version                       3.6.0
 * /1                               user keys of the v2 API, always empty here
 * ```
 */

const noExpiry = "0001-01-01T00:00:00Z";

function node(path: string, value: string, children: string | null): string {
  return (
    `{"Path":${goString(path)},"CreatedIndex":0,"ModifiedIndex":0,"ExpireTime":"${noExpiry}",` +
    `"Value":${goString(value)},"Children":${children ?? "null"}}`
  );
}

const leaf = (path: string, value: string): string => node(path, value, null);

function directory(path: string, children: readonly (readonly [name: string, json: string])[]): string {
  return node(path, "", `{${children.map(([name, json]) => `${goString(name)}:${json}`).join(",")}}`);
}

function memberNode(member: MemberRecord): readonly [string, string] {
  const id = hexId(member.id);
  const path = `/0/members/${id}`;
  const urls = member.peerUrls.map(goString).join(",");
  const raft = `{"peerURLs":[${urls}]${member.isLearner ? ',"isLearner":true' : ""}}`;
  const children: (readonly [string, string])[] = [["raftAttributes", leaf(`${path}/raftAttributes`, raft)]];
  if (member.name !== "" || member.clientUrls.length > 0) {
    const parts: string[] = [];
    if (member.name !== "") parts.push(`"name":${goString(member.name)}`);
    if (member.clientUrls.length > 0) parts.push(`"clientURLs":[${member.clientUrls.map(goString).join(",")}]`);
    children.push(["attributes", leaf(`${path}/attributes`, `{${parts.join(",")}}`)]);
  }
  return [id, directory(path, children)];
}

/** Writes the tree for the members as they are now. */
export function encodeV2Store(membership: Membership): Uint8Array {
  const zero: (readonly [string, string])[] = [["members", directory("/0/members", membership.list().map(memberNode))]];
  const removed = membership.removed();
  if (removed.length > 0) {
    const marks = removed.map((id) => [hexId(id), leaf(`/0/removed_members/${hexId(id)}`, "")] as const);
    zero.push(["removed_members", directory("/0/removed_members", marks)]);
  }
  if (membership.clusterVersion !== "") zero.push(["version", leaf("/0/version", membership.clusterVersion)]);
  const root = directory("/", [
    ["0", directory("/0", zero)],
    ["1", directory("/1", [])],
  ]);
  return utf8Encode(`{"Root":${root},"CurrentIndex":0,"CurrentVersion":2}`);
}

/** What a v2 store says about the cluster. */
export interface V2Cluster {
  readonly members: readonly MemberRecord[];
  readonly removed: readonly MemberId[];
  readonly clusterVersion: string;
}

type Json = Record<string, unknown>;
const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function children(value: unknown): Json {
  return isObject(value) && isObject(value["Children"]) ? value["Children"] : {};
}

const valueOf = (value: unknown): string =>
  isObject(value) && typeof value["Value"] === "string" ? value["Value"] : "";

/**
 * Reads the members out of a v2 store.
 *
 * @returns undefined when `data` is empty or holds no members.
 * @throws SyntaxError when `data` is not JSON.
 */
export function decodeV2Store(data: Uint8Array): V2Cluster | undefined {
  if (data.length === 0) return undefined;
  const whole: unknown = JSON.parse(utf8Decode(data));
  const zero = children(children(isObject(whole) ? whole["Root"] : undefined)["0"]);
  const members: MemberRecord[] = [];
  for (const [name, entry] of Object.entries(children(zero["members"]))) {
    const id = parseHexId(name);
    const parts = children(entry);
    if (id === undefined || parts["raftAttributes"] === undefined) continue;
    const raft: unknown = JSON.parse(valueOf(parts["raftAttributes"]) || "{}");
    const own: unknown = JSON.parse(valueOf(parts["attributes"]) || "{}");
    members.push({
      id: toMemberId(id),
      peerUrls: stringsOf(raft, "peerURLs").sort(),
      isLearner: isObject(raft) && raft["isLearner"] === true,
      name: isObject(own) && typeof own["name"] === "string" ? own["name"] : "",
      clientUrls: stringsOf(own, "clientURLs"),
    });
  }
  if (members.length === 0) return undefined;
  const removed: MemberId[] = [];
  for (const name of Object.keys(children(zero["removed_members"]))) {
    const id = parseHexId(name);
    if (id !== undefined) removed.push(toMemberId(id));
  }
  return { members, removed, clusterVersion: valueOf(zero["version"]) };
}

function stringsOf(value: unknown, key: string): string[] {
  const list = isObject(value) ? value[key] : undefined;
  return Array.isArray(list) ? list.filter((item): item is string => typeof item === "string") : [];
}
