/** What `quorate dev` shows. */
import { humanBytes } from "../print/go-text.ts";
import { clientUrl, type DevPlan, endpointsOf, peerUrl } from "./plan.ts";

/** What is known of one member. */
export interface MemberState {
  readonly name: string;
  /** Undefined when no process of ours runs. */
  readonly pid: number | undefined;
  /** Answers about itself; undefined while it does not answer. */
  readonly status:
    | { readonly isLeader: boolean; readonly hasLeader: boolean; readonly revision: number; readonly dbSize: number }
    | undefined;
  /** How it ended, when it did. */
  readonly ended: string | undefined;
}

/** The word for a member's state. */
export function stateWord(member: MemberState): string {
  if (member.status !== undefined) {
    if (!member.status.hasLeader) return "no leader";
    return member.status.isLeader ? "leader" : "follower";
  }
  if (member.pid !== undefined) return "starting";
  return member.ended === undefined ? "stopped" : `dead (${member.ended})`;
}

/** A table of the members. Ends with a newline. */
export function statusTable(plan: DevPlan, states: readonly MemberState[]): string {
  const rows = states.map((state, at) => {
    const member = plan.members[at];
    const status = state.status;
    return [
      state.name,
      member === undefined ? "" : clientUrl(member),
      member === undefined ? "" : peerUrl(member),
      state.pid === undefined ? "-" : String(state.pid),
      stateWord(state),
      status === undefined ? "-" : String(status.revision),
      status === undefined ? "-" : humanBytes(status.dbSize),
    ];
  });
  const all = [["MEMBER", "CLIENTS", "PEERS", "PID", "STATE", "REVISION", "DB"], ...rows];
  const widths = (all[0] as string[]).map((_, at) => Math.max(...all.map((row) => (row[at] as string).length)));
  return (
    all.map((row) => `  ${row.map((cell, at) => cell.padEnd(widths[at] as number)).join("  ")}`.trimEnd()).join("\n") +
    "\n"
  );
}

/** One line for logs, which changes only when something worth telling did. */
export function statusLine(states: readonly MemberState[]): string {
  return states.map((state) => `${state.name}: ${stateWord(state)}`).join(", ");
}

/** What to try next. */
export function adviceText(plan: DevPlan, folder: string, canPress: boolean): string {
  const keys = plan.members.map((_, at) => at + 1).join(", ");
  const press = `Press ${keys} to kill that member (kill -9), once more to start it again.\n`;
  return [
    "Try in another terminal (etcdctl works as well):",
    `  export ETCDCTL_ENDPOINTS=${endpointsOf(plan)}`,
    "  quoratectl put greeting hello",
    "  quoratectl get greeting",
    "  quoratectl endpoint status -w table",
    "  kill -9 <PID of the leader>     another member takes over, and no write is lost",
    "",
    `Data and logs are in ${folder}; the next start picks them up.`,
    `${canPress ? press : ""}Ctrl-C stops all members.`,
    "",
  ].join("\n");
}

/** Tells that a member ended and how to have it back. */
export function deathText(name: string, how: string, command: string, logTail: string, canPress: boolean): string {
  const key = canPress ? `press ${name.replace(/\D/g, "")}, or run\n` : "run\n";
  const tail = logTail === "" ? "" : `  its log ends with:\n${logTail.replace(/^/gm, "    ")}\n`;
  return `${name} ended (${how}). The others go on while two of three run.\n${tail}  To start it again ${key}  ${command}\n`;
}
