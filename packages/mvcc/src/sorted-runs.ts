/** Items per run: sorting one takes a few milliseconds at most. */
const runLength = 4096;

/**
 * Sorts the numbers 0, 1, 2, … by what the caller knows about them, in bounded steps: `add` sorts a run now and then,
 * `next` merges the runs one item at a time. Equal items keep their order.
 */
export class SortedRuns {
  readonly #compare: (a: number, b: number) => number;
  readonly #runs: Uint32Array[] = [];
  #filling: Uint32Array | undefined;
  #filled = 0;
  #added = 0;
  /** A binary heap of runs by their next item, once merging has begun. */
  #heap: number[] | undefined;
  readonly #next: number[] = [];

  /** @param compare orders two of the numbers that were added; negative when the first comes first. */
  constructor(compare: (a: number, b: number) => number) {
    this.#compare = compare;
  }

  /** Adds the next number; true when that sorted a run, which is a good moment to pause. */
  add(): boolean {
    this.#filling ??= new Uint32Array(runLength);
    this.#filling[this.#filled++] = this.#added++;
    if (this.#filled < runLength) return false;
    this.#closeRun();
    return true;
  }

  /** Returns the next number in order, -1 at the end. Nothing is added from the first call on. */
  next(): number {
    const heap = this.#heap ?? this.#startMerge();
    if (heap.length === 0) return -1;
    const run = heap[0] as number;
    const items = this.#runs[run] as Uint32Array;
    const at = this.#next[run] as number;
    this.#next[run] = at + 1;
    if (at + 1 === items.length) {
      const last = heap.pop() as number;
      if (heap.length > 0) heap[0] = last;
    }
    this.#siftDown(heap, 0);
    return items[at] as number;
  }

  #closeRun(): void {
    if (this.#filling === undefined) return;
    const run = this.#filling.subarray(0, this.#filled);
    const compare = this.#compare;
    run.sort((a, b) => compare(a, b) || a - b);
    this.#runs.push(run);
    this.#next.push(0);
    this.#filling = undefined;
    this.#filled = 0;
  }

  #startMerge(): number[] {
    this.#closeRun();
    const heap = Array.from(this.#runs, (_run, index) => index);
    for (let i = (heap.length >> 1) - 1; i >= 0; i--) this.#siftDown(heap, i);
    this.#heap = heap;
    return heap;
  }

  #siftDown(heap: number[], from: number): void {
    let parent = from;
    for (;;) {
      let child = parent * 2 + 1;
      if (child >= heap.length) return;
      if (child + 1 < heap.length && this.#before(heap[child + 1] as number, heap[child] as number)) child += 1;
      if (!this.#before(heap[child] as number, heap[parent] as number)) return;
      const moved = heap[parent] as number;
      heap[parent] = heap[child] as number;
      heap[child] = moved;
      parent = child;
    }
  }

  #before(run: number, other: number): boolean {
    const a = (this.#runs[run] as Uint32Array)[this.#next[run] as number] as number;
    const b = (this.#runs[other] as Uint32Array)[this.#next[other] as number] as number;
    return (this.#compare(a, b) || a - b) < 0;
  }
}
