import type { ClusterId, MemberId } from "@quorate/base";
import type { OutgoingDatabase, PeerLink } from "@quorate/member";
import { decodeMessage, encodeMessage, type Message, MessageType } from "@quorate/raft";
import type { Dice } from "./dice.ts";
import { DeadProcessError } from "./disk.ts";
import type { Host, MessageWatcher } from "./host.ts";
import { EventKind, type Kernel, type Life } from "./kernel.ts";
import { Way } from "./link.ts";
import { SnapshotTransfer } from "./transfer.ts";

/** Connections that nothing comes through count as alive for this long. */
const detectUs = 5_000_000;
/** A broken connection is made again after this time. */
const redialUs = 100_000;
/** So often somebody who dials in vain is heard of. */
const redialsInVain = 3;
const replayKept = 16;

export class Network {
  readonly kernel: Kernel;
  readonly dice: Dice;
  readonly hosts: Map<string, Host> = new Map();
  watcher: MessageWatcher | undefined;
  /** Filled with old messages while somebody wants to replay them. */
  readonly old: { readonly to: Host; readonly bytes: Uint8Array }[] = [];
  keepsOld = false;
  /** Members do not tell that they were started: a new process is let in under the identity of an old one, as in etcd. */
  hidesStarted = false;
  readonly #latencyUs: number;
  readonly #jitterUs: number;
  readonly #ways: (Way | undefined)[][] = [];

  constructor(kernel: Kernel, dice: Dice, latencyUs: number, jitterUs: number) {
    this.kernel = kernel;
    this.dice = dice;
    this.#latencyUs = latencyUs;
    this.#jitterUs = jitterUs;
  }

  way(from: Host, to: Host): Way {
    let ways = this.#ways[from.number];
    if (ways === undefined) {
      ways = [];
      this.#ways[from.number] = ways;
    }
    let way = ways[to.number];
    if (way === undefined) {
      way = new Way(this.kernel);
      ways[to.number] = way;
    }
    return way;
  }

  travelUs(way: Way): number {
    const jitterUs = this.#jitterUs + way.delayJitterUs;
    return this.#latencyUs + way.delayUs + (jitterUs === 0 ? 0 : this.dice.below(jitterUs + 1));
  }

  /** The first host that listens at one of these URLs. */
  hostAt(urls: readonly string[]): Host | undefined {
    for (const url of urls) {
      const host = this.hosts.get(url);
      if (host !== undefined) return host;
    }
    return undefined;
  }

  /** Since when both ways between two running hosts have been open, in real time; 0 when they are not. */
  connectedSinceUs(from: Host, to: Host): number {
    const { nowUs } = this.kernel;
    if (to.member === undefined || from.member === undefined) return 0;
    const there = this.way(from, to);
    const back = this.way(to, from);
    let sinceUs = Math.max(from.listeningUs, to.listeningUs);
    for (const way of [there, back]) {
      if (way.cut) {
        if (nowUs - way.cutUs >= detectUs) return 0;
      } else if (way.mendedUs > 0) sinceUs = Math.max(sinceUs, way.mendedUs + redialUs);
    }
    return sinceUs <= nowUs ? Math.max(1, sinceUs) : 0;
  }

  /** Removes all troubles of all ways. */
  mendAll(): void {
    for (const ways of this.#ways) for (const way of ways ?? []) way?.mend();
  }

  /**
   * The process of a machine has ended: whoever was connected dials again, and finds nobody listening.
   *
   * @param refuses whether the machine still runs, without that process.
   */
  closePorts(gone: Host, refuses: () => boolean): void {
    for (const host of new Set(this.hosts.values())) {
      if (host !== gone && host.life !== undefined) this.#dialInVain(host, host.life, gone, refuses);
    }
  }

  #dialInVain(host: Host, life: Life, gone: Host, refuses: () => boolean): void {
    const there = this.way(host, gone);
    const back = this.way(gone, host);
    let left = redialsInVain;
    const dial = (): void => {
      if (!refuses()) return;
      const passes = [there, back].every(({ cut, halfOpen }) => !cut && !halfOpen);
      if (passes) host.onRefused(gone);
      left -= 1;
      if (left > 0) this.kernel.after(redialUs, EventKind.message, life, dial);
    };
    // It learns of the end, asks, and is refused.
    const travelUs = 2 * (this.#latencyUs + back.delayUs) + this.#latencyUs + there.delayUs;
    this.kernel.after(travelUs, EventKind.message, life, dial);
  }

  /**
   * Sends encoded bytes; `deliver` runs at the receiver.
   *
   * @param once never twice: a proposal that came twice would be two proposals, and the protocol's streams do not do that.
   */
  carry(from: Host, to: Host, bytes: Uint8Array, stream: 0 | 1, once: boolean, deliver: () => void): void {
    const { dice } = this;
    const way = this.way(from, to);
    if (way.cut || way.halfOpen || (way.loss > 0 && dice.chance(way.loss))) return;
    const copies = !once && way.duplicate > 0 && dice.chance(way.duplicate) ? 2 : 1;
    const { connection } = way;
    for (let copy = 0; copy < copies; copy++) {
      const loose = copy > 0 || (way.reorder > 0 && dice.chance(way.reorder));
      const extraUs = loose ? dice.below(50_000) : 0;
      const atUs = way.arrivalUs(this.travelUs(way) + extraUs, bytes.length, stream, loose);
      this.kernel.at(atUs, EventKind.message, to.life, () => {
        if (way.connection !== connection || way.cut) return;
        deliver();
      });
    }
  }

  /** Keeps a message, so that it can come again when its time is long over. */
  keep(to: Host, bytes: Uint8Array): void {
    if (!this.keepsOld) return;
    if (this.old.length < replayKept) this.old.push({ to, bytes });
    else if (this.dice.chance(20)) this.old[this.dice.below(replayKept)] = { to, bytes };
  }

  /** Lets some old messages come once more. */
  replay(): void {
    for (const { to, bytes } of this.old) {
      if (!this.dice.chance(500) || to.life === undefined) continue;
      this.kernel.after(this.dice.below(200_000), EventKind.message, to.life, () => {
        const message = decodeMessage(bytes);
        if (to.member !== undefined && to.member.id === message.to) to.member.step(message);
      });
    }
  }
}

/** The peers of one running member. */
export class NodeLink implements PeerLink {
  readonly #network: Network;
  readonly #host: Host;
  readonly #life: Life;
  readonly #peers: Map<MemberId, readonly string[]> = new Map();
  readonly #remotes: Map<MemberId, readonly string[]> = new Map();
  readonly #addedUs: Map<MemberId, number> = new Map();
  readonly #reporting: Set<MemberId> = new Set();

  constructor(network: Network, host: Host, life: Life) {
    this.#network = network;
    this.#host = host;
    this.#life = life;
  }

  addPeer(id: MemberId, urls: readonly string[]): void {
    this.#remotes.delete(id);
    this.#peers.set(id, urls);
    this.#addedUs.set(id, this.#network.kernel.nowUs);
  }

  updatePeer(id: MemberId, urls: readonly string[]): void {
    if (this.#peers.has(id)) this.addPeer(id, urls);
  }

  removePeer(id: MemberId): void {
    this.#peers.delete(id);
  }

  removeAllPeers(): void {
    this.#peers.clear();
  }

  addRemote(id: MemberId, urls: readonly string[]): void {
    this.#remotes.set(id, urls);
  }

  #hostOf(id: MemberId): Host | undefined {
    const urls = this.#peers.get(id) ?? this.#remotes.get(id);
    return urls === undefined ? undefined : this.#network.hostAt(urls);
  }

  send(messages: readonly Message[]): void {
    for (const message of messages) this.#send(message);
  }

  #send(message: Message): void {
    this.#mayCrash(message, false);
    this.#pass(message);
    this.#mayCrash(message, true);
  }

  #mayCrash(message: Message, isSent: boolean): void {
    this.#host.onSending(message, isSent);
    if (!this.#life.alive) throw new DeadProcessError("a crash between two messages");
  }

  #pass(message: Message): void {
    const network = this.#network;
    network.watcher?.onSend(this.#host, message);
    const to = this.#hostOf(message.to);
    if (to === undefined) return;
    if (to.life?.alive !== true || to.member === undefined) {
      this.#reportUnreachable(message.to);
      return;
    }
    const bytes = encodeMessage(message);
    const once = message.type === MessageType.prop;
    if (!once) network.keep(to, bytes);
    const stream = message.type === MessageType.app ? 1 : 0;
    network.carry(this.#host, to, bytes, stream, once, () => {
      network.kernel.mixBytes(bytes);
      this.#deliver(to, bytes);
    });
  }

  #deliver(to: Host, bytes: Uint8Array): void {
    const message = decodeMessage(bytes);
    const { member } = to;
    if (member === undefined || !this.isMeant(to, message.to)) return;
    this.#introduce(to);
    if (member.machine.membership.isRemoved(message.from)) {
      this.tellRemoved(to);
      return;
    }
    member.step(message);
  }

  /** Tells the other side who calls. */
  #introduce(to: Host): void {
    const self = this.#host.member;
    if (self === undefined) return;
    const recorded = self.machine.membership.get(self.id)?.peerUrls ?? [];
    to.onConnection(self.id, recorded.length > 0 ? recorded : self.options.advertisePeerUrls);
  }

  /** Nobody listens at a machine: the members that are reached there are gone. */
  onRefused(by: Host): void {
    for (const [id, urls] of this.#peers) {
      if (this.#network.hostAt(urls) === by) this.#host.member?.reportGone(id);
    }
  }

  /** Takes note of a member that called and is not known. */
  onConnection(from: MemberId, urls: readonly string[]): void {
    if (!this.#peers.has(from) && !this.#remotes.has(from)) this.#remotes.set(from, urls);
  }

  /** Whether the host is the member that a message names, of the same cluster. */
  isMeant(to: Host, id: MemberId): boolean {
    const clusterId: ClusterId | undefined = this.#host.member?.clusterId;
    return to.member?.id === id && (clusterId === undefined || to.member.clusterId === clusterId);
  }

  /** The other side answers "gone" to whoever was removed. */
  tellRemoved(by: Host): void {
    const network = this.#network;
    const way = network.way(by, this.#host);
    if (way.cut) return;
    network.kernel.after(network.travelUs(way), EventKind.message, this.#life, () =>
      this.#host.member?.stoppedByRemoval(),
    );
  }

  #reportUnreachable(id: MemberId): void {
    if (this.#reporting.has(id)) return;
    this.#reporting.add(id);
    const { kernel } = this.#network;
    kernel.after(50_000, EventKind.message, this.#life, () => {
      this.#reporting.delete(id);
      this.#host.member?.reportUnreachable(id);
    });
  }

  sendSnapshot(message: Message, database: OutgoingDatabase): void {
    this.#network.watcher?.onSend(this.#host, message);
    const to = this.#hostOf(message.to);
    new SnapshotTransfer(this.#network, this, {
      from: this.#host,
      fromLife: this.#life,
      to,
      message,
      database,
    }).start();
  }

  activeSince(id: MemberId): number {
    const to = this.#hostOf(id);
    if (to === undefined || !this.#peers.has(id)) return 0;
    const sinceUs = this.#network.connectedSinceUs(this.#host, to);
    if (sinceUs === 0) return 0;
    return Math.max(1, this.#host.time.localUs(Math.max(sinceUs, this.#addedUs.get(id) ?? 0)) / 1000);
  }
}
