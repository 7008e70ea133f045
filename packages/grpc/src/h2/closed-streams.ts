/** Remembers how the last streams of a connection ended, to tell late frames from wrong ones. */

const remembered = 128;

export type ClosedBy = "unknown" | "us" | "peer" | "both";
const kinds: readonly ClosedBy[] = ["unknown", "us", "peer", "both"];

export class ClosedStreams {
  readonly #ids: Uint32Array = new Uint32Array(remembered);
  readonly #how: Uint8Array = new Uint8Array(remembered);
  #next = 0;

  /** @param by who cut the stream off; "both" when it ran to its end. */
  add(streamId: number, by: ClosedBy): void {
    const slot = this.#next;
    this.#ids[slot] = streamId;
    this.#how[slot] = by === "us" ? 1 : by === "peer" ? 2 : by === "both" ? 3 : 0;
    this.#next = (slot + 1) & (remembered - 1);
  }

  /** @returns "unknown" when the stream closed long ago or was never opened. */
  find(streamId: number): ClosedBy {
    const slot = this.#ids.indexOf(streamId);
    return slot < 0 ? "unknown" : (kinds[this.#how[slot] as number] as ClosedBy);
  }
}
