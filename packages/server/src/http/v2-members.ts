import type { IncomingMessage, ServerResponse } from "node:http";
import { KvError } from "@quorate/api";
import { hexId, noMember, parseHexId, toMemberId } from "@quorate/base";
import { checkedPeerUrls, type Member } from "@quorate/member";
import { goString, type MemberRecord } from "@quorate/state";
import { allowMethods, readBody, sendJson } from "./responses.ts";

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
export async function handleV2Members(
  member: Member,
  path: string,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  res.setHeader("X-Etcd-Cluster-ID", hexId(member.clusterId));
  try {
    await route(member, path.slice(prefix.length), req, res);
  } catch (error) {
    refuse(res, error);
  }
}

async function route(member: Member, rest: string, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const target = rest.replace(/^\//, "").replace(/\/$/, "");
  if (target === "") {
    if (!allowMethods(req, res, "GET", "POST")) return;
    if (req.method === "POST") await add(member, req, res);
    else sendJson(res, 200, `{"members":[${member.machine.membership.list().map(v2Member).join(",")}]}\n`);
    return;
  }
  if (target === "leader") {
    if (!allowMethods(req, res, "GET")) return;
    const leader = member.lead === noMember ? undefined : member.machine.membership.get(member.lead);
    if (leader === undefined) v2Error(res, 503, "During election");
    else sendJson(res, 200, `${v2Member(leader)}\n`);
    return;
  }
  if (!allowMethods(req, res, "DELETE", "PUT")) return;
  const id = parseHexId(target);
  if (id === undefined) {
    v2Error(res, 404, `No such member: ${target}`);
    return;
  }
  if (req.method === "DELETE") await remove(member, id, target, res);
  else await update(member, id, target, req, res);
}

function v2Error(res: ServerResponse, status: number, message: string): void {
  sendJson(res, status, JSON.stringify({ message }));
}

/** Reads `{"peerURLs":[…]}`; answers 400 and returns undefined when it is not that. */
async function peerUrlsOf(req: IncomingMessage, res: ServerResponse): Promise<readonly string[] | undefined> {
  if (!/^application\/json\b/.test(req.headers["content-type"] ?? "")) {
    v2Error(res, 415, `Bad Content-Type ${req.headers["content-type"] ?? ""}, accept application/json`);
    return undefined;
  }
  const body = await readBody(req, bodyBytesMax);
  try {
    const value = JSON.parse(body ?? "") as { peerURLs?: unknown };
    const list = Array.isArray(value.peerURLs) ? value.peerURLs.map(String) : [];
    const checked = checkedPeerUrls(list);
    if (checked !== undefined) return checked;
    v2Error(res, 400, `URL scheme, host and port are needed, and no path: ${list.join(",")}`);
  } catch (error) {
    v2Error(res, 400, error instanceof Error ? error.message : String(error));
  }
  return undefined;
}

async function add(member: Member, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const peerUrls = await peerUrlsOf(req, res);
  if (peerUrls === undefined) return;
  try {
    const added = await member.changes.add(peerUrls, false, closed(res));
    sendJson(res, 201, `${v2Member(added)}\n`);
  } catch (error) {
    if (error instanceof KvError && (error.code === "memberExist" || error.code === "peerUrlExist")) {
      v2Error(res, 409, error.code === "memberExist" ? "membership: ID exists" : "membership: peerURL exists");
      return;
    }
    throw error;
  }
}

async function remove(member: Member, id: bigint, target: string, res: ServerResponse): Promise<void> {
  const { membership } = member.machine;
  if (membership.isRemoved(toMemberId(id))) {
    v2Error(res, 410, `Member permanently removed: ${target}`);
    return;
  }
  if (membership.get(toMemberId(id)) === undefined) {
    v2Error(res, 404, `No such member: ${target}`);
    return;
  }
  await member.changes.remove(toMemberId(id), closed(res));
  res.writeHead(204).end();
}

async function update(
  member: Member,
  id: bigint,
  target: string,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  const peerUrls = await peerUrlsOf(req, res);
  if (peerUrls === undefined) return;
  try {
    await member.changes.update(toMemberId(id), peerUrls, closed(res));
    res.writeHead(204).end();
  } catch (error) {
    if (error instanceof KvError && error.code === "memberNotFound") v2Error(res, 404, `No such member: ${target}`);
    else if (error instanceof KvError && error.code === "peerUrlExist") v2Error(res, 409, "membership: peerURL exists");
    else throw error;
  }
}

/** A signal that fires when the caller is gone. */
function closed(res: ServerResponse): AbortSignal {
  const controller = new AbortController();
  res.on("close", () => {
    if (!res.writableEnded) controller.abort();
  });
  return controller.signal;
}

function refuse(res: ServerResponse, error: unknown): void {
  if (res.headersSent || res.destroyed) return;
  const explanation = error instanceof KvError ? `${error.message}. ${error.explanation ?? ""}`.trim() : String(error);
  res.setHeader("X-Quorate-Explanation", explanation.replace(/[^\x20-\x7e]/g, " "));
  v2Error(res, 500, "Internal Server Error");
}
