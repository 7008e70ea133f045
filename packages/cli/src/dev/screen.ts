/** Output that keeps a block at the bottom of a terminal up to date; elsewhere, lines when something changed. */
export class Screen {
  readonly #write: (text: string) => void;
  readonly #isTty: boolean;
  #shownLines = 0;
  #lastLine = "";

  constructor(write: (text: string) => void, isTty: boolean) {
    this.#write = write;
    this.#isTty = isTty;
  }

  #eraseBlock(): string {
    const erase = this.#shownLines === 0 ? "" : `\x1b[${this.#shownLines}A\x1b[J`;
    this.#shownLines = 0;
    return erase;
  }

  /** Prints text that stays, above the block. */
  say(text: string): void {
    this.#write(this.#eraseBlock() + text);
  }

  /**
   * Shows the state of things.
   *
   * @param block for terminals; takes the place of the one before.
   * @param line for logs; printed only when it differs from the one before.
   */
  show(block: string, line: string): void {
    if (this.#isTty) {
      const erase = this.#eraseBlock();
      this.#shownLines = block.split("\n").length - 1;
      this.#write(erase + block);
    } else if (line !== this.#lastLine) {
      this.#lastLine = line;
      this.#write(`${line}\n`);
    }
  }
}
