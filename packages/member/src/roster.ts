import { type ClusterId, hexId, type Logger, type MemberId } from "@quorate/base";
import type { Membership, MembershipEffect } from "@quorate/state";
import type { PeerLink, RemoteMember } from "./options.ts";

/** What the roster needs from the member. */
export interface RosterHost {
  readonly logger: Logger;
  readonly link: PeerLink;
  readonly localId: MemberId;
  readonly clusterId: ClusterId;
  membership(): Membership;
}

const effectWords = { added: "added member", promoted: "promote member", updated: "updated member" } as const;

/** Keeps the transport in line with the members that the state names. */
export class Roster {
  readonly #host: RosterHost;

  constructor(host: RosterHost) {
    this.#host = host;
  }

  /** @param remotes whom to answer before the log has named them. */
  start(remotes: readonly RemoteMember[]): void {
    const { link } = this.#host;
    for (const remote of remotes) {
      if (this.#host.membership().get(remote.id) === undefined) link.addRemote(remote.id, remote.peerUrls);
    }
    this.#addPeers();
  }

  #addPeers(): void {
    const { link, localId } = this.#host;
    for (const member of this.#host.membership().list()) {
      if (member.id !== localId) link.addPeer(member.id, member.peerUrls);
    }
  }

  /** A snapshot replaced the state: the transport starts over with the members it names. */
  startOver(): void {
    this.#host.link.removeAllPeers();
    this.#addPeers();
  }

  /** A change of members was applied. */
  onEffect(effect: MembershipEffect): void {
    const { logger, link, localId, clusterId } = this.#host;
    if (effect.kind === "removed") {
      logger.log("info", "removed member", {
        "cluster-id": hexId(clusterId),
        "local-member-id": hexId(localId),
        "removed-remote-peer-id": hexId(effect.id),
      });
      if (effect.id !== localId) link.removePeer(effect.id);
      return;
    }
    const { member } = effect;
    logger.log("info", effectWords[effect.kind], {
      "cluster-id": hexId(clusterId),
      "local-member-id": hexId(localId),
      "added-peer-id": hexId(member.id),
      "added-peer-peer-urls": [...member.peerUrls],
      "added-peer-is-learner": member.isLearner,
    });
    if (member.id === localId) return;
    if (effect.kind === "added") link.addPeer(member.id, member.peerUrls);
    else if (effect.kind === "updated") link.updatePeer(member.id, member.peerUrls);
  }
}
