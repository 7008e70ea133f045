import { encodeResponseHeader, KvError, type RangeRequest } from "@quorate/api";
import { type Clock, Slice } from "@quorate/base";
import type { ServerCall } from "@quorate/grpc";
import type { RangeCursor } from "@quorate/mvcc";
import { type StateMachine, toRangeQuery } from "@quorate/state";
import type { Headers } from "./header.ts";

/** Ranges of up to this many keys are answered at once: they cannot hold the loop. */
const onceKeysMax = 256;
/** A turn reads until this much time has gone, which it looks at after so many keys or bytes. */
const turnBudgetMs = 2;
const keysPerLook = 512;
const bytesPerLook = 256 * 1024;

/** Is told how a range in slices ended. */
export interface SlicesEnd {
  done(): void;
  fail(error: Error): void;
}

/**
 * Answers a range that could be large in slices, one per turn of the loop, all at one revision.
 *
 * @returns false when the range is small and the caller should answer it at once.
 */
export function sliceRange(
  call: ServerCall,
  request: RangeRequest,
  machine: StateMachine,
  headers: Headers,
  clock: Clock,
  end: SlicesEnd,
): boolean {
  const filtered =
    request.minModRevision !== 0 ||
    request.maxModRevision !== 0 ||
    request.minCreateRevision !== 0 ||
    request.maxCreateRevision !== 0;
  const newest = request.revision <= 0 || request.revision >= machine.store.revision;
  const plain = request.sortTarget === 0 && !filtered;
  if (plain && newest && (request.countOnly || (request.limit > 0 && request.limit <= onceKeysMax))) return false;
  const cursor = machine.store.rangeCursor(toRangeQuery(request), true);
  if ("kind" in cursor) {
    end.fail(new KvError(cursor.kind === "future" ? "futureRev" : "compacted"));
    return true;
  }
  new SlicedRange(call, cursor, headers, clock, end).run();
  return true;
}

/** Tag of the field `kvs`. */
const kvsTag = 0x12;

class SlicedRange {
  readonly #call: ServerCall;
  readonly #cursor: RangeCursor;
  readonly #headers: Headers;
  readonly #clock: Clock;
  readonly #end: SlicesEnd;
  readonly #parts: Uint8Array[] = [];
  #cancelled = false;

  constructor(call: ServerCall, cursor: RangeCursor, headers: Headers, clock: Clock, end: SlicesEnd) {
    this.#call = call;
    this.#cursor = cursor;
    this.#headers = headers;
    this.#clock = clock;
    this.#end = end;
  }

  run(): void {
    this.#call.onCancel(() => {
      this.#cancelled = true;
      this.#cursor.close();
    });
    this.#slice();
  }

  readonly #slice = (): void => {
    if (this.#cancelled) return;
    try {
      const turn = new Slice(this.#clock, turnBudgetMs);
      for (;;) {
        const slice = this.#cursor.step(keysPerLook, bytesPerLook);
        if (slice.kind === "compacted") {
          this.#end.fail(new KvError("compacted"));
          return;
        }
        if (slice.rows.length > 0) this.#parts.push(encodeRows(slice.rows));
        if (slice.done) break;
        if (!turn.isOver) continue;
        this.#clock.nextTurn(this.#slice);
        return;
      }
      this.#finish();
    } catch (error) {
      this.#cursor.close();
      this.#end.fail(error instanceof Error ? error : new Error(String(error)));
    }
  };

  #finish(): void {
    const header = encodeResponseHeader(this.#headers.at(this.#cursor.revision));
    const head = new Uint8Array(2 + header.length);
    head[0] = 0x0a;
    head[1] = header.length;
    head.set(header, 2);
    const tail: number[] = [];
    if (this.#cursor.more) tail.push(0x18, 1);
    if (this.#cursor.count > 0) {
      tail.push(0x20);
      pushVarint(tail, this.#cursor.count);
    }
    this.#call.respond([head, ...this.#parts, Uint8Array.from(tail)]);
    this.#end.done();
  }
}

function pushVarint(target: number[], value: number): void {
  let rest = value;
  while (rest >= 0x80) {
    target.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  target.push(rest);
}

function varintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) size += 1;
  return size;
}

/** The rows as fields of a `RangeResponse`: tag, length, row. */
function encodeRows(rows: readonly Uint8Array[]): Uint8Array {
  let size = 0;
  for (const row of rows) size += 1 + varintSize(row.length) + row.length;
  const out = new Uint8Array(size);
  let at = 0;
  for (const row of rows) {
    out[at++] = kvsTag;
    let rest = row.length;
    while (rest >= 0x80) {
      out[at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    out[at++] = rest;
    out.set(row, at);
    at += row.length;
  }
  return out;
}
