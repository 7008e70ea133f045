import { lookup, lookupService } from "node:dns/promises";
import { isIP } from "node:net";
import {
  type ConnectionOptions,
  checkServerIdentity,
  type PeerCertificate,
  type SecureContextOptions,
  type SecureVersion,
  type TLSSocket,
  type TlsOptions,
} from "node:tls";

/** Certificates and keys in PEM. */
export interface TlsMaterial {
  readonly cert: string | Uint8Array;
  readonly key: string | Uint8Array;
  /** Trusted authorities; without them those of the system. */
  readonly ca?: readonly (string | Uint8Array)[];
  /** Revoked certificates. */
  readonly crl?: string | Uint8Array;
  /** What this member shows when it dials, where that is another certificate. */
  readonly clientCert?: string | Uint8Array;
  readonly clientKey?: string | Uint8Array;
}

/** How peers prove who they are, in the terms of etcd's `--peer-*` flags. */
export interface PeerTls {
  /** Called for each connection, so that renewed files count at once; returns the same object while nothing changed. */
  material(): TlsMaterial;
  /** Requires a client certificate of a trusted authority. */
  readonly clientCertAuth: boolean;
  /** The common name that the other side's certificate must have. */
  readonly allowedCn?: string;
  /** A name that the other side's certificate must be valid for. */
  readonly allowedHostname?: string;
  /** Does not compare a client certificate's names with the address it comes from. */
  readonly skipClientSanVerification?: boolean;
  /** Accepts any server certificate, as with certificates that each member made for itself. */
  readonly skipServerVerification?: boolean;
  readonly minVersion?: SecureVersion;
  readonly maxVersion?: SecureVersion;
  /** OpenSSL cipher names. */
  readonly cipherSuites?: readonly string[];
}

/** A handshake may take so long. */
export const handshakeTimeoutMs: number = 10_000;

function contextOf(tls: PeerTls, cert: string | Uint8Array, key: string | Uint8Array): SecureContextOptions {
  const material = tls.material();
  const buffers = (pem: string | Uint8Array): string | Buffer => (typeof pem === "string" ? pem : Buffer.from(pem));
  return {
    cert: buffers(cert),
    key: buffers(key),
    minVersion: tls.minVersion ?? "TLSv1.2",
    ...(material.ca === undefined ? {} : { ca: material.ca.map(buffers) }),
    ...(material.crl === undefined ? {} : { crl: buffers(material.crl) }),
    ...(tls.maxVersion === undefined ? {} : { maxVersion: tls.maxVersion }),
    ...(tls.cipherSuites === undefined ? {} : { ciphers: tls.cipherSuites.join(":") }),
  };
}

/** The options of a dial; who is dialed is checked against the certificate unless the settings say otherwise. */
export function clientTlsOptions(tls: PeerTls): ConnectionOptions {
  const { cert, key, clientCert, clientKey } = tls.material();
  return {
    ...contextOf(tls, clientCert ?? cert, clientKey ?? key),
    rejectUnauthorized: tls.skipServerVerification !== true,
    checkServerIdentity: (host, certificate) =>
      checkServerIdentity(host, certificate) ?? refusedServer(tls, certificate),
  };
}

/** A certificate with several common names has none that counts. */
function refusedName(tls: PeerTls, certificate: PeerCertificate): string | undefined {
  const name = certificate.subject.CN;
  if (tls.allowedCn === undefined || name === tls.allowedCn) return undefined;
  return `CommonName authentication failed: ${JSON.stringify(name)} is not ${tls.allowedCn}`;
}

function refusedServer(tls: PeerTls, certificate: PeerCertificate): Error | undefined {
  const refusal = refusedName(tls, certificate);
  if (refusal !== undefined) return new Error(refusal);
  return tls.allowedHostname === undefined ? undefined : checkServerIdentity(tls.allowedHostname, certificate);
}

/** The secure context of a listener; made anew when the material changed. */
export function serverContextOptions(tls: PeerTls): SecureContextOptions {
  const { cert, key } = tls.material();
  return contextOf(tls, cert, key);
}

/** The options of a listener. A trusted authority makes client certificates mandatory, as with etcd. */
export function serverTlsOptions(tls: PeerTls): TlsOptions {
  const required = tls.clientCertAuth || tls.material().ca !== undefined;
  return {
    ...serverContextOptions(tls),
    requestCert: required,
    rejectUnauthorized: required,
    handshakeTimeout: handshakeTimeoutMs,
    ALPNProtocols: ["http/1.1"],
  };
}

/**
 * Checks a client's certificate after the handshake: common name, host name, and that its names and addresses
 * include the address it comes from.
 *
 * @returns why the client is refused, undefined when it is welcome.
 */
export async function refusedClient(tls: PeerTls, socket: TLSSocket): Promise<string | undefined> {
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return undefined;
  const refusal = refusedName(tls, socket.getPeerCertificate());
  if (refusal !== undefined) return refusal;
  if (tls.allowedHostname !== undefined && certificate.checkHost(tls.allowedHostname) === undefined) {
    return `the certificate is not valid for ${tls.allowedHostname}`;
  }
  if (tls.skipClientSanVerification === true) return undefined;
  const remote = (socket.remoteAddress ?? "").replace(/^::ffff:(?=\d+\.)/, "");
  const names = certificate.subjectAltName ?? "";
  return (await isNamed(names, remote)) ? undefined : `tls: ${JSON.stringify(remote)} does not match any of: ${names}`;
}

/** Tells whether subject alternative names include an address, by itself or by a name that resolves to it. */
async function isNamed(names: string, remote: string): Promise<boolean> {
  const addresses = [...names.matchAll(/IP Address:([^,\s]+)/g)].map((match) => match[1] as string);
  const hosts = [...names.matchAll(/DNS:([^,\s]+)/g)].map((match) => (match[1] as string).toLowerCase());
  if (addresses.length === 0 && hosts.length === 0) return true;
  if (isIP(remote) === 0) return false;
  if (addresses.some((address) => canonicalIp(address) === canonicalIp(remote))) return true;
  if (hosts.length === 0) return false;
  const reverse = await lookupService(remote, 0).then(
    (found) => found.hostname.replace(/\.$/, "").toLowerCase(),
    () => "",
  );
  if (hosts.some((host) => matchesHost(host, reverse))) return true;
  for (const host of hosts) {
    if (host.includes("*")) continue;
    const found = await lookup(host, { all: true }).catch(() => []);
    if (found.some(({ address }) => canonicalIp(address) === canonicalIp(remote))) return true;
  }
  return false;
}

/** A wildcard stands for exactly the first label. */
function matchesHost(pattern: string, host: string): boolean {
  if (host === "") return false;
  if (!pattern.startsWith("*.")) return pattern === host;
  const dot = host.indexOf(".");
  return dot > 0 && host.slice(dot) === pattern.slice(1);
}

/** One spelling for each address; certificates print IPv6 in full, sockets in short. */
function canonicalIp(address: string): string {
  if (isIP(address) !== 6) return address;
  return new URL(`http://[${address}]`).hostname;
}
