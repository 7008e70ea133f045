/** Checks of certificates, which etcd makes on its way up. */
import type { ServerConfig, TlsConfig } from "./config.ts";
import { goQuote } from "./go-values.ts";
import type { FlagProblem, Notice } from "./outcome.ts";
import { opensslCipher } from "./tls-names.ts";
import type { MemberUrl } from "./urls.ts";
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
