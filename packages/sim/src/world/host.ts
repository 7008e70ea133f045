import type { MemberId } from "@quorate/base";
import type { Member } from "@quorate/member";
import type { Message } from "@quorate/raft";
import type { MachineTime } from "./clock.ts";
import type { Life } from "./kernel.ts";

/** A machine as the network sees it. */
export interface Host {
  readonly number: number;
  readonly time: MachineTime;
  readonly life: Life | undefined;
  readonly member: Member | undefined;
  /** When the process that runs there started to listen. */
  readonly listeningUs: number;
  /** Its process is about to send a message, or has just done so, and may end there. */
  onSending(message: Message, isSent: boolean): void;
  /** A dial to another machine found nobody listening there. */
  onRefused(by: Host): void;
  /** A connection tells whose it is and where that member listens: who is not known yet can be answered then. */
  onConnection(from: MemberId, urls: readonly string[]): void;
}

/** Who watches messages. */
export interface MessageWatcher {
  onSend(from: Host, message: Message): void;
}
