import type { LogIndex } from "@quorate/base";
import type { MemberLog } from "../member-log.ts";
import { check } from "../violation.ts";

/**
 * I8, configuration lag: the applied configuration of whoever asks for votes is at most one change behind the last change
 * in its log. Two behind, two leaders could be elected in one term.
 */
export class ConfigLag {
  onCandidate(name: string, log: MemberLog, applied: LogIndex): void {
    const behind = log.changesAbove(applied);
    check(behind <= 1, "I8", () => `${name} asks for votes with ${behind} changes of members above ${applied}`);
  }
}
