import type { LogIndex } from "@quorate/base";
import type { Inode } from "../disk-names.ts";
import { isChange } from "../ledger.ts";
import type { SimNode } from "../node.ts";
import { check } from "../violation.ts";

const stateRecord = 3;

/** Indexes of the changes of members that a member's log holds. */
export function changesIn({ log }: SimNode): LogIndex[] {
  const found: LogIndex[] = [];
  for (let index = 1; index <= log.last; index++) {
    const entry = log.entryAt(index);
    if (entry !== undefined && isChange(entry)) found.push(index);
  }
  return found;
}

/** Where the last record of a segment starts, and its type; whole frames, as the log writes them. */
function lastRecord(bytes: Uint8Array): { readonly at: number; readonly type: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let last = { at: 0, type: 0 };
  let at = 0;
  while (at + 8 <= bytes.length) {
    const size = view.getUint32(at, true);
    if (size === 0) break;
    const flags = bytes[at + 7] as number;
    // A record opens with its type, in a byte behind its tag.
    last = { at, type: bytes[at + 9] as number };
    at += 8 + size + ((flags & 0x80) === 0 ? 0 : flags & 7);
  }
  return last;
}

/** Tears the last batch of a log that nobody has open: of its entries and its hard state, the hard state is lost. */
export function tearLastState({ name, disk }: SimNode): void {
  const segments = disk.names.files().filter(({ path }) => path.endsWith(".wal"));
  const inode = segments.sort((a, b) => (a.path < b.path ? -1 : 1)).at(-1)?.inode as Inode;
  const bytes = new Uint8Array(inode.pages.size);
  inode.pages.read(bytes, 0);
  const { at, type } = lastRecord(bytes);
  check(type === stateRecord, "script", () => `the log of ${name} ends with a record of type ${type}`);
  inode.pages.write(new Uint8Array(bytes.length - at), at);
  inode.pages.settle();
}
