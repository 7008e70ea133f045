import { type Page, type PageMemory, pageMemory } from "./page.ts";

const pieceBytesMax = 64 * 1024;
/** A cache has at least so many pieces. */
const piecesMin = 16;
/** A piece of which more than this part is in use goes round as it is. */
const mostlyUsed = 0.75;

/** What a page costs in memory beside its bytes, about. */
export const pageCost = 150;

/** Memory with pages side by side, some of them gone. */
interface Piece {
  readonly memory: PageMemory;
  readonly pages: Page[];
  /** Bytes that are taken. */
  used: number;
}

/** Whether the cache still shows this very page. */
type IsShown = (page: Page) => boolean;

/**
 * The pages that are worth keeping, in pieces of memory that leave in the order in which they came: what was asked for
 * meanwhile moves on to the newest piece, the rest goes with the piece. That is the clock algorithm, but neighbours in
 * time are neighbours in memory, and what the pieces hold is all that is held.
 */
export class KeptPages {
  readonly #bytesMax: number;
  readonly #pageBytes: number;
  readonly #pieceBytes: number;
  readonly #isShown: IsShown;
  readonly #onMoved: (page: Page) => void;
  readonly #onGone: (page: Page) => void;
  #bytes = 0;
  /** Oldest first, from `#head` on. */
  #pieces: (Piece | undefined)[] = [];
  #head = 0;
  /** The piece that takes the next page. */
  #filling: Piece | undefined;

  /**
   * @param bytesMax at least a page and what it costs, if anything is to be kept.
   * @param onMoved told of a page that has taken the place of the one with its number.
   * @param onGone told of a page that was shown and is not held any more.
   */
  constructor(
    options: { readonly bytesMax: number; readonly pageBytes: number },
    events: {
      readonly isShown: IsShown;
      readonly onMoved: (page: Page) => void;
      readonly onGone: (page: Page) => void;
    },
  ) {
    const { bytesMax, pageBytes } = options;
    this.#bytesMax = bytesMax;
    this.#pageBytes = pageBytes;
    const pages = Math.max(1, Math.floor(bytesMax / pageBytes / piecesMin));
    this.#pieceBytes = Math.max(pageBytes, Math.min(pieceBytesMax, pages * pageBytes));
    this.#isShown = events.isShown;
    this.#onMoved = events.onMoved;
    this.#onGone = events.onGone;
  }

  /** Bytes of all pieces, with what is kept beside them. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Copies a page in, and lets go older ones when there is no room; a page that is too large is not taken. */
  insert(page: Page): void {
    if (page.length + pageCost > this.#bytesMax) return;
    const piece = this.#room(page.length);
    this.#take(piece, page.copyTo({ ...piece.memory, base: piece.used }));
  }

  /** Where a page of the usual size may be read to, to be taken in by `adopt` at once. */
  place(): PageMemory {
    const { memory, used } = this.#room(this.#pageBytes);
    return { bytes: memory.bytes, words: memory.words, base: used };
  }

  /** Takes in a page that was read to `place`. */
  adopt(page: Page): void {
    this.#take(this.#room(page.length), page);
  }

  #take(piece: Piece, page: Page): void {
    piece.used += page.length;
    piece.pages.push(page);
    this.#bytes += pageCost;
    this.#onMoved(page);
    while (this.#bytes > this.#bytesMax) this.#turn();
  }

  /** A piece with so much room. A large page gets one of its own. */
  #room(length: number): Piece {
    const filling = this.#filling;
    if (filling !== undefined && filling.used + length <= filling.memory.bytes.length) return filling;
    const size = Math.max(length, this.#pieceBytes);
    const piece: Piece = { memory: pageMemory(size), pages: [], used: 0 };
    this.#bytes += size;
    this.#pieces.push(piece);
    if (length <= this.#pieceBytes) this.#filling = piece;
    return piece;
  }

  /** Looks at the oldest piece. */
  #turn(): void {
    const piece = this.#pieces[this.#head] as Piece;
    this.#pieces[this.#head] = undefined;
    this.#head += 1;
    if (this.#head * 2 > this.#pieces.length) {
      this.#pieces = this.#pieces.slice(this.#head);
      this.#head = 0;
    }
    const wanted = piece.pages.filter((page) => page.used !== 0 && this.#isShown(page));
    let bytes = 0;
    for (const page of wanted) {
      page.used = 0;
      bytes += page.length;
    }
    if (bytes > piece.memory.bytes.length * mostlyUsed) {
      this.#pieces.push(piece);
      return;
    }
    if (this.#filling === piece) this.#filling = undefined;
    this.#bytes -= piece.memory.bytes.length + piece.pages.length * pageCost;
    for (const page of piece.pages) if (!wanted.includes(page) && this.#isShown(page)) this.#onGone(page);
    for (const page of wanted) this.insert(page);
  }
}
