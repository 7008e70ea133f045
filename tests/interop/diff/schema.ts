/** Requests as readable trees, and their protobuf form: a table of our own, so that any number can be sent. */

/** What stands in a field. Bytes are texts with one character per byte; see {@link number} for texts in number fields. */
export type Value = number | boolean | string | Tree | readonly Value[];
export interface Tree {
  readonly [field: string]: Value;
}

type Kind = "number" | "bool" | "bytes" | "string" | Schema;
interface Field {
  readonly no: number;
  readonly kind: Kind;
}
/** The fields of a message, by name. */
export interface Schema {
  readonly [field: string]: Field;
}

/** Lays out fields whose numbers count up from 1. */
function fields(...list: readonly (readonly [name: string, kind: Kind])[]): Schema {
  return Object.fromEntries(list.map(([name, kind], i) => [name, { no: i + 1, kind }]));
}

const rangeRequest = fields(
  ["key", "bytes"],
  ["rangeEnd", "bytes"],
  ["limit", "number"],
  ["revision", "number"],
  ["sortOrder", "number"],
  ["sortTarget", "number"],
  ["serializable", "bool"],
  ["keysOnly", "bool"],
  ["countOnly", "bool"],
  ["minModRevision", "number"],
  ["maxModRevision", "number"],
  ["minCreateRevision", "number"],
  ["maxCreateRevision", "number"],
);
const putRequest = fields(
  ["key", "bytes"],
  ["value", "bytes"],
  ["lease", "number"],
  ["prevKv", "bool"],
  ["ignoreValue", "bool"],
  ["ignoreLease", "bool"],
);
const deleteRangeRequest = fields(["key", "bytes"], ["rangeEnd", "bytes"], ["prevKv", "bool"]);
const compare: Schema = {
  ...fields(["result", "number"], ["target", "number"], ["key", "bytes"], ["version", "number"]),
  createRevision: { no: 5, kind: "number" },
  modRevision: { no: 6, kind: "number" },
  value: { no: 7, kind: "bytes" },
  lease: { no: 8, kind: "number" },
  rangeEnd: { no: 64, kind: "bytes" },
};

const requestOp: Record<string, Field> = {
  requestRange: { no: 1, kind: rangeRequest },
  requestPut: { no: 2, kind: putRequest },
  requestDeleteRange: { no: 3, kind: deleteRangeRequest },
};
const txnRequest = fields(["compare", compare], ["success", requestOp], ["failure", requestOp]);
requestOp["requestTxn"] = { no: 4, kind: txnRequest };

/** Request messages by the name of their method. */
export const requestSchemas: Readonly<Record<string, Schema>> = {
  "etcdserverpb.KV/Range": rangeRequest,
  "etcdserverpb.KV/Put": putRequest,
  "etcdserverpb.KV/DeleteRange": deleteRangeRequest,
  "etcdserverpb.KV/Txn": txnRequest,
  "etcdserverpb.KV/Compact": fields(["revision", "number"], ["physical", "bool"]),
  "etcdserverpb.Cluster/MemberAdd": fields(["peerURLs", "string"], ["isLearner", "bool"]),
  "etcdserverpb.Cluster/MemberRemove": fields(["id", "number"]),
  "etcdserverpb.Cluster/MemberUpdate": fields(["id", "number"], ["peerURLs", "string"]),
  "etcdserverpb.Cluster/MemberList": fields(["linearizable", "bool"]),
  "etcdserverpb.Cluster/MemberPromote": fields(["id", "number"]),
  "etcdserverpb.Maintenance/Alarm": fields(["action", "number"], ["memberId", "number"], ["alarm", "number"]),
  "etcdserverpb.Maintenance/Status": {},
  "etcdserverpb.Maintenance/HashKV": fields(["revision", "number"]),
  "etcdserverpb.Maintenance/MoveLeader": fields(["targetId", "number"]),
  "grpc.health.v1.Health/Check": fields(["service", "string"]),
  "grpc.health.v1.Health/Watch": fields(["service", "string"]),
  "grpc.health.v1.Health/List": {},
};

/** What names in number fields stand for: `now` and `compacted` are revisions, `self` and `other` are members. */
export type Names = Readonly<Record<string, bigint>>;

/** Reads a number: digits, or a name with an offset, such as `now-2`. */
export function number(value: Value, names: Names): bigint {
  if (typeof value === "number") return BigInt(value);
  if (typeof value !== "string") throw new TypeError(`not a number: ${JSON.stringify(value)}`);
  const [, name, offset] = /^([a-z]+)([+-]\d+)?$/.exec(value) ?? [];
  if (name === undefined) return BigInt(value);
  const base = names[name];
  if (base === undefined) throw new Error(`nothing is called ${name}`);
  return base + BigInt(offset ?? 0);
}

export function varint(value: bigint): number[] {
  const out: number[] = [];
  let rest = BigInt.asUintN(64, value);
  for (; rest >= 0x80n; rest >>= 7n) out.push(Number(rest & 0x7fn) | 0x80);
  out.push(Number(rest));
  return out;
}

function lengthDelimited(no: number, bytes: Uint8Array): Uint8Array[] {
  return [Uint8Array.from([...varint(BigInt(no * 8 + 2)), ...varint(BigInt(bytes.length))]), bytes];
}

function encodeField({ no, kind }: Field, value: Value, names: Names): Uint8Array[] {
  if (Array.isArray(value)) return value.flatMap((one: Value) => encodeField({ no, kind }, one, names));
  if (kind === "number") return [Uint8Array.from([...varint(BigInt(no * 8)), ...varint(number(value, names))])];
  if (kind === "bool") return [Uint8Array.from([...varint(BigInt(no * 8)), ...varint(BigInt(value as number))])];
  if (kind === "string") return lengthDelimited(no, Buffer.from(value as string, "utf8"));
  if (kind === "bytes") return lengthDelimited(no, Buffer.from(value as string, "latin1"));
  return lengthDelimited(no, encode(kind, value as Tree, names));
}

/** Encodes fields in the order in which they stand in the tree, zeros too; `$raw` is hex that is appended as it is. */
export function encode(schema: Schema, tree: Tree, names: Names): Uint8Array {
  const parts = Object.entries(tree).flatMap(([name, value]) => {
    if (name === "$raw") return [Buffer.from(value as string, "hex")];
    const field = schema[name];
    if (field === undefined) throw new Error(`there is no field ${name}`);
    return encodeField(field, value, names);
  });
  return Buffer.concat(parts);
}
