import { emptyBytes, type MemberId } from "@quorate/base";
import type { DatabaseSink, OutgoingDatabase } from "@quorate/member";
import { decodeMessage, encodeMessage, type Message } from "@quorate/raft";
import type { Host } from "./host.ts";
import { EventKind, type Kernel, type Life } from "./kernel.ts";
import type { Way } from "./link.ts";

/** What carries a transfer. */
interface Carrier {
  readonly kernel: Kernel;
  way(from: Host, to: Host): Way;
  travelUs(way: Way): number;
}

/** Who sends. */
interface Sender {
  isMeant(to: Host, id: MemberId): boolean;
}

/** One snapshot on its way. */
export interface TransferParts {
  readonly from: Host;
  readonly fromLife: Life;
  readonly to: Host | undefined;
  readonly message: Message;
  readonly database: OutgoingDatabase;
}

/** The database travels in pieces of this size. */
const pieceBytes = 64 * 1024;
/** A piece that does not get through is given up after this time. */
const giveUpUs = 5_000_000;

/** Carries a database and then the message it belongs to, over a connection of its own. Either end may go away meanwhile. */
export class SnapshotTransfer {
  readonly #network: Carrier;
  readonly #link: Sender;
  readonly #parts: TransferParts;
  readonly #toLife: Life | undefined;
  #pieces: Iterator<Uint8Array> | undefined;
  #chunk: Uint8Array = emptyBytes;
  #at = 0;
  #sink: DatabaseSink | undefined;
  #stalledUs = 0;
  #connection = 0;
  #reported = false;

  constructor(network: Carrier, link: Sender, parts: TransferParts) {
    this.#network = network;
    this.#link = link;
    this.#parts = parts;
    this.#toLife = parts.to?.life;
  }

  start(): void {
    const { database, to, from } = this.#parts;
    const source = database.chunks();
    if (!(Symbol.iterator in source)) throw new Error("databases are read synchronously here");
    this.#pieces = source[Symbol.iterator]();
    if (to !== undefined) this.#connection = this.#network.way(from, to).connection;
    this.#schedule(0);
  }

  #schedule(delayUs: number): void {
    this.#network.kernel.after(delayUs, EventKind.snapshot, undefined, () => this.#step());
  }

  /** Sends one piece; both ends are looked at anew each time. */
  #step(): void {
    const { from, fromLife, to } = this.#parts;
    if (!fromLife.alive) {
      this.#abort();
      return;
    }
    if (to === undefined || to.member === undefined || to.life !== this.#toLife || !to.life?.alive) {
      this.#fail();
      return;
    }
    const way = this.#network.way(from, to);
    if (way.connection !== this.#connection) {
      this.#fail();
      return;
    }
    const pausedUntilUs = Math.max(fromLife.resumeUs, to.life.resumeUs);
    if (way.cut || way.halfOpen || pausedUntilUs > this.#network.kernel.nowUs) {
      this.#stalledUs += 100_000;
      if (this.#stalledUs >= giveUpUs) this.#fail();
      else this.#schedule(100_000);
      return;
    }
    this.#stalledUs = 0;
    this.#send(to);
  }

  #send(to: Host): void {
    const { message, from } = this.#parts;
    const { member } = to;
    if (member === undefined) return;
    if (!this.#link.isMeant(to, message.to) || member.machine.membership.isRemoved(message.from)) {
      this.#fail();
      return;
    }
    try {
      this.#sink ??= member.receiveDatabase(message.snapshot?.metadata.index ?? 0);
      const piece = this.#nextPiece();
      if (piece === undefined) {
        this.#finish(to, this.#sink);
        return;
      }
      this.#sink.write(piece);
      const way = this.#network.way(from, to);
      this.#schedule(way.arrivalUs(this.#network.travelUs(way), piece.length, 0, true) - this.#network.kernel.nowUs);
    } catch {
      // The receiver's disk refused it, or is gone with its process.
      this.#fail();
    }
  }

  #nextPiece(): Uint8Array | undefined {
    if (this.#at >= this.#chunk.length) {
      const next = this.#pieces?.next();
      if (next === undefined || next.done === true) return undefined;
      this.#chunk = next.value;
      this.#at = 0;
    }
    const piece = this.#chunk.slice(this.#at, this.#at + pieceBytes);
    this.#at += piece.length;
    return piece;
  }

  #finish(to: Host, sink: DatabaseSink): void {
    const { message, database } = this.#parts;
    this.#sink = undefined;
    database.close();
    const bytes = encodeMessage(message);
    this.#network.kernel.mixBytes(bytes);
    const life = this.#toLife;
    this.#network.kernel.after(giveUpUs, EventKind.snapshot, undefined, () => this.#report(false));
    sink.commit().then(
      () => {
        if (life?.alive !== true || to.life !== life) return;
        to.member?.step(decodeMessage(bytes));
        this.#report(true);
      },
      () => this.#report(false),
    );
  }

  /** The receiver is gone or will not have it. */
  #fail(): void {
    this.#abort();
    this.#parts.database.close();
    this.#report(false);
  }

  #abort(): void {
    const sink = this.#sink;
    this.#sink = undefined;
    if (this.#toLife?.alive === true) sink?.abort();
  }

  #report(ok: boolean): void {
    if (this.#reported) return;
    this.#reported = true;
    const { from, fromLife, message } = this.#parts;
    this.#network.kernel.after(1_000, EventKind.snapshot, fromLife, () => from.member?.reportSnapshot(message.to, ok));
  }
}
