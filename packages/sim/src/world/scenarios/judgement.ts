/** What scenarios judge alike: outcomes, agreement, elections that must not be. */
import { hexId } from "@quorate/base";
import type { Member } from "@quorate/member";
import type { Stage } from "./stage.ts";

/** What a change came to. */
export async function outcomeOf(change: Promise<unknown>): Promise<string> {
  return await change.then(
    () => "done",
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
}

const memberNames = (member: Member): string =>
  member.machine.membership
    .list()
    .map(({ id }) => hexId(id))
    .join(" ");

/** All running members have the same list. */
export async function agree(stage: Stage): Promise<void> {
  await stage.converged();
  const lists = new Set(stage.world.up().map(memberNames));
  stage.expect(lists.size === 1, "G9", `members differ: ${[...lists].join(" | ")}`);
}

/** Nobody was elected meanwhile. */
export async function undisturbed(stage: Stage, id: string, during: () => Promise<void>): Promise<void> {
  const [leader] = await stage.ready();
  const { term } = stage.member(leader);
  await during();
  stage.expect(stage.leaderNow() === leader && stage.member(leader).term === term, id, "there was an election");
  await stage.mustPut("after", "1");
  await stage.converged();
}

export const url = (name: string): readonly string[] => [`http://${name}:2380`];

/** Strict checks would refuse what these schedules need. */
export const lax = { overrides: { strictReconfigCheck: false } } as const;
