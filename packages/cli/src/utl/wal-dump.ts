/** `wal dump`: what a write-ahead log holds, one record a line. */
import { decodeInternalRaftRequest, type InternalRaftRequest, ProtoError, type RequestOp } from "@quorate/api";
import { CorruptError, hexId } from "@quorate/base";
import {
  ConfChangeType,
  type ConfState,
  decodeConfChange,
  decodeConfChangeV2,
  decodeEntry,
  decodeHardState,
  type Entry,
  EntryType,
} from "@quorate/raft";
import { decodeSnapshotRecord, readRecords, RecordType, WalCorruptError, WalError, type WalRecord } from "@quorate/wal";
import { CommandError, Exit } from "../io.ts";
import { goQuoteBytes } from "../print/go-text.ts";
import { soleArgument, type UtlCommand, type UtlContext } from "./context.ts";

const shownBytes = 64;

/** Bytes for people: quoted, and cut where they are long. */
function shown(bytes: Uint8Array): string {
  if (bytes.length <= shownBytes) return goQuoteBytes(bytes);
  return `${goQuoteBytes(bytes.subarray(0, shownBytes))}… (${bytes.length} bytes)`;
}

function nameOf(kinds: Readonly<Record<string, number>>, value: number): string {
  return Object.entries(kinds).find(([, number]) => number === value)?.[0] ?? String(value);
}

function operation(op: RequestOp): string {
  if (op.requestPut !== undefined) return `put ${shown(op.requestPut.key)}`;
  if (op.requestRange !== undefined) return `range ${shown(op.requestRange.key)}`;
  if (op.requestDeleteRange !== undefined) return `delete ${shown(op.requestDeleteRange.key)}`;
  return "txn";
}

function requestText(r: InternalRaftRequest): string {
  if (r.put !== undefined) return `put ${shown(r.put.key)} ${shown(r.put.value)}`;
  if (r.deleteRange !== undefined) return `delete ${shown(r.deleteRange.key)} ${shown(r.deleteRange.rangeEnd)}`;
  if (r.compaction !== undefined) return `compaction ${r.compaction.revision}`;
  if (r.txn !== undefined) {
    const { compare, success, failure } = r.txn;
    const then = success.map(operation).join(", ");
    return `txn if ${compare.length} then [${then}] else [${failure.map(operation).join(", ")}]`;
  }
  const kind = Object.entries(r).find(([name, value]) => name !== "id" && name !== "header" && value !== undefined);
  return kind?.[0] ?? "unknown request";
}

function payload(entry: Entry): string {
  if (entry.type === EntryType.confChange) {
    const change = decodeConfChange(entry.data);
    return `${nameOf(ConfChangeType, change.type)} ${hexId(change.nodeId)} ${shown(change.context)}`;
  }
  if (entry.type === EntryType.confChangeV2) {
    const { changes } = decodeConfChangeV2(entry.data);
    return changes.map((change) => `${nameOf(ConfChangeType, change.type)} ${hexId(change.nodeId)}`).join(", ");
  }
  if (entry.data.length === 0) return "(empty: a leader's first entry)";
  try {
    return requestText(decodeInternalRaftRequest(entry.data));
  } catch (error) {
    // Entries of the v2 store are of another message.
    if (!(error instanceof ProtoError)) throw error;
    return shown(entry.data);
  }
}

function configuration(state: ConfState | undefined): string {
  if (state === undefined) return "";
  const ids = (list: readonly bigint[]): string => list.map(hexId).join(" ");
  const parts = [`voters=(${ids(state.voters)})`];
  if (state.votersOutgoing.length > 0) parts.push(`outgoing=(${ids(state.votersOutgoing)})`);
  if (state.learners.length > 0) parts.push(`learners=(${ids(state.learners)})`);
  if (state.learnersNext.length > 0) parts.push(`learnersNext=(${ids(state.learnersNext)})`);
  return ` ${parts.join(" ")}`;
}

/** One record in words. */
export function recordText(record: WalRecord): string {
  switch (record.type) {
    case RecordType.metadata:
      return `metadata ${shown(record.data)}`;
    case RecordType.crc:
      return `crc ${record.crc.toString(16).padStart(8, "0")}`;
    case RecordType.snapshot: {
      const { index, term, confState } = decodeSnapshotRecord(record.data);
      return `snapshot index=${index} term=${term}${configuration(confState)}`;
    }
    case RecordType.state: {
      const { term, vote, commit } = decodeHardState(record.data);
      return `state term=${term} vote=${hexId(vote)} commit=${commit}`;
    }
    case RecordType.entry: {
      const entry = decodeEntry(record.data);
      return `entry term=${entry.term} index=${entry.index} ${nameOf(EntryType, entry.type)} ${payload(entry)}`;
    }
  }
}

const baseName = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

function walFolder(c: UtlContext, path: string): string {
  const folders = [path, `${path}/wal`, `${path}/member/wal`];
  const found = folders.find((folder) => {
    return c.disk.info(folder)?.kind === "directory" && c.disk.list(folder).some((name) => name.endsWith(".wal"));
  });
  if (found === undefined) throw new CommandError(Exit.error, `${path}: no write-ahead log here`);
  return found;
}

const dump: UtlCommand = {
  path: ["wal", "dump"],
  usage: "<data-dir or wal folder>",
  help: "Lists the records of a write-ahead log; nothing is changed",
  options: [],
  async run(c) {
    const folder = walFolder(c, soleArgument(c, "wal dump requires exactly one argument: the data folder"));
    let file = "";
    let count = 0;
    try {
      const torn = readRecords(c.disk, folder, (record) => {
        if (record.file !== file) {
          file = record.file;
          c.io.out(`${baseName(file)}\n`);
        }
        count += 1;
        c.io.out(`  ${String(record.offset).padStart(10)}  ${recordText(record)}\n`);
      });
      if (torn !== undefined)
        c.io.out(`${baseName(torn.file)}: half-written from byte ${torn.offset} on; a start would cut it off\n`);
    } catch (error) {
      const expected = error instanceof CorruptError || error instanceof WalCorruptError || error instanceof WalError;
      if (!expected) throw error;
      throw new CommandError(Exit.error, error.message);
    }
    c.io.out(`${count} records\n`);
    return Exit.success;
  },
};

export const walCommands: readonly UtlCommand[] = [dump];
