/** How processes of a simulated machine begin and end. */
import type { MessageType } from "@quorate/raft";

/** Why a process is not running. */
export type Down =
  /** Nobody has started it yet. */
  | "new"
  /** It was killed, or its machine lost power. */
  | "killed"
  /** It stopped itself because its disk failed. */
  | "failed"
  /** It would not start; the text says why. */
  | "refused"
  /** It knows that it is no member any more. */
  | "removed"
  /** It was asked to stop. */
  | "stopped";

/** How a node is started. */
export interface Birth {
  readonly state: "new" | "existing";
  /** Name → peer URLs. */
  readonly cluster: ReadonlyMap<string, readonly string[]>;
}

/** A crash in the middle of a turn's messages. */
export interface CrashAtSend {
  /** Only messages of this type count, and no refusals; all do unless given. */
  readonly type: MessageType | undefined;
  /** Strikes behind the last of them; else in front of it. */
  readonly isSent: boolean;
  left: number;
  readonly strike: () => void;
}
