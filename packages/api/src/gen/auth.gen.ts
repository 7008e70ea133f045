// Generated from proto/auth.proto by `npm run gen`. Do not edit.
import { emptyBytes } from "@quorate/base";
import { type Reader, startReader, startWriter, type Writer } from "../wire.ts";

/** `authpb.UserAddOptions` */
export interface UserAddOptions {
  noPassword: boolean;
}

/** Returns a `UserAddOptions` with every field at its default. */
export function newUserAddOptions(): UserAddOptions {
  return {
    noPassword: false,
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeUserAddOptions(w: Writer, m: Partial<UserAddOptions>): void {
  if (m.noPassword === true) {
    w.bool(m.noPassword);
    w.uvarint(8);
  }
}

/** Encodes into a byte string of its own. */
export function encodeUserAddOptions(m: Partial<UserAddOptions>): Uint8Array {
  const w = startWriter();
  writeUserAddOptions(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readUserAddOptions(r: Reader, end: number): UserAddOptions {
  const m = newUserAddOptions();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 8:
        m.noPassword = r.bool();
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeUserAddOptions(bytes: Uint8Array): UserAddOptions {
  const r = startReader(bytes);
  try {
    return readUserAddOptions(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `authpb.User` */
export interface User {
  name: Uint8Array;
  password: Uint8Array;
  roles: string[];
  options: UserAddOptions | undefined;
}

/** Returns a `User` with every field at its default. */
export function newUser(): User {
  return {
    name: emptyBytes,
    password: emptyBytes,
    roles: [],
    options: undefined,
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeUser(w: Writer, m: Partial<User>): void {
  if (m.options !== undefined) {
    const end = w.mark();
    writeUserAddOptions(w, m.options);
    w.uvarint(end - w.mark());
    w.uvarint(34);
  }
  if (m.roles !== undefined) {
    for (let i = m.roles.length - 1; i >= 0; i--) {
      w.string(m.roles[i] as string);
      w.uvarint(26);
    }
  }
  if (m.password !== undefined && m.password.length > 0) {
    w.bytes(m.password);
    w.uvarint(18);
  }
  if (m.name !== undefined && m.name.length > 0) {
    w.bytes(m.name);
    w.uvarint(10);
  }
}

/** Encodes into a byte string of its own. */
export function encodeUser(m: Partial<User>): Uint8Array {
  const w = startWriter();
  writeUser(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readUser(r: Reader, end: number): User {
  const m = newUser();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 10:
        m.name = r.bytes();
        break;
      case 18:
        m.password = r.bytes();
        break;
      case 26:
        m.roles.push(r.string());
        break;
      case 34:
        m.options = readUserAddOptions(r, r.lengthEnd());
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeUser(bytes: Uint8Array): User {
  const r = startReader(bytes);
  try {
    return readUser(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `authpb.Permission` */
export interface Permission {
  permType: number;
  key: Uint8Array;
  rangeEnd: Uint8Array;
}

/** Returns a `Permission` with every field at its default. */
export function newPermission(): Permission {
  return {
    permType: 0,
    key: emptyBytes,
    rangeEnd: emptyBytes,
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writePermission(w: Writer, m: Partial<Permission>): void {
  if (m.rangeEnd !== undefined && m.rangeEnd.length > 0) {
    w.bytes(m.rangeEnd);
    w.uvarint(26);
  }
  if (m.key !== undefined && m.key.length > 0) {
    w.bytes(m.key);
    w.uvarint(18);
  }
  if (m.permType !== undefined && m.permType !== 0) {
    w.varint(m.permType);
    w.uvarint(8);
  }
}

/** Encodes into a byte string of its own. */
export function encodePermission(m: Partial<Permission>): Uint8Array {
  const w = startWriter();
  writePermission(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readPermission(r: Reader, end: number): Permission {
  const m = newPermission();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 8:
        m.permType = r.int32();
        break;
      case 18:
        m.key = r.bytes();
        break;
      case 26:
        m.rangeEnd = r.bytes();
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodePermission(bytes: Uint8Array): Permission {
  const r = startReader(bytes);
  try {
    return readPermission(r, bytes.length);
  } finally {
    r.release();
  }
}

/** `authpb.Permission.Type` */
export const PermissionType = {
  READ: 0,
  WRITE: 1,
  READWRITE: 2,
} as const;

/** `authpb.Role` */
export interface Role {
  name: Uint8Array;
  keyPermission: Permission[];
}

/** Returns a `Role` with every field at its default. */
export function newRole(): Role {
  return {
    name: emptyBytes,
    keyPermission: [],
  };
}

/** Writes the fields of `m` in front of what `w` holds. */
export function writeRole(w: Writer, m: Partial<Role>): void {
  if (m.keyPermission !== undefined) {
    for (let i = m.keyPermission.length - 1; i >= 0; i--) {
      const end = w.mark();
      writePermission(w, m.keyPermission[i] as Permission);
      w.uvarint(end - w.mark());
      w.uvarint(18);
    }
  }
  if (m.name !== undefined && m.name.length > 0) {
    w.bytes(m.name);
    w.uvarint(10);
  }
}

/** Encodes into a byte string of its own. */
export function encodeRole(m: Partial<Role>): Uint8Array {
  const w = startWriter();
  writeRole(w, m);
  return w.finish();
}

/** Reads the fields up to `end`. Byte fields alias the reader's buffer. */
export function readRole(r: Reader, end: number): Role {
  const m = newRole();
  while (r.at < end) {
    const tag = r.tag(end);
    switch (tag) {
      case 10:
        m.name = r.bytes();
        break;
      case 18:
        m.keyPermission.push(readPermission(r, r.lengthEnd()));
        break;
      default:
        r.skip(tag);
    }
  }
  r.expectEnd(end);
  return m;
}

/** Decodes; byte fields alias `bytes`. Throws `ProtoError` on malformed input. */
export function decodeRole(bytes: Uint8Array): Role {
  const r = startReader(bytes);
  try {
    return readRole(r, bytes.length);
  } finally {
    r.release();
  }
}
