/** URLs of listeners and members, judged as etcd judges them. */
import { goQuote, ValueError } from "./go-values.ts";

/** An address to listen on or to advertise. */
export interface MemberUrl {
  readonly scheme: "http" | "https" | "unix" | "unixs";
  /** Without the brackets of an IPv6 address; for unix schemes all that follows the scheme. */
  readonly host: string;
  /** 0 to 65535; 0 for unix schemes. */
  readonly port: number;
  /** The URL as it is compared, hashed and printed. */
  readonly text: string;
}

function parseFailure(text: string, why: string): ValueError {
  return new ValueError(`parse ${goQuote(text)}: ${why}`);
}

function hasControl(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x20 || unit === 0x7f) return true;
  }
  return false;
}

/** Splits off the scheme, or says why what is there is none. */
function splitScheme(text: string): readonly [scheme: string, rest: string] {
  const match = /^([a-zA-Z][a-zA-Z0-9+.-]*):(.*)$/s.exec(text);
  if (match !== null) return [(match[1] as string).toLowerCase(), match[2] as string];
  if (text.startsWith(":")) throw parseFailure(text, "missing protocol scheme");
  const slash = text.indexOf("/");
  const segment = slash < 0 ? text : text.slice(0, slash);
  if (segment.includes(":")) throw parseFailure(text, "first path segment in URL cannot contain colon");
  return ["", text];
}

/** Splits an authority into host and port text; `port` is undefined when none is written. */
function splitAuthority(text: string, authority: string): readonly [host: string, port: string | undefined] {
  if (authority.startsWith("[")) {
    const close = authority.lastIndexOf("]");
    if (close < 0) throw parseFailure(text, "missing ']' in host");
    const after = authority.slice(close + 1);
    if (after !== "" && !/^:\d*$/.test(after)) throw parseFailure(text, `invalid port ${goQuote(after)} after host`);
    return [authority.slice(1, close), after === "" ? undefined : after.slice(1)];
  }
  const colon = authority.lastIndexOf(":");
  if (colon < 0) return [authority, undefined];
  const after = authority.slice(colon);
  if (!/^:\d*$/.test(after)) throw parseFailure(text, `invalid port ${goQuote(after)} after host`);
  return [authority.slice(0, colon), after.slice(1)];
}

/**
 * Parses one URL: http or https with host, port and no path, or unix and unixs with anything.
 *
 * @throws ValueError with etcd's text. Unlike etcd, a port that is empty or above 65535 is refused here,
 * not when the listener fails.
 */
function parseMemberUrl(input: string): MemberUrl {
  const text = input.trim();
  if (hasControl(text)) throw parseFailure(text, "net/url: invalid control character in URL");
  const [scheme, rest] = splitScheme(text);
  if (scheme === "unix" || scheme === "unixs") {
    return { scheme, host: rest.replace(/^\/\//, ""), port: 0, text: `${scheme}:${rest}` };
  }
  const authorityEnd = rest.startsWith("//") ? rest.slice(2).search(/[/?#]/) : 0;
  const authority = rest.startsWith("//") ? (authorityEnd < 0 ? rest.slice(2) : rest.slice(2, 2 + authorityEnd)) : "";
  const [host, port] = splitAuthority(text, authority.slice(authority.lastIndexOf("@") + 1));
  if (scheme !== "http" && scheme !== "https") {
    throw new ValueError(`URL scheme must be http, https, unix, or unixs: ${text}`);
  }
  if (port === undefined || port === "" || Number(port) > 65535 || (host.includes(":") && !authority.includes("["))) {
    throw new ValueError(`URL address does not have the form "host:port": ${text}`);
  }
  const after = authorityEnd < 0 ? "" : rest.slice(2 + authorityEnd);
  if (after.startsWith("/")) throw new ValueError(`URL must not contain a path: ${text}`);
  return { scheme, host, port: Number(port), text: `${scheme}:${rest}` };
}

/** Parses a list, without duplicates, sorted by text as etcd sorts it. */
export function parseMemberUrls(texts: readonly string[]): MemberUrl[] {
  const urls = new Map<string, MemberUrl>();
  for (const text of texts) {
    const url = parseMemberUrl(text);
    urls.set(url.text, url);
  }
  return [...urls.values()].sort(byText);
}

function byText(a: MemberUrl, b: MemberUrl): number {
  return a.text < b.text ? -1 : a.text > b.text ? 1 : 0;
}

/** Tells whether `host` is an IPv4 or IPv6 address, with no zone. */
function isIpAddress(host: string): boolean {
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(host)) {
    return host.split(".").every((part) => Number(part) <= 255 && String(Number(part)) === part);
  }
  if (!/^[0-9a-fA-F:.]+$/.test(host) || !host.includes(":")) return false;
  const v4 = /:(\d{1,3}(\.\d{1,3}){3})$/.exec(host);
  if (v4 !== null) {
    return isIpAddress(v4[1] as string) && isIpAddress(`${host.slice(0, v4.index)}:0:0`);
  }
  const halves = host.split("::");
  if (halves.length > 2 || host.includes(".")) return false;
  const groups = halves.flatMap((half) => (half === "" ? [] : half.split(":")));
  if (!groups.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return false;
  return halves.length === 2 ? groups.length <= 7 : groups.length === 8;
}

/** Why `url` cannot be bound: only literal addresses and `localhost` can. Undefined when it can. */
export function bindProblem(url: MemberUrl): string | undefined {
  if (url.scheme === "unix" || url.scheme === "unixs" || url.host === "localhost" || isIpAddress(url.host)) {
    return undefined;
  }
  return `expected IP in URL for binding (${url.text})`;
}

/**
 * Parses `n1=url,n1=url2,n2=url`. A name may repeat: the member has several URLs.
 *
 * @returns names in the order in which they first stand, each with its URLs sorted.
 * @throws ValueError with etcd's text for an unusable URL.
 */
export function parseInitialCluster(text: string): Map<string, MemberUrl[]> {
  const texts = new Map<string, string[]>();
  for (const pair of text.split(",")) {
    if (pair === "") continue;
    const equals = pair.indexOf("=");
    const name = equals < 0 ? pair : pair.slice(0, equals);
    const urls = texts.get(name) ?? [];
    urls.push(equals < 0 ? "" : pair.slice(equals + 1));
    texts.set(name, urls);
  }
  const cluster = new Map<string, MemberUrl[]>();
  for (const [name, urls] of texts) cluster.set(name, urls.map(parseMemberUrl).sort(byText));
  return cluster;
}
