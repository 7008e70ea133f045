import { AlarmType } from "@quorate/api";
import { noMember } from "@quorate/base";
import type { Member } from "@quorate/member";
import type { HealthCounters } from "../metrics/health.ts";
import { whenLinearizable } from "../services/cluster.ts";
import { alarmName } from "../services/maintenance.ts";
import type { HttpCall } from "./http-call.ts";
import { allowMethods, sendError, sendText } from "./responses.ts";

/** A range of one key that nobody stores: it reads the index and nothing else. */
function localRead(member: Member): void {
  const outcome = member.machine.store.range({ key: Uint8Array.of(0), limit: 1, keysOnly: true });
  if (outcome.kind !== "ok") throw new Error("the store cannot be read at its newest revision");
}

async function linearizableRead(member: Member): Promise<void> {
  await whenLinearizable(member);
  localRead(member);
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** `GET /health`, in the form of 3.5 and later. */
export async function handleHealth(
  member: Member,
  counters: HealthCounters,
  call: HttpCall,
  query: URLSearchParams,
): Promise<void> {
  if (!allowMethods(call, "GET")) return;
  const reason = await unhealthyReason(member, query);
  if (reason === "") {
    counters.success += 1;
    sendText(call, 200, '{"health":"true","reason":""}');
    return;
  }
  counters.failure += 1;
  call.answer(503, `${JSON.stringify({ health: "false", reason })}\n`, {
    "Content-Type": "text/plain; charset=utf-8",
    "X-Content-Type-Options": "nosniff",
  });
}

async function unhealthyReason(member: Member, query: URLSearchParams): Promise<string> {
  const excluded = new Set(query.getAll("exclude"));
  for (const { alarm } of member.machine.alarms.list()) {
    const name = alarmName(alarm);
    if (!excluded.has(name)) return `ALARM ${name}`;
  }
  const serializable = query.get("serializable") === "true";
  if (!serializable && member.lead === noMember) return "RAFT NO LEADER";
  try {
    if (serializable) localRead(member);
    else await linearizableRead(member);
  } catch (error) {
    return `RANGE ERROR:${textOf(error)}`;
  }
  return "";
}

type Check = (member: Member) => Promise<void> | void;

const checks: Readonly<Record<string, Check>> = {
  data_corruption: (member) => {
    if (member.machine.alarms.list(AlarmType.CORRUPT).length > 0) throw new Error("alarm activated: CORRUPT");
  },
  serializable_read: localRead,
  linearizable_read: linearizableRead,
  non_learner: (member) => {
    if (member.isLearner) throw new Error("not supported for learner");
  },
};

const checksOf: Readonly<Record<"livez" | "readyz", readonly string[]>> = {
  livez: ["serializable_read"],
  readyz: ["data_corruption", "serializable_read", "linearizable_read", "non_learner"],
};

/** `/livez` and `/readyz`, whole or one check by its name; the empty one does not exist. */
export async function handleProbe(
  member: Member,
  counters: HealthCounters,
  type: "livez" | "readyz",
  check: string | undefined,
  call: HttpCall,
  query: URLSearchParams,
): Promise<void> {
  if (check !== undefined && !checksOf[type].includes(check)) {
    sendError(call, 404, "404 page not found");
    return;
  }
  if (!allowMethods(call, "GET")) return;
  const excluded = new Set(check === undefined ? query.getAll("exclude") : []);
  const names = check === undefined ? checksOf[type].filter((name) => !excluded.has(name)) : [check];
  const lines: string[] = [];
  let ok = true;
  for (const name of names) {
    try {
      await checks[name]?.(member);
      counters.count(type, name, true);
      lines.push(`[+]${name} ok\n`);
    } catch (error) {
      ok = false;
      counters.count(type, name, false);
      lines.push(`[-]${name} failed: ${textOf(error)}\n`);
    }
  }
  const headers = { "Content-Type": "text/plain; charset=utf-8", "X-Content-Type-Options": "nosniff" };
  if (ok) call.answer(200, `${query.has("verbose") ? lines.join("") : ""}ok\n`, headers);
  else call.answer(503, `${lines.join("")}\n`, headers);
}
