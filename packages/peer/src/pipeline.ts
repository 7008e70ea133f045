import type { ClientRequest } from "node:http";
import { hexId } from "@quorate/base";
import { encodeMessage, type Message, MessageType } from "@quorate/raft";
import { messageOf } from "./activity.ts";
import { inBackground } from "./bugs.ts";
import type { PeerContext } from "./context.ts";
import type { HttpAnswer } from "./dialer.ts";
import { clusterIdMismatch, identityHeaders, incompatibleVersion } from "./headers.ts";

/** Posts single messages to a peer whose stream is not there, or to a sender that is no member. */
export class Pipeline {
  readonly #peer: PeerContext;
  readonly #queue: Message[] = [];
  readonly #requests: Set<ClientRequest> = new Set();
  #working = 0;
  #stopped = false;

  constructor(peer: PeerContext) {
    this.#peer = peer;
  }

  /** @returns false when the queue is full; the message is then dropped. */
  enqueue(message: Message): boolean {
    if (this.#stopped) return true;
    if (this.#queue.length >= this.#peer.limits.pipelineQueueMax) return false;
    this.#queue.push(message);
    if (this.#working < this.#peer.limits.pipelineWorkers) {
      this.#working++;
      inBackground(this.#work());
    }
    return true;
  }

  /** Drops what is queued and under way. */
  stop(): void {
    this.#stopped = true;
    this.#queue.length = 0;
    for (const request of this.#requests) request.destroy();
  }

  async #work(): Promise<void> {
    for (let message = this.#queue.shift(); message !== undefined; message = this.#queue.shift()) {
      await this.#post(message);
    }
    this.#working--;
  }

  async #post(message: Message): Promise<void> {
    const { host, urls, activity, limits, peerId, dialer, traffic } = this.#peer;
    const body = encodeMessage(message);
    traffic.sentBytes += body.length;
    const url = urls.pick();
    let request: ClientRequest | undefined;
    try {
      if (url === undefined) throw new Error("the peer has no URL");
      const answer = await dialer.exchange(url, "POST", "/raft", {
        headers: { ...identityHeaders(host), "Content-Type": "application/protobuf" },
        body,
        timeoutMs: limits.postTimeoutMs,
        // A proposal that arrives twice would be applied twice; of all else raft takes no notice.
        repeatable: message.type !== MessageType.prop,
        onRequest: (started) => {
          if (request !== undefined) this.#requests.delete(request);
          request = started;
          this.#requests.add(started);
        },
      });
      checkPosted(answer, () => host.onRemovedFromCluster());
      if (!this.#stopped) activity.activate();
    } catch (cause) {
      if (this.#stopped) return;
      if (url !== undefined) urls.unreachable(url);
      traffic.sendFailures += 1;
      activity.deactivate(`failed to post to ${hexId(peerId)}`, messageOf(cause));
      host.reportUnreachable(peerId);
    } finally {
      if (request !== undefined) this.#requests.delete(request);
    }
  }
}

/**
 * Checks the answer to a posted message or snapshot.
 *
 * @param onRemoved called when it says that this member was removed.
 * @throws Error unless it is a 204.
 */
export function checkPosted(answer: HttpAnswer, onRemoved: () => void): void {
  if (answer.status === 204) return;
  const text = answer.body.replace(/\n$/, "");
  if (answer.status === 403) {
    onRemoved();
    throw new Error("the member has been permanently removed from the cluster");
  }
  if (answer.status !== 412) throw new Error(`unexpected http status ${answer.status} while posting: ${text}`);
  if (text === incompatibleVersion || text === clusterIdMismatch) throw new Error(text);
  throw new Error(`unhandled error ${JSON.stringify(text)} when precondition failed`);
}
