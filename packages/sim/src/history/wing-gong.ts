/** What one operation does to a model's state; all changes can be taken back in reverse order. */
export interface SearchModel {
  /**
   * Takes operation `item` as the next one.
   *
   * @returns 0: its answer does not fit, and nothing has changed. 1: it fits and leaves the state as it was. 2: it fits
   *   and has changed the state.
   */
  step(item: number): 0 | 1 | 2;
  /** Takes back the last step that gave 2. */
  back(): void;
  /** Equal for equal states; different ones are as good as certain to differ. */
  fingerprint(): string;
}

/** The operations of one search, by item 0, 1, 2, … */
export interface SearchItems {
  readonly invokes: Float64Array;
  /** Infinity when the end is not known. */
  readonly returns: Float64Array;
  /** 1 for an operation that must take effect, 0 for one that need not. */
  readonly required: Uint8Array;
  /** Of the operations that may come next, those with a lower rank are tried first; all ranks differ. */
  readonly ranks: Int32Array;
}

export type SearchOutcome =
  | { readonly found: "order" }
  | { readonly found: "nothing"; readonly stuck: readonly number[] }
  | { readonly found: "bound" };

const none = -1;

/**
 * The calls and returns of a history in one list by time, from which an operation is lifted once it has its place.
 * Entry `2 i` is the call of item `i`, `2 i + 1` its return; the head stands behind all.
 */
class EntryList {
  readonly #next: Int32Array;
  readonly #previous: Int32Array;
  readonly #head: number;

  constructor({ invokes, returns }: SearchItems) {
    const count = invokes.length;
    const order = new Int32Array(2 * count).map((_, i) => i);
    const time = (entry: number): number => ((entry & 1) === 0 ? invokes : returns)[entry >> 1] as number;
    // At one time calls come first: operations that touch are concurrent.
    order.sort((a, b) => compareTimes(time(a), time(b)) || (a & 1) - (b & 1) || a - b);
    this.#head = 2 * count;
    this.#next = new Int32Array(2 * count + 1);
    this.#previous = new Int32Array(2 * count + 1);
    let last = this.#head;
    for (const entry of order) {
      if ((entry & 1) === 1 && returns[entry >> 1] === Number.POSITIVE_INFINITY) continue;
      this.#link(last, entry);
      last = entry;
    }
    this.#link(last, this.#head);
  }

  #link(a: number, b: number): void {
    this.#next[a] = b;
    this.#previous[b] = a;
  }

  first(): number {
    return this.after(this.#head);
  }

  /** The entry behind one, or -1. */
  after(entry: number): number {
    const next = this.#next[entry] as number;
    return next === this.#head ? none : next;
  }

  #unlink(entry: number): void {
    this.#link(this.#previous[entry] as number, this.#next[entry] as number);
  }

  #relink(entry: number): void {
    this.#next[this.#previous[entry] as number] = entry;
    this.#previous[this.#next[entry] as number] = entry;
  }

  lift(item: number, returns: boolean): void {
    this.#unlink(2 * item);
    if (returns) this.#unlink(2 * item + 1);
  }

  /** Undoes the last lift that is not yet undone. */
  unlift(item: number, returns: boolean): void {
    if (returns) this.#relink(2 * item + 1);
    this.#relink(2 * item);
  }

  /** The item that may come next whose rank is the lowest above `rank`: it has begun before the first return. */
  candidate(ranks: Int32Array, rank: number): number {
    let found = none;
    let lowest = Number.POSITIVE_INFINITY;
    for (let entry = this.first(); entry !== none && (entry & 1) === 0; entry = this.after(entry)) {
      const own = ranks[entry >> 1] as number;
      if (own <= rank || own >= lowest) continue;
      lowest = own;
      found = entry >> 1;
    }
    return found;
  }

  /** The items that have begun before the first return; that return's item comes first. */
  open(): number[] {
    const items: number[] = [];
    let entry = this.first();
    for (; entry !== none && (entry & 1) === 0; entry = this.after(entry)) items.push(entry >> 1);
    if (entry === none) return items;
    return [entry >> 1, ...items.filter((item) => item !== entry >> 1)];
  }
}

function compareTimes(a: number, b: number): number {
  return a === b ? 0 : a < b ? -1 : 1; // A difference of infinities would be no number.
}

function scramble(item: number, seed: number): number {
  let hash = Math.imul(item + 1, seed);
  hash = Math.imul(hash ^ (hash >>> 16), 0x7feb352d);
  hash = Math.imul(hash ^ (hash >>> 15), 0x846ca68b);
  return hash ^ (hash >>> 16);
}

/**
 * Searches an order of operations that respects time and that a model agrees with.
 *
 * An operation may come next if no other that is still without place had returned before it began. Which sets of placed
 * operations were reached in which state is remembered, so that nothing is searched twice. An operation that fits
 * without changing the state is placed for good: whatever order exists, it exists with that one first.
 *
 * Source: Wing and Gong, "Testing and Verifying Concurrent Objects"; Lowe, "Testing for Linearizability".
 *
 * @param stepsMax how many operations may be placed, those included whose place is taken back; to ask the model in vain
 *   a hundred times counts as one.
 */
export function searchOrder(model: SearchModel, items: SearchItems, stepsMax: number): SearchOutcome {
  const { ranks } = items;
  const list = new EntryList(items);
  const returns = (item: number): boolean => items.returns[item] !== Number.POSITIVE_INFINITY;
  const required = (item: number): number => items.required[item] as number;
  const reached = new Set<string>();
  /** The placed items in order; those that changed the state as they are, others as their complement. */
  const placed: number[] = [];
  let left = items.required.reduce((sum, one) => sum + one, 0);
  let [low, high] = [0, 0];
  const toggle = (item: number): void => {
    low ^= scramble(item, 0x9e3779b1);
    high ^= scramble(item, 0x85ebca77);
  };
  let stuck: { readonly left: number; readonly items: readonly number[] } | undefined;
  let rank = none;
  for (let steps = 0; left > 0; ) {
    const item = list.candidate(ranks, rank);
    if (item !== none) {
      rank = ranks[item] as number;
      steps += 0.01;
      if (steps > stepsMax) return { found: "bound" };
      const change = model.step(item);
      if (change === 0) continue;
      toggle(item);
      if (change === 2 && !isNew(reached, `${low},${high},${model.fingerprint()}`)) {
        model.back();
        toggle(item);
        continue;
      }
      steps += 1;
      list.lift(item, returns(item));
      placed.push(change === 2 ? item : ~item);
      left -= required(item);
      rank = none;
      continue;
    }
    if (stuck === undefined || left < stuck.left) stuck = { left, items: list.open() };
    // Nothing fits: take back the last one in whose place there could have been another.
    for (;;) {
      const top = placed.pop();
      if (top === undefined) return { found: "nothing", stuck: stuck.items };
      const back = top < 0 ? ~top : top;
      list.unlift(back, returns(back));
      toggle(back);
      left += required(back);
      if (top < 0) continue;
      model.back();
      rank = ranks[back] as number;
      break;
    }
  }
  return { found: "order" };
}

function isNew(reached: Set<string>, key: string): boolean {
  if (reached.has(key)) return false;
  reached.add(key);
  return true;
}
