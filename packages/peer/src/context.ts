import type { Clock, Logger, MemberId } from "@quorate/base";
import type { PeerActivity } from "./activity.ts";
import type { Dialer } from "./dialer.ts";
import type { PeerHost } from "./host.ts";
import type { PeerLimits } from "./limits.ts";
import type { UrlPicker } from "./urls.ts";

/** Bytes and failures of one peer since it was added. */
export interface PeerTraffic {
  sentBytes: number;
  receivedBytes: number;
  sendFailures: number;
}

/** What everything that talks with one peer shares. */
export interface PeerContext {
  readonly host: PeerHost;
  readonly peerId: MemberId;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits: PeerLimits;
  readonly dialer: Dialer;
  readonly activity: PeerActivity;
  readonly urls: UrlPicker;
  readonly traffic: PeerTraffic;
  /** Told how long each probe took there and back. */
  readonly onRoundTrip: ((peer: MemberId, ms: number) => void) | undefined;
}

/** The two streams that a member serves to each peer. */
export type StreamKind = "message" | "msgapp";
