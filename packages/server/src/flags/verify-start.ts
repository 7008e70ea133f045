/** Checks that etcd makes on its way up: certificates, and the founding of a cluster. */
import type { ServerConfig, TlsConfig } from "./config.ts";
import { goQuote, ValueError } from "./go-values.ts";
import type { FlagProblem, Notice } from "./outcome.ts";
import { opensslCipher } from "./tls-names.ts";
import { formatCluster, type MemberUrl, parseInitialCluster } from "./urls.ts";
import { securedUrls } from "./verify.ts";

/** Tells why a file cannot be read, in the operating system's words; undefined when it can. */
export type FileProblem = (path: string) => string | undefined;

function problem(flag: string, message: string): FlagProblem {
  return { stage: "start", flag, message };
}

function certificateProblem(side: "client" | "peer", tls: TlsConfig, readable: FileProblem): FlagProblem | undefined {
  const prefix = side === "client" ? "" : "peer-";
  if ((tls.certFile === "") !== (tls.keyFile === "")) {
    const missing = tls.certFile === "" ? `--${prefix}cert-file` : `--${prefix}key-file`;
    const message = `KeyFile and CertFile must both be present[key: ${tls.keyFile}, cert: ${tls.certFile}]`;
    return problem(missing, message);
  }
  if (tls.allowedCommonNames.length > 0 && tls.allowedHostnames.length > 0) {
    const flags = "--peer-cert-allowed-cn and --peer-cert-allowed-hostname";
    return problem("--peer-cert-allowed-cn", `${flags} are mutually exclusive`);
  }
  const files: readonly (readonly [string, string])[] = [
    [`--${prefix}cert-file`, tls.certFile],
    [`--${prefix}key-file`, tls.keyFile],
    [`--${prefix}trusted-ca-file`, tls.trustedCaFile],
    [side === "client" ? "--client-crl-file" : "--peer-crl-file", tls.crlFile],
    [`--${prefix}client-cert-file`, tls.clientCertFile],
    [`--${prefix}client-key-file`, tls.clientKeyFile],
  ];
  for (const [flag, path] of files) {
    const why = path === "" ? undefined : readable(path);
    if (why !== undefined) return problem(flag, `${why} (given by ${flag})`);
  }
  return undefined;
}

function address(url: MemberUrl): string {
  return url.host.includes(":") ? `[${url.host}]:${url.port}` : `${url.host}:${url.port}`;
}

/** Finds what is wrong with certificates and https URLs; files are looked for, not parsed. */
export function verifyTls(config: ServerConfig, readable: FileProblem): FlagProblem | undefined {
  const unknown = config.cipherSuites.find((suite) => opensslCipher(suite) === undefined);
  if (unknown !== undefined) return problem("--cipher-suites", `unexpected TLS cipher suite ${goQuote(unknown)}`);
  const { clientTls, peerTls } = config;
  const peer = securedUrls(config.listenPeerUrls)[0];
  if (peer !== undefined && peerTls.certFile === "" && peerTls.keyFile === "" && !peerTls.autoTls) {
    const message = `cannot listen on TLS for ${address(peer)}: KeyFile and CertFile are not presented`;
    return problem("--peer-cert-file", message);
  }
  const given = "(--cert-file, --key-file) must be provided for";
  const clientBare = clientTls.certFile === "" && clientTls.keyFile === "" && !clientTls.autoTls;
  const client = securedUrls([...config.listenClientUrls, ...config.listenClientHttpUrls])[0];
  if (client !== undefined && clientBare) {
    return problem("--cert-file", `TLS key/cert ${given} client url ${client.text} with HTTPS scheme`);
  }
  const both = config.listenClientHttpUrls.find((url) =>
    config.listenClientUrls.some((other) => other.text === url.text),
  );
  if (both !== undefined) {
    const message = `cannot bind both --listen-client-urls and --listen-client-http-urls on the same url ${both.text}`;
    return problem("--listen-client-http-urls", message);
  }
  const metrics = securedUrls(config.listenMetricsUrls)[0];
  if (metrics !== undefined && clientBare) {
    return problem("--cert-file", `client TLS key/cert ${given} metrics secure url ${metrics.text}`);
  }
  return certificateProblem("peer", peerTls, readable) ?? certificateProblem("client", clientTls, readable);
}

/** Warnings about certificates that no URL uses. */
export function tlsNotices(config: ServerConfig): Notice[] {
  const notices: Notice[] = [];
  const warn = (message: string, fields: Notice["fields"]): void => {
    notices.push({ level: "warn", message, fields });
  };
  const look = (side: "peer" | "client", tls: TlsConfig, urls: readonly MemberUrl[]): void => {
    const scheme = side === "peer" ? "scheme is HTTP" : "scheme is http or unix";
    const flag = side === "peer" ? "--peer-client-cert-auth" : "--client-cert-auth";
    const fields = (url: MemberUrl): Notice["fields"] => ({ [`${side}-url`]: url.text });
    for (const url of urls) {
      if (url.scheme !== "http" && (side === "peer" || url.scheme !== "unix")) continue;
      if (tls.certFile !== "" || tls.keyFile !== "") {
        warn(`${scheme} while key and cert files are present; ignoring key and cert files`, fields(url));
      }
      if (tls.clientCertAuth)
        warn(`${scheme} while ${flag} is enabled; ignoring client cert auth for this URL`, fields(url));
    }
  };
  look("peer", config.peerTls, config.listenPeerUrls);
  look("client", config.clientTls, config.listenClientUrls);
  return notices;
}

/** Resolves a host name to addresses; used only where texts differ. */
export type ResolveHost = (host: string) => Promise<readonly string[]>;

async function resolved(url: MemberUrl, resolve: ResolveHost): Promise<string> {
  // Names are compared by what they mean, except the loopback name, which etcd leaves alone.
  if (url.host === "localhost" || url.scheme === "unix" || url.scheme === "unixs") return url.text;
  const addresses = await resolve(url.host);
  const first = [...addresses].sort()[0] ?? url.host;
  return `${url.scheme}://${address({ ...url, host: first })}`;
}

async function sameUrls(
  a: readonly MemberUrl[],
  b: readonly MemberUrl[],
  resolve: ResolveHost,
): Promise<string | undefined> {
  const texts = (urls: readonly MemberUrl[]): string => `[${urls.map((url) => goQuote(url.text)).join(" ")}]`;
  if (a.length !== b.length) return `len(${texts(a)}) != len(${texts(b)})`;
  if (a.every((url, i) => url.text === b[i]?.text)) return undefined;
  try {
    const left = (await Promise.all(a.map((url) => resolved(url, resolve)))).sort();
    const right = (await Promise.all(b.map((url) => resolved(url, resolve)))).sort();
    const at = left.findIndex((text, i) => text !== right[i]);
    return at < 0 ? undefined : `resolved urls: ${goQuote(left[at] as string)} != ${goQuote(right[at] as string)}`;
  } catch (error) {
    return `failed to resolve url: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function mismatch(config: ServerConfig, mine: readonly MemberUrl[], why: string): FlagProblem {
  const advertised = config.initialAdvertisePeerUrls;
  const flag = "--initial-advertise-peer-urls";
  const has = (urls: readonly MemberUrl[], text: string): boolean => urls.some((url) => url.text === text);
  const own = formatCluster(new Map([[config.name, advertised]]));
  const text = advertised.map((url) => url.text).join(",");
  const absent = [...new Set(mine.map((url) => url.text))].filter((url) => !has(advertised, url));
  if (absent.length > 0) {
    const pairs = absent.map((url) => `${config.name}=${url}`).join(",");
    return problem(flag, `--initial-cluster has ${pairs} but missing from ${flag}=${text} (${why})`);
  }
  const extra = advertised.map((url) => url.text).filter((url) => !has(mine, url));
  if (extra.length > 0)
    return problem(flag, `${flag} has ${extra.join(",")} but missing from --initial-cluster=${own}`);
  return problem(flag, `failed to resolve ${text} to match --initial-cluster=${own} (${why})`);
}

/** The outcome of judging `--initial-cluster`. */
export type InitialCluster =
  | { readonly ok: true; readonly cluster: ReadonlyMap<string, readonly MemberUrl[]> }
  | { readonly ok: false; readonly problem: FlagProblem };

/**
 * Judges the founding or joining of a cluster. To be called only when no write-ahead log exists: with one,
 * all flags about the founding are ignored.
 *
 * @param resolve asked only when the URLs differ by text and the cluster is new.
 */
export async function verifyInitialCluster(config: ServerConfig, resolve: ResolveHost): Promise<InitialCluster> {
  const flag = "--initial-cluster";
  const refuse = (why: FlagProblem): InitialCluster => ({ ok: false, problem: why });
  let cluster: Map<string, MemberUrl[]>;
  try {
    cluster = parseInitialCluster(config.initialCluster);
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    return refuse(problem(flag, `error setting up initial cluster: ${error.message}`));
  }
  const mine = cluster.get(config.name);
  if (mine === undefined) {
    const name = goQuote(config.name);
    return refuse(problem("--name", `couldn't find local name ${name} in the initial cluster configuration`));
  }
  if (config.initialClusterState === "new") {
    const why = await sameUrls(config.initialAdvertisePeerUrls, mine, resolve);
    if (why !== undefined) return refuse(mismatch(config, mine, why));
  }
  const texts = [...cluster.values()].flat().map((url) => url.text);
  if (new Set(texts).size !== texts.length) {
    return refuse(problem(flag, `initial cluster ${formatCluster(cluster)} has duplicate url`));
  }
  return { ok: true, cluster };
}
