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
 * @param stepsMax how often the model may be asked.
 */
export function searchOrder(model: SearchModel, items: SearchItems, stepsMax: number): SearchOutcome {
  const list = new EntryList(items);
  const must = items.required.reduce((sum, one) => sum + one, 0);
  const required = (item: number): number => items.required[item] as number;
  const returns = (item: number): boolean => items.returns[item] !== Number.POSITIVE_INFINITY;
  const reached = new Set<string>();
  /** The placed items in order; those that changed the state as they are, others as their complement. */
  const placed: number[] = [];
  let [left, low, high] = [must, 0, 0];
  const toggle = (item: number): void => {
    low ^= scramble(item, 0x9e3779b1);
    high ^= scramble(item, 0x85ebca77);
  };
  let stuck: { readonly left: number; readonly items: number[] } | undefined;
  let entry = list.first();
  for (let steps = 0; left > 0; ) {
    if (entry !== none && (entry & 1) === 0) {
      steps += 1;
      if (steps > stepsMax) return { found: "bound" };
      const item = entry >> 1;
      const change = model.step(item);
      if (change !== 0) {
        toggle(item);
        if (change === 1 || isNew(reached, `${low},${high},${model.fingerprint()}`)) {
          list.lift(item, returns(item));
          placed.push(change === 2 ? item : ~item);
          left -= required(item);
          entry = list.first();
          continue;
        }
        model.back();
        toggle(item);
      }
      entry = list.after(entry);
      continue;
    }
    if (stuck === undefined || left < stuck.left) stuck = { left, items: openAt(list, entry) };
    // The operation whose return was met has no place: take back the last one that could have been another.
    for (;;) {
      const top = placed.pop();
      if (top === undefined) return { found: "nothing", stuck: stuck.items };
      const item = top < 0 ? ~top : top;
      list.unlift(item, returns(item));
      toggle(item);
      left += required(item);
      if (top < 0) continue;
      model.back();
      entry = list.after(2 * item);
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

/** The items without place that had begun when the search got stuck at a return; that return's item comes first. */
function openAt(list: EntryList, blocked: number): number[] {
  const open = blocked === none ? [] : [blocked >> 1];
  for (let entry = list.first(); entry !== none && entry !== blocked; entry = list.after(entry)) {
    if ((entry & 1) === 0 && entry >> 1 !== blocked >> 1) open.push(entry >> 1);
  }
  return open;
}
