import { InvariantError } from "@quorate/base";

/** Throws `cause` on when it is a bug of ours: then nobody carries on as if a peer or the network had failed. */
export function rethrowBug(cause: unknown): void {
  if (cause instanceof InvariantError) throw cause;
}

/** Lets work go on by itself. It handles every failure that can be expected; any other ends the process. */
export function inBackground(work: Promise<void>): void {
  work.catch((cause: unknown) => {
    process.nextTick(() => {
      throw cause instanceof Error ? cause : new Error(String(cause));
    });
  });
}
