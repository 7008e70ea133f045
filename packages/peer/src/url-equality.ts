import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import type { Clock } from "@quorate/base";
import { messageOf } from "./activity.ts";

/** Whether two lists of URLs mean the same sockets; when not, why. */
export type UrlsEqual = { readonly same: true } | { readonly same: false; readonly reason: string };

export interface UrlsEqualOptions {
  readonly clock: Clock;
  /** Names that do not resolve are asked for again until then. */
  readonly timeoutMs?: number;
  /** Gives the first address of a host name; the system's resolver unless given. */
  readonly resolve?: (host: string) => Promise<string>;
}

const retryMs = 1_000;
const defaultTimeoutMs = 30_000;

/**
 * Compares two lists of URLs as etcd does when a member joins or starts: in any order, first as texts, then with host
 * names replaced by their first address. `localhost` and unix sockets stay as they are.
 */
export async function sameUrls(
  a: readonly string[],
  b: readonly string[],
  { clock, timeoutMs = defaultTimeoutMs, resolve = firstAddress }: UrlsEqualOptions,
): Promise<UrlsEqual> {
  if (a.length !== b.length) return { same: false, reason: `len(${quoted(a)}) != len(${quoted(b)})` };
  const [left, right] = [[...a].sort(), [...b].sort()];
  if (left.every((url, i) => canonical(url) === canonical(right[i] as string))) return { same: true };
  const deadlineMs = clock.nowMs() + timeoutMs;
  let resolved: [string[], string[]];
  try {
    const each = (url: string): Promise<string> => resolvedUrl(url, resolve, clock, deadlineMs);
    resolved = [await Promise.all(left.map(each)), await Promise.all(right.map(each))];
  } catch (cause) {
    return { same: false, reason: messageOf(cause) };
  }
  const [resolvedLeft, resolvedRight] = [resolved[0].sort(), resolved[1].sort()];
  for (const [i, url] of resolvedLeft.entries()) {
    const other = resolvedRight[i] as string;
    if (url !== other)
      return { same: false, reason: `resolved urls: ${JSON.stringify(url)} != ${JSON.stringify(other)}` };
  }
  return { same: true };
}

const quoted = (urls: readonly string[]): string => `[${urls.map((url) => JSON.stringify(url)).join(" ")}]`;

/** One spelling for each address and host name; the port is always there. */
function canonical(url: string): string {
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) return url;
  const { protocol, hostname, port } = new URL(url);
  return `${protocol}//${hostname}:${port === "" ? (protocol === "https:" ? "443" : "80") : port}`;
}

async function resolvedUrl(
  url: string,
  resolve: (host: string) => Promise<string>,
  clock: Clock,
  deadlineMs: number,
): Promise<string> {
  const plain = canonical(url);
  const parts = /^(https?:)\/\/(.+):(\d+)$/.exec(plain);
  if (parts === null) return plain;
  const host = (parts[2] as string).replace(/^\[(.*)\]$/, "$1");
  if (host === "localhost" || isIP(host) !== 0) return plain;
  for (;;) {
    try {
      const address = await resolve(host);
      return canonical(`${parts[1]}//${isIP(address) === 6 ? `[${address}]` : address}:${parts[3]}`);
    } catch (cause) {
      if (clock.nowMs() + retryMs > deadlineMs) {
        throw new Error(`failed to resolve ${host}: ${messageOf(cause)}`, { cause });
      }
    }
    await new Promise<void>((next) => void clock.startTimer(retryMs, next));
  }
}

async function firstAddress(host: string): Promise<string> {
  return (await lookup(host)).address;
}
