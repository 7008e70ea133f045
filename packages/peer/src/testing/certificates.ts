import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TlsMaterial } from "../tls.ts";

const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];

/** Certificates made with `openssl` in a folder of their own, valid for two days. */
export class Certificates {
  readonly #folder: string = mkdtempSync(join(tmpdir(), "quorate-peer-tls-"));

  /** Makes an authority. */
  authority(name: string): void {
    const files = ["-keyout", `${name}.key`, "-out", `${name}.pem`];
    this.#openssl("req", "-x509", ...newKey, "-days", "2", "-subj", `/CN=${name}`, ...files);
  }

  /** Makes a certificate `name` for both sides, signed by the authority `ca`, with these alternative names. */
  certificate(name: string, ca: string, commonName: string, san: string): void {
    const names = san === "" ? "" : `subjectAltName=${san}\n`;
    writeFileSync(this.path(`${name}.ext`), `${names}extendedKeyUsage=serverAuth,clientAuth\n`);
    const request = ["-keyout", `${name}.key`, "-out", `${name}.csr`];
    this.#openssl("req", ...newKey, "-subj", `/CN=${commonName}`, ...request);
    const signer = ["-CA", `${ca}.pem`, "-CAkey", `${ca}.key`, "-CAcreateserial"];
    const files = ["-in", `${name}.csr`, "-extfile", `${name}.ext`, "-out", `${name}.pem`];
    this.#openssl("x509", "-req", "-days", "2", ...signer, ...files);
  }

  path(file: string): string {
    return join(this.#folder, file);
  }

  read(file: string): string {
    return readFileSync(this.path(file), "utf8");
  }

  /** What a member shows that has the certificate `name` and trusts the authority `ca`. */
  material(name: string, ca = "ca"): TlsMaterial {
    return { cert: this.read(`${name}.pem`), key: this.read(`${name}.key`), ca: [this.read(`${ca}.pem`)] };
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #openssl(...args: string[]): void {
    execFileSync("openssl", args, { cwd: this.#folder, stdio: ["ignore", "ignore", "pipe"], timeout: 20_000 });
  }
}
