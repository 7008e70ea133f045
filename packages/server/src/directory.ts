import { lookup } from "node:dns/promises";
import type { Logger } from "@quorate/base";
import type { ClusterDirectory, PromoteAnswer, RemoteCluster, RemoteVersions, SameUrls } from "@quorate/member";
import { fetchMembers, fetchVersions, type PeerTls, postPromote, type QueryOptions } from "@quorate/peer";
import { parseMemberUrl } from "./flags/index.ts";

/** Asks other members over their peer URLs. */
export function createDirectory(logger: Logger, tls: PeerTls | undefined): ClusterDirectory {
  const options = (timeoutMs: number): QueryOptions =>
    tls === undefined ? { timeoutMs, logger } : { timeoutMs, logger, tls };
  return {
    members: async (urls, timeoutMs): Promise<RemoteCluster> => await fetchMembers(urls, options(timeoutMs)),
    versions: async (urls, timeoutMs): Promise<RemoteVersions | undefined> =>
      await fetchVersions(urls, options(timeoutMs)),
    sameUrls,
    promote: async (urls, id, timeoutMs): Promise<PromoteAnswer> => {
      const answer = await postPromote(urls, id, options(timeoutMs));
      if (answer === undefined) throw new Error(`no answer from ${urls.join(",")}`);
      return answer;
    },
  };
}

/** Compares lists of URLs: by text, then, where hosts are names, by the addresses they resolve to. */
export async function sameUrls(a: readonly string[], b: readonly string[]): Promise<SameUrls> {
  const show = (urls: readonly string[]): string => `[${urls.map((url) => JSON.stringify(url)).join(" ")}]`;
  const left = [...a].sort();
  const right = [...b].sort();
  if (left.length !== right.length) return { same: false, reason: `len(${show(left)}) != len(${show(right)})` };
  if (left.every((url, i) => url === right[i])) return { same: true };
  try {
    const resolvedLeft = (await Promise.all(left.map(resolveUrl))).sort();
    const resolvedRight = (await Promise.all(right.map(resolveUrl))).sort();
    const at = resolvedLeft.findIndex((url, i) => url !== resolvedRight[i]);
    if (at < 0) return { same: true };
    return {
      same: false,
      reason: `resolved urls: ${show([resolvedLeft[at] ?? ""])} != ${show([resolvedRight[at] ?? ""])}`,
    };
  } catch (error) {
    return { same: false, reason: `failed to resolve url: ${error instanceof Error ? error.message : String(error)}` };
  }
}

async function resolveUrl(text: string): Promise<string> {
  const url = parseMemberUrl(text);
  if (url.scheme === "unix" || url.scheme === "unixs" || url.host === "localhost") return text;
  const { address } = await lookup(url.host);
  return `${url.scheme}://${address}:${url.port}`;
}
