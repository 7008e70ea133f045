import { type ClusterId, hexId, type Logger, type MemberId, toClusterId } from "@quorate/base";
import { messageOf } from "./activity.ts";
import { Dialer, type HttpAnswer } from "./dialer.ts";
import { clusterIdHeader, headerOf, parsePaddedId } from "./headers.ts";
import { type PeerMember, parseMembers } from "./members-json.ts";
import type { PeerTls } from "./tls.ts";

export interface QueryOptions {
  readonly tls?: PeerTls;
  /** For each URL, from the start of the dial to the end of the answer. */
  readonly timeoutMs: number;
  readonly logger: Logger;
}

/** What a cluster says about itself. */
export interface PeerCluster {
  readonly clusterId: ClusterId;
  readonly members: readonly PeerMember[];
}

/** Versions that a member reports; `cluster` is `not_decided` until there is one. */
export interface PeerVersions {
  readonly server: string;
  readonly cluster: string;
  /** Since 3.6. */
  readonly storage?: string;
}

/** An answer to hand on. */
export interface QueryAnswer {
  readonly status: number;
  readonly body: string;
}

/**
 * Asks for the members at each of `peerUrls`, in ascending order, until one answers.
 *
 * @throws Error when none does.
 */
export async function fetchMembers(peerUrls: readonly string[], options: QueryOptions): Promise<PeerCluster> {
  const found = await firstOf([...peerUrls].sort(), "/members", options, {}, (answer) => {
    const clusterId = parsePaddedId(headerOf(answer.headers, clusterIdHeader) ?? "");
    if (clusterId === undefined) throw new Error("the answer does not name the cluster");
    return { clusterId: toClusterId(clusterId), members: parseMembers(answer.body) };
  });
  if (found === undefined) throw new Error("could not retrieve cluster information from the given URLs");
  return found;
}

/** Asks for the versions of the member at `peerUrls`; undefined when none of them gives an answer that parses. */
export async function fetchVersions(
  peerUrls: readonly string[],
  options: QueryOptions,
): Promise<PeerVersions | undefined> {
  return await firstOf(peerUrls, "/version", options, {}, (answer) => {
    const fields = JSON.parse(answer.body) as Partial<Record<string, unknown>> | null;
    const text = (name: string): string => (typeof fields?.[name] === "string" ? fields[name] : "");
    const storage = text("storage");
    const versions = { server: text("etcdserver"), cluster: text("etcdcluster") };
    return storage === "" ? versions : { ...versions, storage };
  });
}

/** Asks for the versions of the member at one URL. */
export async function fetchVersion(peerUrl: string, options: QueryOptions): Promise<PeerVersions | undefined> {
  return await fetchVersions([peerUrl], options);
}

/** Asks whether a downgrade is under way; undefined when nobody at `peerUrls` can say, as members of 3.4 cannot. */
export async function fetchDowngradeEnabled(
  peerUrls: readonly string[],
  options: QueryOptions,
): Promise<boolean | undefined> {
  return await firstOf(peerUrls, "/downgrade/enabled", options, {}, (answer) => {
    const text = answer.body.trim();
    if (text !== "true" && text !== "false") throw new Error(`unexpected answer ${JSON.stringify(text.slice(0, 80))}`);
    return text === "true";
  });
}

/**
 * Asks the leader at `peerUrls` to promote a learner.
 *
 * @param authorization the token that the client gave.
 * @returns the first answer that is not a server error, else the last; undefined when there was none.
 */
export async function postPromote(
  peerUrls: readonly string[],
  id: MemberId,
  options: QueryOptions & { readonly authorization?: string },
): Promise<QueryAnswer | undefined> {
  const headers: Record<string, string> = {};
  if (options.authorization !== undefined) headers["Authorization"] = options.authorization;
  let last: QueryAnswer | undefined;
  await firstOf(peerUrls, `/members/promote/${id}`, options, { method: "POST", headers }, (answer) => {
    last = { status: answer.status, body: answer.body };
    if (answer.status >= 500) throw new Error(`status ${answer.status}: ${answer.body.trim()}`);
    return last;
  });
  return last;
}

/** Asks the member at `peerUrls` for the hash of its keys up to `revision`, 0 for all. */
export async function fetchHashKv(
  peerUrls: readonly string[],
  clusterId: ClusterId,
  revision: number,
  options: QueryOptions,
): Promise<QueryAnswer | undefined> {
  const headers = { "Content-Type": "application/json", [clusterIdHeader]: hexId(clusterId) };
  const body = Buffer.from(JSON.stringify({ revision }));
  return await firstOf(peerUrls, "/members/hashkv", options, { headers, body }, ({ status, body }) => ({
    status,
    body,
  }));
}

interface QueryRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

/** The first answer that `read` takes, trying one URL after the other. */
async function firstOf<T>(
  urls: readonly string[],
  path: string,
  options: QueryOptions,
  request: QueryRequest,
  read: (answer: HttpAnswer) => T,
): Promise<T | undefined> {
  const { timeoutMs, tls, logger } = options;
  const dialer = new Dialer({ dialTimeoutMs: timeoutMs, tls });
  try {
    for (const url of urls) {
      try {
        const { method = "GET", ...rest } = request;
        return read(await dialer.exchange(url, method, path, { ...rest, timeoutMs, repeatable: method === "GET" }));
      } catch (cause) {
        logger.log("warn", "failed to get an answer from a peer URL", {
          address: `${url}${path}`,
          error: messageOf(cause),
        });
      }
    }
    return undefined;
  } finally {
    dialer.close();
  }
}
