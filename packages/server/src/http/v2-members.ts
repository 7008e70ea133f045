import { KvError } from "@quorate/api";
import { hexId, noMember, parseHexId, toMemberId } from "@quorate/base";
import { checkedPeerUrls, type Member } from "@quorate/member";
import { goString, type MemberRecord } from "@quorate/state";
import type { HttpCall } from "./http-call.ts";
import { allowMethods, sendJson } from "./responses.ts";

const prefix = "/v2/members";
const bodyBytesMax = 64 * 1024;

const urls = (list: readonly string[]): string => `[${list.map(goString).join(",")}]`;

/** A member as the v2 API prints it. */
function v2Member(member: MemberRecord): string {
  return (
    `{"id":"${hexId(member.id)}","name":${goString(member.name)},"peerURLs":${urls(member.peerUrls)},` +
    `"clientURLs":${urls(member.clientUrls)}}`
  );
}

/**
 * The members calls of the v2 API, which old tools still use; the rest of that API does not exist here.
 *
 * Answers are etcd 3.4's. Refusals of a change are 500 without a reason, so the explanation travels in a header.
 */
export async function handleV2Members(member: Member, path: string, call: HttpCall): Promise<void> {
  call.setHeader("X-Etcd-Cluster-ID", hexId(member.clusterId));
  try {
    await route(member, path.slice(prefix.length), call);
  } catch (error) {
    refuse(call, error);
  }
}

async function route(member: Member, rest: string, call: HttpCall): Promise<void> {
  const target = rest.replace(/^\//, "").replace(/\/$/, "");
  if (target === "") {
    if (!allowMethods(call, "GET", "POST")) return;
    if (call.method === "POST") await add(member, call);
    else sendJson(call, 200, `{"members":[${member.machine.membership.list().map(v2Member).join(",")}]}\n`);
    return;
  }
  if (target === "leader") {
    if (!allowMethods(call, "GET")) return;
    const leader = member.lead === noMember ? undefined : member.machine.membership.get(member.lead);
    if (leader === undefined) v2Error(call, 503, "During election");
    else sendJson(call, 200, `${v2Member(leader)}\n`);
    return;
  }
  if (!allowMethods(call, "DELETE", "PUT")) return;
  const id = parseHexId(target);
  if (id === undefined) {
    v2Error(call, 404, `No such member: ${target}`);
    return;
  }
  if (call.method === "DELETE") await remove(member, id, target, call);
  else await update(member, id, target, call);
}

function v2Error(call: HttpCall, status: number, message: string): void {
  sendJson(call, status, JSON.stringify({ message }));
}

/** Reads `{"peerURLs":[…]}`; answers 400 and returns undefined when it is not that. */
async function peerUrlsOf(call: HttpCall): Promise<readonly string[] | undefined> {
  if (!/^application\/json\b/.test(call.header("content-type") ?? "")) {
    v2Error(call, 415, `Bad Content-Type ${call.header("content-type") ?? ""}, accept application/json`);
    return undefined;
  }
  const body = await call.body(bodyBytesMax);
  try {
    const value = JSON.parse(body ?? "") as { peerURLs?: unknown };
    const list = Array.isArray(value.peerURLs) ? value.peerURLs.map(String) : [];
    const checked = checkedPeerUrls(list);
    if (checked !== undefined) return checked;
    v2Error(call, 400, `URL scheme, host and port are needed, and no path: ${list.join(",")}`);
  } catch (error) {
    v2Error(call, 400, error instanceof Error ? error.message : String(error));
  }
  return undefined;
}

async function add(member: Member, call: HttpCall): Promise<void> {
  const peerUrls = await peerUrlsOf(call);
  if (peerUrls === undefined) return;
  try {
    const added = await member.changes.add(peerUrls, false, call.signal);
    sendJson(call, 201, `${v2Member(added)}\n`);
  } catch (error) {
    if (error instanceof KvError && (error.code === "memberExist" || error.code === "peerUrlExist")) {
      v2Error(call, 409, error.code === "memberExist" ? "membership: ID exists" : "membership: peerURL exists");
      return;
    }
    throw error;
  }
}

async function remove(member: Member, id: bigint, target: string, call: HttpCall): Promise<void> {
  const { membership } = member.machine;
  if (membership.isRemoved(toMemberId(id))) {
    v2Error(call, 410, `Member permanently removed: ${target}`);
    return;
  }
  if (membership.get(toMemberId(id)) === undefined) {
    v2Error(call, 404, `No such member: ${target}`);
    return;
  }
  await member.changes.remove(toMemberId(id), call.signal);
  call.answer(204, "", {});
}

async function update(member: Member, id: bigint, target: string, call: HttpCall): Promise<void> {
  const peerUrls = await peerUrlsOf(call);
  if (peerUrls === undefined) return;
  try {
    await member.changes.update(toMemberId(id), peerUrls, call.signal);
    call.answer(204, "", {});
  } catch (error) {
    if (error instanceof KvError && error.code === "memberNotFound") v2Error(call, 404, `No such member: ${target}`);
    else if (error instanceof KvError && error.code === "peerUrlExist")
      v2Error(call, 409, "membership: peerURL exists");
    else throw error;
  }
}

function refuse(call: HttpCall, error: unknown): void {
  if (call.answered) return;
  const explanation = error instanceof KvError ? `${error.message}. ${error.explanation ?? ""}`.trim() : String(error);
  call.setHeader("X-Quorate-Explanation", explanation.replace(/[^\x20-\x7e]/g, " "));
  v2Error(call, 500, "Internal Server Error");
}
