import { type MemberId, noMember } from "@quorate/base";
import type { PeerLimits } from "../limits.ts";
import type { PeerTls } from "../tls.ts";
import { PeerTransport } from "../transport.ts";
import { FakeHost, MemoryLogger, processClock } from "./fake-host.ts";

/** One transport with its member and its listener. */
export interface TestMember {
  readonly host: FakeHost;
  readonly transport: PeerTransport;
  readonly logger: MemoryLogger;
  readonly url: string;
}

export interface TestMemberOptions {
  readonly limits?: Partial<PeerLimits>;
  readonly tls?: PeerTls;
  readonly listenUrl?: string;
}

/** Starts a transport that listens on a free port and knows nobody. */
export async function startMember(id: bigint, options: TestMemberOptions = {}): Promise<TestMember> {
  const host = new FakeHost(id);
  const logger = new MemoryLogger();
  const transport = new PeerTransport(host, {
    clock: processClock,
    logger,
    dialTimeoutMs: 2_000,
    ...(options.tls === undefined ? {} : { tls: options.tls }),
    ...(options.limits === undefined ? {} : { limits: options.limits }),
  });
  const wanted = options.listenUrl ?? (options.tls === undefined ? "http://127.0.0.1:0" : "https://127.0.0.1:0");
  const { addresses } = await transport.listen([wanted]);
  const url = addresses[0] ?? "";
  host.urls = [url];
  return { host, transport, logger, url };
}

/** Makes all of `members` peers of each other. */
export function introduce(members: readonly TestMember[]): void {
  for (const a of members) {
    for (const b of members) if (a !== b) a.transport.addPeer(b.host.memberId, [b.url]);
  }
}

/** How many of the four streams between two members this one has, each way. */
export function streamsOf(member: TestMember, with_: MemberId): { served: number; dialed: number } {
  let served = 0;
  let dialed = 0;
  for (const { message, fields } of member.logger.lines) {
    if (fields?.["remote-peer-id"] !== with_.toString(16) || with_ === noMember) continue;
    const step = message.startsWith("established TCP") ? 1 : message.startsWith("lost TCP") ? -1 : 0;
    if (fields["stream-writer-type"] !== undefined) served += step;
    if (fields["stream-reader-type"] !== undefined) dialed += step;
  }
  return { served, dialed };
}

/** Waits until both streams stand in both directions between all of `members`. */
export async function untilStreaming(members: readonly TestMember[], withinMs?: number): Promise<void> {
  for (const a of members) {
    for (const b of members) {
      if (a === b) continue;
      await a.host.until(() => {
        const { served, dialed } = streamsOf(a, b.host.memberId);
        return served === 2 && dialed === 2;
      }, withinMs);
    }
  }
}
