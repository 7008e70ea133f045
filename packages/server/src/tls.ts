import type { TlsOptions } from "node:tls";
import type { PeerTls, TlsMaterial } from "@quorate/peer";
import { modifiedAtMs, readBytes } from "@quorate/platform";
import { opensslCipher, type ServerConfig, type TlsConfig } from "./flags/index.ts";

const nodeVersion = (version: "TLS1.2" | "TLS1.3"): "TLSv1.2" | "TLSv1.3" =>
  version === "TLS1.2" ? "TLSv1.2" : "TLSv1.3";

function ciphersOf(config: ServerConfig): string | undefined {
  const names = config.cipherSuites.map((name) => opensslCipher(name)).filter((name) => name !== undefined);
  return names.length === 0 ? undefined : names.join(":");
}

/** Reads files again when one of them was replaced, so that renewed certificates count for new connections. */
class Files {
  readonly #paths: readonly string[];
  #stamp = "";
  #material: TlsMaterial | undefined;
  readonly #read: () => TlsMaterial;

  constructor(paths: readonly string[], read: () => TlsMaterial) {
    this.#paths = paths.filter((path) => path !== "");
    this.#read = read;
  }

  current(): TlsMaterial {
    let stamp = this.#stamp;
    try {
      stamp = this.#paths.map((path) => modifiedAtMs(path)).join();
    } catch (error) {
      // Files may be missing for a moment while they are replaced; what was read last still serves.
      if (this.#material === undefined) throw error;
    }
    if (this.#material === undefined || stamp !== this.#stamp) {
      this.#material = this.#read();
      this.#stamp = stamp;
    }
    return this.#material;
  }
}

const hasTls = (tls: TlsConfig): boolean => tls.certFile !== "" && tls.keyFile !== "";

/** TLS towards peers; undefined when no certificate is configured. */
export function peerTls(config: ServerConfig): PeerTls | undefined {
  const tls = config.peerTls;
  if (!hasTls(tls)) return undefined;
  const files = new Files(
    [tls.certFile, tls.keyFile, tls.trustedCaFile, tls.clientCertFile, tls.clientKeyFile],
    () => ({
      cert: readBytes(tls.certFile),
      key: readBytes(tls.keyFile),
      ...(tls.trustedCaFile === "" ? {} : { ca: [readBytes(tls.trustedCaFile)] }),
      ...(tls.crlFile === "" ? {} : { crl: readBytes(tls.crlFile) }),
      ...(tls.clientCertFile === "" ? {} : { clientCert: readBytes(tls.clientCertFile) }),
      ...(tls.clientKeyFile === "" ? {} : { clientKey: readBytes(tls.clientKeyFile) }),
    }),
  );
  const cipherSuites = ciphersOf(config)?.split(":");
  return {
    material: () => files.current(),
    clientCertAuth: tls.clientCertAuth,
    skipClientSanVerification: tls.skipClientSanVerification,
    minVersion: nodeVersion(config.tlsMinVersion),
    ...(config.tlsMaxVersion === undefined ? {} : { maxVersion: nodeVersion(config.tlsMaxVersion) }),
    ...(tls.allowedCommonNames[0] === undefined ? {} : { allowedCn: tls.allowedCommonNames[0] }),
    ...(tls.allowedHostnames[0] === undefined ? {} : { allowedHostname: tls.allowedHostnames[0] }),
    ...(cipherSuites === undefined ? {} : { cipherSuites }),
  };
}

/** TLS towards clients, as `tls.createServer` takes it; undefined when no certificate is configured. */
export function clientTls(config: ServerConfig): TlsOptions | undefined {
  const tls = config.clientTls;
  if (!hasTls(tls)) return undefined;
  const ciphers = ciphersOf(config);
  return {
    cert: readBytes(tls.certFile),
    key: readBytes(tls.keyFile),
    minVersion: nodeVersion(config.tlsMinVersion),
    ...(config.tlsMaxVersion === undefined ? {} : { maxVersion: nodeVersion(config.tlsMaxVersion) }),
    ...(tls.trustedCaFile === "" ? {} : { ca: [readBytes(tls.trustedCaFile)] }),
    ...(tls.crlFile === "" ? {} : { crl: readBytes(tls.crlFile) }),
    ...(ciphers === undefined ? {} : { ciphers }),
    requestCert: tls.clientCertAuth,
    rejectUnauthorized: tls.clientCertAuth,
  };
}
