import { hexId, invariant, type LogIndex, type MemberId, type Term, toHex } from "@quorate/base";
import type { Entry, HardState } from "../index.ts";
import type { TestNode } from "./node.ts";

/** What an entry is, for comparisons. */
const digest = (entry: Entry): string => `${entry.term}/${entry.type}/${toHex(entry.data)}`;

/** The last that was seen of a member, to check that nothing goes back. */
interface Seen {
  raw: TestNode["raw"];
  term: Term;
  commit: LogIndex;
  applied: LogIndex;
}

/**
 * Checks the safety of raft over all members at each step, with a memory of everything that ever was (§3.2, figure 3.2):
 * election safety, log matching, leader completeness, state machine safety, one vote per term, and nothing goes back.
 */
export class Invariants {
  /** Who led each term. */
  readonly #leaders: Map<Term, MemberId> = new Map();
  /** Entries that were applied somewhere, by index. */
  readonly committed: Map<LogIndex, string> = new Map();
  readonly #committedTerms: Map<LogIndex, Term> = new Map();
  /** Each entry that was ever durable somewhere, by index and term, with the one before it. */
  readonly #known: Map<string, string> = new Map();
  readonly #seen: Map<MemberId, Seen> = new Map();
  /** The durable vote of each member in each term. */
  readonly #votes: Map<string, MemberId> = new Map();
  /** The highest commit index any member ever knew. */
  commitMax: LogIndex = 0;

  /** Called for each entry a member applies. */
  onEntry(node: TestNode, entry: Entry): void {
    const known = this.committed.get(entry.index);
    const ours = digest(entry);
    invariant(known === undefined || known === ours, "two members applied different entries at one index", () => ({
      member: hexId(node.id),
      index: entry.index,
      known,
      ours,
    }));
    this.committed.set(entry.index, ours);
    this.#committedTerms.set(entry.index, entry.term);
  }

  /** Called after each step with everybody that runs. */
  check(nodes: Iterable<TestNode>): void {
    for (const node of nodes) {
      this.#checkOrder(node);
      this.#checkLeader(node);
      this.#checkVote(node.id, node.disk.hardState);
      this.commitMax = Math.max(this.commitMax, node.raw.commit);
    }
  }

  #checkOrder(node: TestNode): void {
    const { raw } = node;
    const facts = (): Record<string, unknown> => ({ member: hexId(node.id), status: raw.status() });
    invariant(raw.applied <= raw.commit, "applied is past commit", facts);
    invariant(raw.commit <= raw.lastIndex, "commit is past the log", facts);
    const seen = this.#seen.get(node.id);
    if (seen !== undefined) {
      invariant(raw.term >= seen.term || seen.raw !== raw, "the term went back", facts);
      invariant(raw.commit >= seen.commit || seen.raw !== raw, "commit went back", facts);
      invariant(raw.applied >= seen.applied || seen.raw !== raw, "applied went back", facts);
    }
    this.#seen.set(node.id, { raw, term: raw.term, commit: raw.commit, applied: raw.applied });
  }

  #checkLeader(node: TestNode): void {
    const { raw } = node;
    if (raw.role !== "leader") return;
    const known = this.#leaders.get(raw.term);
    const facts = (): Record<string, unknown> => ({ member: hexId(node.id), term: raw.term, known });
    invariant(known === undefined || known === node.id, "two members led one term", facts);
    if (known !== undefined) return;
    this.#leaders.set(raw.term, node.id);
    // Leader completeness, checked when it takes office.
    for (const [index, term] of this.#committedTerms) {
      if (index < raw.firstIndex || term >= raw.term) continue;
      invariant(raw.termAt(index) === term, "a leader lacks a committed entry", () => ({ ...facts(), index }));
    }
  }

  #checkVote(id: MemberId, { term, vote }: HardState): void {
    if (vote === 0n) return;
    const key = `${hexId(id)}/${term}`;
    const known = this.#votes.get(key);
    invariant(known === undefined || known === vote, "a member voted twice in a term", () => ({ id, term }));
    this.#votes.set(key, vote);
  }

  /** Called with what a member made durable: the same index and term always mean the same entry and predecessor. */
  onDurable(node: TestNode): void {
    let previous: Term = node.disk.snapshot.metadata.term;
    for (const entry of node.disk.entries) {
      const key = `${entry.index}/${entry.term}`;
      const ours = `${previous}>${digest(entry)}`;
      const known = this.#known.get(key);
      invariant(known === undefined || known === ours, "two logs differ at one index and term", () => ({ key }));
      this.#known.set(key, ours);
      previous = entry.term;
    }
  }

  get leaders(): ReadonlyMap<Term, MemberId> {
    return this.#leaders;
  }
}
