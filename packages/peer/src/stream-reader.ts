import type { ClientRequest, IncomingMessage } from "node:http";
import { hexId, type Timer } from "@quorate/base";
import { messageOf } from "./activity.ts";
import { BodyTap } from "./body-tap.ts";
import { inBackground, rethrowBug } from "./bugs.ts";
import { ChunkedBody } from "./chunked-body.ts";
import type { PeerContext, StreamKind } from "./context.ts";
import type { FrameParser } from "./frame-parser.ts";
import { clusterIdMismatch, headerOf, identityHeaders, incompatibleVersion, raftTo, serverVersion } from "./headers.ts";
import type { Inbox } from "./inbox.ts";
import { MessageDecoder } from "./message-codec.ts";
import { MsgAppDecoder } from "./msgapp-codec.ts";
import { streamTitle } from "./stream-writer.ts";
import { offersStreams, parseVersion, versionOfHeader } from "./version.ts";

/** The body of an answer that refuses a stream is a short text. */
const refusalBytesMax = 1024;

/** Why a dial or a stream ended; `quiet` ends do not say that the peer is unreachable. */
interface StreamEnd {
  readonly text: string;
  readonly quiet: boolean;
}

/**
 * Dials one stream of one peer and hands what arrives to the inbox, for as long as the peer is one.
 *
 * ```
 * waiting --redial interval--> dialing --200--> streaming
 *    ^                            |                 |
 *    +-- next URL, any refusal ---+---- any end ----+
 * ```
 */
export class StreamReader {
  readonly #peer: PeerContext;
  readonly #kind: StreamKind;
  readonly #inbox: Inbox;
  #request: ClientRequest | undefined;
  #timer: Timer | undefined;
  #dialedMs = Number.NEGATIVE_INFINITY;
  /** Dials one after the other that found nobody listening. */
  #refused = 0;
  #stopped = false;

  constructor(peer: PeerContext, kind: StreamKind, inbox: Inbox) {
    this.#peer = peer;
    this.#kind = kind;
    this.#inbox = inbox;
  }

  start(): void {
    this.#dialLater();
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#request?.destroy();
  }

  #dialLater(): void {
    if (this.#stopped) return;
    const { clock, limits } = this.#peer;
    const delayMs = Math.max(0, this.#dialedMs + limits.redialMs - clock.nowMs());
    this.#timer = clock.startTimer(delayMs, () => this.#dial());
  }

  #dial(): void {
    const { clock, urls, host, peerId, dialer, activity } = this.#peer;
    this.#dialedMs = clock.nowMs();
    const url = urls.pick();
    if (url === undefined) {
      this.#dialLater();
      return;
    }
    let phase: "dialing" | "streaming" | "over" = "dialing";
    const over = (end: StreamEnd, action: string): void => {
      phase = "over";
      this.#request = undefined;
      if (this.#stopped) return;
      if (!end.quiet) activity.deactivate(`${action} ${streamTitle[this.#kind]}`, end.text);
      this.#dialLater();
    };
    const refuse = (end: StreamEnd): void => {
      if (phase !== "dialing") return;
      urls.unreachable(url);
      over(end, `failed to dial ${hexId(peerId)} on`);
    };
    try {
      const path = `/raft/stream/${this.#kind}/${hexId(host.memberId)}`;
      const headers = { ...identityHeaders(host), [raftTo]: hexId(peerId) };
      const tap = new BodyTap();
      const request = dialer.start(url, "GET", path, headers, tap);
      this.#request = request;
      request.on("error", (cause) => {
        const isFirst = phase === "dialing";
        refuse({ text: cause.message, quiet: false });
        if (isFirst) this.#onDialError(cause);
      });
      request.on("response", (response) => {
        if (this.#accepted(response, tap, refuse)) {
          phase = "streaming";
          this.#read(response, tap, (end) => over(end, "failed to read"));
        }
      });
      request.on("socket", (socket) => socket.on("timeout", () => request.destroy(new Error("i/o timeout"))));
      request.end();
    } catch (cause) {
      refuse({ text: messageOf(cause), quiet: false });
    }
  }

  /** A closed port says that the process is gone; anything else, a time that ran out among them, says less. */
  #onDialError(cause: NodeJS.ErrnoException): void {
    this.#refused = cause.code === "ECONNREFUSED" ? this.#refused + 1 : 0;
    const { host, peerId, urls } = this.#peer;
    if (!this.#stopped && this.#refused > 0 && this.#refused >= urls.count) host.reportGone(peerId);
  }

  /** Tells whether `response` is a stream; when not, `refuse` is or will be called. */
  #accepted(response: IncomingMessage, tap: BodyTap, refuse: (end: StreamEnd) => void): boolean {
    const { host, limits } = this.#peer;
    response.socket.setTimeout(limits.readTimeoutMs);
    const local = parseVersion(host.serverVersion);
    const remote = versionOfHeader(headerOf(response.headers, serverVersion));
    // The version comes before the status: without it even a 200 is no stream.
    if (remote === undefined || local === undefined || !offersStreams(remote, local)) {
      response.destroy();
      refuse({ text: "unsupported stream type", quiet: true });
      return false;
    }
    this.#refused = 0;
    if (response.statusCode === 200) return true;
    tap.pass();
    inBackground(this.#refusalOf(response).then((text) => refuse({ text, quiet: false })));
    return false;
  }

  #read(response: IncomingMessage, tap: BodyTap, onEnd: (end: StreamEnd) => void): void {
    const parser = this.#newParser();
    let over = false;
    const end = (text: string, quiet: boolean): void => {
      if (over) return;
      over = true;
      response.destroy();
      this.#log("warn", "lost TCP streaming connection with remote peer", text);
      onEnd({ text, quiet });
    };
    this.#peer.activity.activate();
    this.#log("info", "established TCP streaming connection with remote peer");
    response.socket.once("timeout", () => end("i/o timeout", false));
    response.once("end", () => end("EOF", true));
    response.once("error", (cause) => end(cause.message, false));
    response.once("close", () => end("connection closed", true));
    const push = (bytes: Uint8Array): void => {
      this.#peer.traffic.receivedBytes += bytes.length;
      parser.push(bytes);
    };
    const chunked = isChunked(response);
    const body = chunked ? new ChunkedBody(push) : { push, over: false };
    const take = (bytes: Uint8Array): void => {
      if (over || this.#stopped) return;
      try {
        body.push(bytes);
      } catch (cause) {
        rethrowBug(cause);
        end(messageOf(cause), false);
      }
      if (body.over) end("EOF", true);
    };
    if (chunked) {
      tap.take(take);
    } else {
      response.on("data", take);
      tap.pass();
    }
  }

  #newParser(): FrameParser {
    const deliver = this.#inbox.deliver.bind(this.#inbox);
    if (this.#kind === "message") return new MessageDecoder(deliver);
    return new MsgAppDecoder(this.#peer.peerId, this.#peer.host.memberId, deliver);
  }

  /** Says what an answer other than 200 means, and acts when it means that this member was removed. */
  async #refusalOf(response: IncomingMessage): Promise<string> {
    const { peerId, host } = this.#peer;
    const status = response.statusCode ?? 0;
    if (status === 410) {
      response.destroy();
      if (!this.#stopped) host.onRemovedFromCluster();
      return "the member has been permanently removed from the cluster";
    }
    if (status === 404) {
      response.destroy();
      return `peer ${hexId(peerId)} failed to find local node ${hexId(host.memberId)}`;
    }
    if (status !== 412) {
      response.destroy();
      return `unhandled http status ${status}`;
    }
    const text = await shortText(response);
    if (text === incompatibleVersion) return "incompatible version";
    if (text === clusterIdMismatch) return "cluster ID mismatch";
    return `unhandled error ${JSON.stringify(text)} when precondition failed`;
  }

  #log(level: "info" | "warn", message: string, error?: string): void {
    this.#peer.logger.log(level, message, {
      "stream-reader-type": streamTitle[this.#kind],
      "local-member-id": hexId(this.#peer.host.memberId),
      "remote-peer-id": hexId(this.#peer.peerId),
      ...(error === undefined ? {} : { error }),
    });
  }
}

function isChunked(response: IncomingMessage): boolean {
  return response.headers["transfer-encoding"]?.toLowerCase() === "chunked";
}

/** The first line of a short answer; what cannot be read counts as empty. */
async function shortText(response: IncomingMessage): Promise<string> {
  let text = "";
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      text += chunk.toString("utf8");
      if (text.length > refusalBytesMax) break;
    }
  } catch {
    return "";
  }
  return text.replace(/\n$/, "");
}
