import { encodeRequest, KvError, membershippb, newRequest } from "@quorate/api";
import { type Clock, hexId, type Logger, type MemberId, type Timer, toRequestId } from "@quorate/base";
import {
  clusterVersionText,
  compareMinor,
  goString,
  type Membership,
  type Outcome,
  parseVersion,
  reportedVersion,
  RequestKind,
  type Version,
} from "@quorate/state";
import type { RequestIds } from "./identity.ts";
import type { ClusterDirectory, MemberOptions } from "./options.ts";
import type { Waiter } from "./waiters.ts";

/** What the duties need from the member. */
export interface DutyHost {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly options: MemberOptions;
  readonly directory: ClusterDirectory;
  readonly ids: RequestIds;
  readonly localId: MemberId;
  readonly clusterId: bigint;
  readonly requestTimeoutMs: number;
  membership(): Membership;
  isLeader(): boolean;
  /** Resolves when a leader is known. */
  whenLed(): Promise<void>;
  propose(kind: number, body: Uint8Array, waiter: Waiter<Outcome>): void;
  /** Proposes an entry that is no `InternalRaftRequest`. */
  proposeRaw(serial: number, data: Uint8Array, waiter: Waiter<Outcome>): void;
}

const monitorMs = 4000;
const joinPollMs = 20;
/** A refusal may come at once, as while a new member still applies what it was sent: there is no hurry to ask again. */
const publishRetryMs = 100;
const firstV3Form: Version = { major: 3, minor: 5, patch: 0 };

/** What every member does by itself: publish its attributes, and, as leader, decide the cluster version. */
export class Duties {
  readonly #host: DutyHost;
  #published = false;
  #stopped = false;
  #monitor: Timer | undefined;
  #deciding = false;
  #onPublished: (() => void)[] = [];

  constructor(host: DutyHost) {
    this.#host = host;
  }

  start(): void {
    this.#publish().catch((error: unknown) => this.#warn("failed to publish", error));
    this.#scheduleMonitor();
  }

  stop(): void {
    this.#stopped = true;
    this.#monitor?.cancel();
  }

  get isPublished(): boolean {
    return this.#published;
  }

  /** Resolves when this member's attributes were applied here. */
  async whenPublished(): Promise<void> {
    if (!this.#published) await new Promise<void>((resolve) => this.#onPublished.push(resolve));
  }

  #warn(message: string, error: unknown): void {
    this.#host.logger.log("warn", message, { error: error instanceof Error ? error.message : String(error) });
  }

  async #publish(): Promise<void> {
    const { options, localId, logger, clusterId } = this.#host;
    while (!this.#stopped) {
      try {
        await this.#publishOnce();
        this.#published = true;
        for (const resolve of this.#onPublished.splice(0)) resolve();
        logger.log("info", "published local member to cluster through raft", {
          "local-member-id": hexId(localId),
          "local-member-attributes": `{Name:${options.name} ClientURLs:[${options.advertiseClientUrls.join(" ")}]}`,
          "cluster-id": hexId(clusterId),
          "publish-timeout": `${this.#host.requestTimeoutMs / 1000}s`,
        });
        return;
      } catch (error) {
        if (this.#stopped || (error instanceof KvError && error.code === "stopped")) return;
        this.#warn("failed to publish local member to cluster through raft", error);
        await new Promise<void>((resolve) => this.#host.clock.startTimer(publishRetryMs, resolve));
      }
    }
  }

  async #publishOnce(): Promise<void> {
    const { options, localId } = this.#host;
    // Whoever elected a leader is up, and so can tell its version.
    await this.#host.whenLed();
    await this.#whenJoined();
    const v2 = await this.#needsV2Form();
    await new Promise<void>((resolve, reject) => {
      const waiter: Waiter<Outcome> = { settle: () => resolve(), fail: reject };
      if (v2) {
        const urls = options.advertiseClientUrls.map(goString).join(",");
        const val = `{"name":${goString(options.name)},"clientURLs":[${urls}]}`;
        this.#proposeV2(`/0/members/${hexId(localId)}/attributes`, val, waiter);
        return;
      }
      const body = membershippb.encodeClusterMemberAttrSetRequest({
        memberId: localId,
        memberAttributes: { name: options.name, clientUrls: [...options.advertiseClientUrls] },
      });
      this.#host.propose(RequestKind.clusterMemberAttrSet, body, waiter);
    });
  }

  /** Waits until the log has told of this member, and so of the version of the cluster that it joins. */
  async #whenJoined(): Promise<void> {
    while (!this.#stopped && this.#host.membership().get(this.#host.localId) === undefined) {
      await new Promise<void>((resolve) => this.#host.clock.startTimer(joinPollMs, resolve));
    }
  }

  #proposeV2(path: string, val: string, waiter: Waiter<Outcome>): void {
    const serial = this.#host.ids.nextSerial();
    const request = { ...newRequest(), id: toRequestId(this.#host.ids.whole(serial)), method: "PUT", path, val };
    this.#host.proposeRaw(serial, encodeRequest(request), waiter);
  }

  /** Members of 3.4 would die of the newer form. */
  async #needsV2Form(): Promise<boolean> {
    const cluster = parseVersion(this.#host.membership().clusterVersion);
    if (cluster !== undefined && compareMinor(cluster, firstV3Form) >= 0) return false;
    const versions = await this.#memberVersions(1000);
    return versions.some((version) => version !== undefined && compareMinor(version, firstV3Form) < 0);
  }

  /** The server versions of all members; undefined for one that does not answer. */
  async #memberVersions(timeoutMs: number): Promise<(Version | undefined)[]> {
    const { localId, options, directory } = this.#host;
    const members = this.#host.membership().list();
    return await Promise.all(
      members.map(async (member) => {
        if (member.id === localId)
          return parseVersion(reportedVersion(options.serverVersion, this.#host.membership().clusterVersion));
        const versions = await directory.versions(member.peerUrls, timeoutMs);
        return versions === undefined ? undefined : parseVersion(versions.server);
      }),
    );
  }

  #scheduleMonitor(): void {
    if (this.#stopped) return;
    this.#monitor = this.#host.clock.startTimer(monitorMs, () => {
      this.checkClusterVersion();
      this.#scheduleMonitor();
    });
  }

  /** As leader, sets or raises the cluster version to the lowest that all members report. */
  checkClusterVersion(): void {
    if (this.#stopped || this.#deciding || !this.#host.isLeader()) return;
    this.#deciding = true;
    this.#decideClusterVersion().then(
      () => {
        this.#deciding = false;
      },
      (error: unknown) => {
        this.#deciding = false;
        this.#warn("failed to update the cluster version", error);
      },
    );
  }

  async #decideClusterVersion(): Promise<void> {
    const current = parseVersion(this.#host.membership().clusterVersion);
    const versions = await this.#memberVersions(this.#host.requestTimeoutMs);
    let lowest: Version | undefined;
    for (const version of versions) {
      if (version === undefined) {
        lowest = undefined;
        break;
      }
      if (lowest === undefined || compareMinor(version, lowest) < 0) lowest = version;
    }
    if (!this.#host.isLeader()) return;
    if (lowest === undefined) {
      if (current === undefined) await this.#setClusterVersion("3.0.0", versions);
      return;
    }
    if (current === undefined || (lowest.major === current.major && compareMinor(lowest, current) > 0)) {
      await this.#setClusterVersion(clusterVersionText(lowest), versions);
    }
  }

  async #setClusterVersion(text: string, versions: readonly (Version | undefined)[]): Promise<void> {
    const v2 = versions.some((version) => version !== undefined && compareMinor(version, firstV3Form) < 0);
    this.#host.logger.log("info", `setting up initial cluster version using ${v2 ? "v2" : "v3"} API`, {
      "cluster-version": text.replace(/\.0$/, ""),
    });
    await new Promise<void>((resolve, reject) => {
      const waiter: Waiter<Outcome> = { settle: () => resolve(), fail: reject };
      if (v2) this.#proposeV2("/0/version", text, waiter);
      else {
        this.#host.propose(
          RequestKind.clusterVersionSet,
          membershippb.encodeClusterVersionSetRequest({ ver: text }),
          waiter,
        );
      }
    });
    this.#host.logger.log("info", "cluster version is updated", { "cluster-version": text.replace(/\.0$/, "") });
  }
}
