import type { Member } from "@quorate/member";
import { Dice } from "./dice.ts";
import { EventKind } from "./kernel.ts";
import type { UpkeepKind } from "./plan.ts";
import { Violation } from "./violation.ts";
import type { World } from "./world.ts";

/** What operators do to one member at a time: its database is written anew, its rows are hashed and compared with others'. */
export class Upkeep {
  running = true;
  readonly #world: World;
  readonly #dice: Dice;
  /** Members whose database is being written anew. */
  readonly #busy: Set<Member> = new Set();
  /** Hashes by revision and compaction, and who had them first. */
  readonly #hashes: Map<string, { readonly hash: number; readonly name: string }> = new Map();

  constructor(world: World) {
    this.#world = world;
    this.#dice = new Dice(world.plan.seed, "upkeep");
  }

  start(): void {
    if (this.#world.plan.upkeep.length > 0) this.#later();
  }

  #later(): void {
    const { plan, kernel } = this.#world;
    const gapUs = this.#dice.below(2 * plan.operatorGapUs + 1);
    kernel.after(gapUs, EventKind.operator, undefined, () => {
      if (!this.running) return;
      const member = this.#dice.pickAny(this.#world.up());
      const kind = this.#dice.pick(plan.upkeep);
      if (member !== undefined) this.#act(kind, member);
      this.#later();
    });
  }

  #act(kind: UpkeepKind, member: Member): void {
    if (kind === "defragment") this.#defragment(member);
    else this.#hash(member);
  }

  #defragment(member: Member): void {
    if (this.#busy.has(member)) return;
    const { name } = member.options;
    this.#busy.add(member);
    this.#world.note(`the database of ${name} is defragmented`);
    member.storage.backend.defragment().then(
      () => this.#onDefragmented(member, "done"),
      (error: unknown) => this.#onDefragmented(member, String(error)),
    );
  }

  #onDefragmented(member: Member, text: string): void {
    this.#busy.delete(member);
    this.#world.note(`the defragmentation of ${member.options.name}: ${text}`);
  }

  /** Equal revisions that were compacted alike have equal hashes at all members, at any time (G3). */
  #hash(member: Member): void {
    const { name } = member.options;
    const revision = Math.max(1, member.machine.store.revision - this.#dice.below(20));
    member.storage.hashKv(revision).then(
      ({ hash, compactRevision }) => {
        const key = `${revision} ${compactRevision}`;
        const known = this.#hashes.get(key);
        if (known === undefined) this.#hashes.set(key, { hash, name });
        else if (known.hash !== hash) {
          const texts = `${known.name} hashes it to ${known.hash}, and ${name} to ${hash}`;
          this.#world.fail(new Violation("G3", `revision ${revision}, compacted to ${compactRevision}: ${texts}`));
        }
      },
      () => undefined,
    );
  }
}
