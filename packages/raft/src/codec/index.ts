export {
  confStateSize,
  decodeConfChange,
  decodeConfChangeV2,
  decodeConfState,
  emptyConfState,
  encodeConfChange,
  encodeConfChangeV2,
  encodeConfState,
  readConfState,
  writeConfState,
} from "./conf.ts";
export { decodeEntry, encodeEntry, entryData, entrySize, writeEntry } from "./entry.ts";
export { decodeMessage, encodeMessage, messageSize, writeMessage } from "./message.ts";
export {
  decodeHardState,
  decodeSnapshot,
  decodeSnapshotMetadata,
  encodeHardState,
  encodeSnapshot,
  encodeSnapshotMetadata,
  hardStateSize,
  writeHardState,
} from "./snapshot.ts";
export { bytesSize, Cursor as WireCursor, idSize, putBytes, putId, putUvarint, uvarintSize } from "./wire.ts";
