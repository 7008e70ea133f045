import { KvError } from "@quorate/api";
import { hexId, noMember, parseHexId, toMemberId } from "@quorate/base";
import { checkedPeerUrls, type Member } from "@quorate/member";
import { goString, type MemberRecord } from "@quorate/state";
import type { HttpCall } from "./http-call.ts";
import { sendError, sendJson } from "./responses.ts";

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
  if (!["GET", "POST", "DELETE", "PUT"].includes(call.method)) {
    sendError(call, 405, "Method Not Allowed", { Allow: "GET,POST,DELETE,PUT" });
    return;
  }
  call.setHeader("X-Etcd-Cluster-ID", hexId(member.clusterId));
  try {
    await route(member, path.slice(prefix.length).replace(/^\//, ""), call);
  } catch (error) {
    refuse(call, error);
  }
}

async function route(member: Member, target: string, call: HttpCall): Promise<void> {
  if (call.method === "GET") {
    show(member, target, call);
  } else if (call.method === "POST") {
    // Wherever it is sent to, as in etcd.
    await add(member, call);
  } else if (target === "") {
    sendError(call, 405, "Method Not Allowed");
  } else {
    const id = parseHexId(target);
    if (id === undefined) v2Error(call, 404, `No such member: ${target}`);
    else if (call.method === "DELETE") await remove(member, id, call);
    else await update(member, id, call);
  }
}

function show(member: Member, target: string, call: HttpCall): void {
  if (target === "") {
    sendJson(call, 200, `{"members":[${member.machine.membership.list().map(v2Member).join(",")}]}\n`);
    return;
  }
  if (target !== "leader") {
    v2Error(call, 404, "Not found");
    return;
  }
  const leader = member.lead === noMember ? undefined : member.machine.membership.get(member.lead);
  if (leader === undefined) v2Error(call, 503, "During election");
  else sendJson(call, 200, `${v2Member(leader)}\n`);
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
    if (body?.trim() === "") throw new SyntaxError("unexpected end of JSON input");
    const value = JSON.parse(body ?? "") as { peerURLs?: unknown } | null;
    const list = Array.isArray(value?.peerURLs) ? value.peerURLs.map(String) : [];
    const checked = checkedPeerUrls(list);
    if (checked !== undefined) return checked;
    v2Error(call, 400, whyUnusable(list));
  } catch (error) {
    v2Error(call, 400, error instanceof Error ? error.message : String(error));
  }
  return undefined;
}

/** Says what is wrong with a list of URLs, in etcd's words where it has any. */
export function whyUnusable(list: readonly string[]): string {
  for (const given of list) {
    const url = given.trim();
    const [, scheme = "", host = "", rest = ""] = /^(?:([^:/?#]+):)?(?:\/\/([^/?#]*))?(.*)$/s.exec(url) ?? [];
    if (!/^(https?|unixs?)$/i.test(scheme)) return `URL scheme must be http, https, unix, or unixs: ${url}`;
    if (scheme.toLowerCase().startsWith("unix")) continue;
    if (!/:[^:\]]*$/.test(host)) return `URL address does not have the form "host:port": ${url}`;
    if (rest.startsWith("/")) return `URL must not contain a path: ${url}`;
    if (checkedPeerUrls([url]) === undefined)
      return `URL must name a scheme, a host and a port, and nothing else: ${url}`;
  }
  return "no valid URLs given";
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

async function remove(member: Member, id: bigint, call: HttpCall): Promise<void> {
  const { membership } = member.machine;
  if (membership.isRemoved(toMemberId(id))) {
    v2Error(call, 410, `Member permanently removed: ${hexId(toMemberId(id))}`);
    return;
  }
  if (membership.get(toMemberId(id)) === undefined) {
    v2Error(call, 404, `No such member: ${hexId(toMemberId(id))}`);
    return;
  }
  await member.changes.remove(toMemberId(id), call.signal);
  call.answer(204, "", {});
}

async function update(member: Member, id: bigint, call: HttpCall): Promise<void> {
  const peerUrls = await peerUrlsOf(call);
  if (peerUrls === undefined) return;
  try {
    await member.changes.update(toMemberId(id), peerUrls, call.signal);
    call.answer(204, "", {});
  } catch (error) {
    if (error instanceof KvError && error.code === "memberNotFound")
      v2Error(call, 404, `No such member: ${hexId(toMemberId(id))}`);
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
