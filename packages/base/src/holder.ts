import type { FileLock } from "./ports.ts";

/** Whatever a fake of the disk lets somebody lock. */
export interface Lockable {
  /** Who holds the advisory lock. */
  holder: object | undefined;
}

/** Takes an advisory lock for `holder`; undefined when there is another holder. Releasing it twice does nothing. */
export function takeLock(node: Lockable, holder: object = {}): FileLock | undefined {
  if (node.holder !== undefined) return undefined;
  node.holder = holder;
  return {
    release: () => {
      if (node.holder === holder) node.holder = undefined;
    },
  };
}
