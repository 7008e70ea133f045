import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

/** A version of etcd that is installed: its server and its command line client. */
export interface RealEtcd {
  readonly version: string;
  readonly server: string;
  readonly ctl: string;
}

/** What there is of etcd: the versions built into the repository, and Debian's in the usual place. */
export function installedEtcds(): RealEtcd[] {
  const built = resolve(import.meta.dirname, "../../../../.peers/bin");
  const candidates = ["3.5", "3.6", "3.7"].map((version) => ({
    version,
    server: join(built, `etcd-${version}`),
    ctl: join(built, `etcdctl-${version}`),
  }));
  candidates.unshift({ version: "3.4", server: "/usr/bin/etcd", ctl: "/usr/bin/etcdctl" });
  return candidates.filter(({ server, ctl }) => existsSync(server) && existsSync(ctl));
}

/** Returns a port that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const server = createServer();
    server.once("error", fail);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => done(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}

/** One running member of a real etcd, alone in its cluster at first. */
export class EtcdProcess {
  readonly peerUrl: string;
  readonly clientUrl: string;
  readonly #etcd: RealEtcd;
  readonly #folder: string;
  readonly #child: ChildProcess;
  #output = "";

  private constructor(etcd: RealEtcd, name: string, peerUrl: string, clientPort: number, flags: readonly string[]) {
    this.#etcd = etcd;
    this.peerUrl = peerUrl;
    this.clientUrl = `http://127.0.0.1:${clientPort}`;
    this.#folder = mkdtempSync(join(tmpdir(), "quorate-peer-etcd-"));
    const own = [
      `--name=${name}`,
      `--data-dir=${join(this.#folder, "data")}`,
      `--listen-client-urls=${this.clientUrl}`,
      `--advertise-client-urls=${this.clientUrl}`,
      `--listen-peer-urls=${this.peerUrl}`,
      `--initial-advertise-peer-urls=${this.peerUrl}`,
      "--logger=zap",
    ];
    this.#child = spawn(etcd.server, [...own, ...flags], { stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on("data", (chunk: Buffer) => {
        this.#output = (this.#output + chunk.toString()).slice(-200_000);
      });
    }
  }

  /** Starts the first member `n1` of a new cluster and waits until it takes writes. */
  static async start(etcd: RealEtcd, flags: readonly string[] = []): Promise<EtcdProcess> {
    const secure = flags.some((flag) => flag.startsWith("--peer-cert-file") || flag === "--peer-auto-tls");
    const peerUrl = `${secure ? "https" : "http"}://127.0.0.1:${await freePort()}`;
    const all = [`--initial-cluster=n1=${peerUrl}`, ...flags];
    const started = new EtcdProcess(etcd, "n1", peerUrl, await freePort(), all);
    for (let attempt = 0; ; attempt++) {
      try {
        started.ctl("put", "started", "yes");
        return started;
      } catch (cause) {
        if (attempt < 20 && started.running()) continue;
        await started.stop();
        throw new Error(`etcd ${etcd.version} does not start: ${started.output().slice(-2_000)}`, { cause });
      }
    }
  }

  /** Starts a member of a cluster that exists; others decide when it serves. */
  static async join(etcd: RealEtcd, name: string, peerUrl: string, initialCluster: string): Promise<EtcdProcess> {
    const flags = [`--initial-cluster=${initialCluster}`, "--initial-cluster-state=existing"];
    return new EtcdProcess(etcd, name, peerUrl, await freePort(), flags);
  }

  running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** The end of what it logged. */
  output(): string {
    return this.#output;
  }

  /** Runs etcdctl against it. */
  ctl(...args: string[]): string {
    const env = { ...process.env, ETCDCTL_API: "3" };
    const all = [`--endpoints=${this.clientUrl}`, "--dial-timeout=1s", "--command-timeout=3s", ...args];
    return execFileSync(this.#etcd.ctl, all, {
      env,
      encoding: "utf8",
      timeout: 10_000,
      stdio: ["ignore", "pipe", "pipe"],
    });
  }

  async stop(): Promise<void> {
    if (this.running()) {
      const exited = once(this.#child, "exit");
      this.#child.kill("SIGKILL");
      await exited;
    }
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
