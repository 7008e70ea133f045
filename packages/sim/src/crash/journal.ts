/**
 * What a recorded run did to its disk, in order. Nodes are files and directories, told apart by number whatever names
 * they have.
 *
 * A sync is noted when it ends: what the file's operations before its start wrote is durable from there on. What a
 * `write` left in the page cache is kept whole sector by whole sector, since that is what reaches the disk: a sector
 * that is written out later holds what earlier writes put into it, too.
 */
import { sectorBytes } from "@quorate/base";

/** A file or a directory. */
export interface DiskNode {
  readonly id: number;
  readonly kind: "file" | "directory";
  readonly mode: number;
  readonly modifiedMs: number;
}

export interface NameChange {
  readonly directory: number;
  readonly name: string;
  /** Undefined removes the name. */
  readonly node: number | undefined;
}

export interface WriteOperation {
  readonly kind: "write";
  readonly file: number;
  readonly path: string;
  readonly position: number;
  readonly length: number;
  /** Where the first sector that it touches begins. */
  readonly start: number;
  /** The touched sectors as the page cache held them afterwards, cut at the end of the file. */
  readonly bytes: Uint8Array;
}

export interface ResizeOperation {
  readonly kind: "resize";
  readonly file: number;
  readonly path: string;
  readonly size: number;
}

/** Names that change together. */
export interface NamesOperation {
  readonly kind: "names";
  readonly text: string;
  /** What the names are new for, if anything. */
  readonly made: DiskNode | undefined;
  readonly changes: readonly NameChange[];
}

/** The operations on a file that stand in the journal before the number `before` are durable. */
export interface SyncedOperation {
  readonly kind: "synced";
  readonly file: number;
  readonly path: string;
  readonly before: number;
}

export interface NamesSyncedOperation {
  readonly kind: "namesSynced";
  readonly directory: number;
  readonly path: string;
  readonly before: number;
}

export type Operation = WriteOperation | ResizeOperation | NamesOperation | SyncedOperation | NamesSyncedOperation;

/** An operation that a crash can lose. */
export type Losable = WriteOperation | ResizeOperation | NamesOperation;

/** How many sectors a write touches; every other operation is lost or kept as a whole. */
export function sectorsOf(operation: Losable): number {
  return operation.kind === "write" ? Math.max(1, Math.ceil(operation.bytes.length / sectorBytes)) : 1;
}

/** One line about an operation, for reports. */
export function describe(operation: Operation): string {
  switch (operation.kind) {
    case "write":
      return `write ${operation.path} at ${operation.position}, ${operation.length} bytes`;
    case "resize":
      return `resize ${operation.path} to ${operation.size}`;
    case "names":
      return operation.text;
    case "synced":
      return `synced ${operation.path}`;
    case "namesSynced":
      return `synced the names in ${operation.path}`;
  }
}
