// Generates packages/api/src/gen/*.gen.ts from packages/api/proto/*.proto.
// Run `npm run gen` after changing a definition; the check compares what is committed with what this writes.
//
// Shapes: fields are camelCase; counters are safe integers (values past 2^53 are clamped when decoded, which keeps
// every comparison with a real counter true); identities are branded bigints; repeated `raw` messages stay encoded.
// Encoders write backwards, so that a nested length is known when it is written and one pass is enough.
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import protobuf from "protobufjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const protoDir = join(root, "packages/api/proto");
const outDir = join(root, "packages/api/src/gen");

const files = ["kv", "auth", "membership", "rpc", "raft_internal", "legacy", "lease", "health"];

/** Fields that are identities, by name or by Message.name. */
const identities = {
  cluster_id: "ClusterId",
  member_id: "MemberId",
  memberID: "MemberId",
  member_ID: "MemberId",
  targetID: "MemberId",
  leader: "MemberId",
  lease: "LeaseId",
  NodeID: "MemberId",
  ClusterID: "ClusterId",
  "Member.ID": "MemberId",
  "MemberRemoveRequest.ID": "MemberId",
  "MemberUpdateRequest.ID": "MemberId",
  "MemberPromoteRequest.ID": "MemberId",
  "RequestHeader.ID": "RequestId",
  "InternalRaftRequest.ID": "RequestId",
  "Request.ID": "RequestId",
  "LeaseGrantRequest.ID": "LeaseId",
  "LeaseGrantResponse.ID": "LeaseId",
  "LeaseRevokeRequest.ID": "LeaseId",
  "LeaseCheckpoint.ID": "LeaseId",
  "LeaseKeepAliveRequest.ID": "LeaseId",
  "LeaseKeepAliveResponse.ID": "LeaseId",
  "LeaseTimeToLiveRequest.ID": "LeaseId",
  "LeaseTimeToLiveResponse.ID": "LeaseId",
  "LeaseStatus.ID": "LeaseId",
  "Lease.ID": "LeaseId",
};

/** Message fields that stay encoded, because the rows they carry are stored in that form. */
const raw = new Set([
  "RangeResponse.kvs",
  "PutResponse.prev_kv",
  "DeleteRangeResponse.prev_kvs",
  "Event.kv",
  "Event.prev_kv",
]);

const camel = (name) => {
  if (/^[A-Z]+$/.test(name)) return name.toLowerCase();
  const joined = name
    .replace(/_([a-zA-Z])/g, (_m, c) => c.toUpperCase())
    .replace(/^([A-Z]+)(?=[A-Z][a-z]|$)/, (m) => m.toLowerCase())
    .replace(/^[A-Z]/, (c) => c.toLowerCase());
  return joined
    .replace(/IDs?$/, (m) => (m === "IDs" ? "Ids" : "Id"))
    .replace(/URLs$/, "Urls")
    .replace(/TTL$/, "Ttl");
};

const loaded = new protobuf.Root();
loaded.resolvePath = (_origin, target) => join(protoDir, target);
loaded.loadSync(
  files.map((f) => `${f}.proto`),
  { keepCase: true, alternateCommentMode: false },
);
loaded.resolveAll();

const fileOf = (reflected) => reflected.filename?.replace(/^.*\//, "").replace(/\.proto$/, "");

function* typesIn(namespace) {
  for (const nested of namespace.nestedArray ?? []) {
    if (nested instanceof protobuf.Type || nested instanceof protobuf.Enum || nested instanceof protobuf.Service) {
      yield nested;
    }
    if (nested instanceof protobuf.Namespace) yield* typesIn(nested);
  }
}

const all = [...typesIn(loaded)];
const enumName = (e) => (e.name === "Type" ? `${e.parent.name}Type` : e.name);

function fieldInfo(type, field) {
  field.resolve();
  const key = `${type.name}.${field.name}`;
  const message = field.resolvedType instanceof protobuf.Type ? field.resolvedType : undefined;
  const isEnum = field.resolvedType instanceof protobuf.Enum;
  const brand = identities[key] ?? (field.type.endsWith("64") ? identities[field.name] : undefined);
  const proto2 = sourceOf(type).includes('syntax = "proto2"');
  return {
    key,
    name: camel(field.name),
    id: field.id,
    repeated: field.repeated,
    map: field instanceof protobuf.MapField,
    message,
    isEnum,
    brand,
    raw: raw.has(key),
    wire: field.type,
    always: proto2 && field.required,
    nullable: proto2 && !field.required,
    oneof: field.partOf && !field.partOf.name.startsWith("_") ? field.partOf : undefined,
  };
}

const sources = new Map();
function sourceOf(reflected) {
  const name = fileOf(reflected);
  if (!sources.has(name)) sources.set(name, readFileSync(join(protoDir, `${name}.proto`), "utf8"));
  return sources.get(name);
}

const scalarType = (f) => {
  if (f.raw) return "Uint8Array";
  if (f.message) return f.message.name;
  if (f.isEnum) return "number";
  if (f.brand) return f.brand;
  switch (f.wire) {
    case "bool":
      return "boolean";
    case "string":
      return "string";
    case "bytes":
      return "Uint8Array";
    case "double":
      throw new Error(`no doubles: ${f.key}`);
    default:
      return "number";
  }
};

function tsType(f) {
  if (f.map) return `Map<string, ${scalarType(f)}>`;
  if (f.repeated) return `${scalarType(f)}[]`;
  if (f.message || f.oneof || f.nullable) return `${scalarType(f)} | undefined`;
  return scalarType(f);
}

function defaultOf(f) {
  if (f.map) return "new Map()";
  if (f.repeated) return "[]";
  if (f.message || f.oneof || f.nullable) return "undefined";
  if (f.brand) return `0n as ${f.brand}`;
  switch (scalarType(f)) {
    case "boolean":
      return "false";
    case "string":
      return '""';
    case "Uint8Array":
      return "emptyBytes";
    default:
      return "0";
  }
}

const wireTypeOf = (f) => (f.message || f.map || f.wire === "string" || f.wire === "bytes" ? 2 : 0);

function writeValue(f, value) {
  if (f.raw) return [`w.bytes(${value});`];
  if (f.message) return [`const end = w.mark();`, `write${f.message.name}(w, ${value});`, `w.uvarint(end - w.mark());`];
  if (f.isEnum) return [`w.varint(${value});`];
  if (f.brand) return [`w.bigVarint(${value});`];
  switch (f.wire) {
    case "bool":
      return [`w.bool(${value});`];
    case "string":
      return [`w.string(${value});`];
    case "bytes":
      return [`w.bytes(${value});`];
    default:
      return [`w.varint(${value});`];
  }
}

function writeField(f) {
  const lines = [];
  const tag = (f.id << 3) | wireTypeOf(f);
  const at = `m.${f.name}`;
  if (f.map) {
    lines.push(`if (${at} !== undefined) for (const [key, value] of [...${at}].reverse()) {`);
    lines.push("  const entryEnd = w.mark();");
    lines.push(
      "  const end = w.mark();",
      `  write${f.message.name}(w, value);`,
      "  w.uvarint(end - w.mark());",
      "  w.uvarint(18);",
    );
    lines.push(
      "  w.string(key);",
      "  w.uvarint(10);",
      "  w.uvarint(entryEnd - w.mark());",
      `  w.uvarint(${tag});`,
      "}",
    );
    return lines;
  }
  if (f.repeated) {
    const packed = wireTypeOf(f) === 0;
    if (packed) {
      lines.push(`if (${at} !== undefined && ${at}.length > 0) {`, "  const end = w.mark();");
      lines.push(`  for (let i = ${at}.length - 1; i >= 0; i--) w.varint(${at}[i] as number);`);
      lines.push("  w.uvarint(end - w.mark());", `  w.uvarint(${(f.id << 3) | 2});`, "}");
      return lines;
    }
    lines.push(`if (${at} !== undefined) {`, `  for (let i = ${at}.length - 1; i >= 0; i--) {`);
    for (const l of writeValue(f, `${at}[i] as ${scalarType(f)}`)) lines.push(`    ${l}`);
    lines.push(`    w.uvarint(${tag});`, "  }", "}");
    return lines;
  }
  let condition;
  if (f.message || f.oneof || f.nullable) condition = `${at} !== undefined`;
  else if (f.always) condition = undefined;
  else if (f.brand) condition = `${at} !== undefined && ${at} !== 0n`;
  else
    switch (scalarType(f)) {
      case "boolean":
        condition = `${at} === true`;
        break;
      case "string":
      case "Uint8Array":
        condition = `${at} !== undefined && ${at}.length > 0`;
        break;
      default:
        condition = `${at} !== undefined && ${at} !== 0`;
    }
  const value = f.always ? `${at} ?? ${defaultOf(f)}` : at;
  lines.push(condition ? `if (${condition}) {` : "{");
  for (const l of writeValue(f, value)) lines.push(`  ${l}`);
  lines.push(`  w.uvarint(${tag});`, "}");
  return lines;
}

function readValue(f) {
  if (f.raw) return "r.bytes()";
  if (f.message) return `read${f.message.name}(r, r.lengthEnd())`;
  if (f.isEnum) return "r.int32()";
  if (f.brand === "LeaseId") return "r.bigInt64() as LeaseId";
  if (f.brand) return `r.bigUint64() as ${f.brand}`;
  switch (f.wire) {
    case "bool":
      return "r.bool()";
    case "string":
      return "r.string()";
    case "bytes":
      return "r.bytes()";
    case "int32":
      return "r.int32()";
    case "uint32":
      return "r.uint32()";
    case "uint64":
      return "r.uint64()";
    case "int64":
      return "r.int64()";
    default:
      throw new Error(`no reader for ${f.wire} (${f.key})`);
  }
}

function readField(f, fields) {
  const tag = (f.id << 3) | wireTypeOf(f);
  const at = `m.${f.name}`;
  const lines = [];
  if (f.map) {
    lines.push(`case ${tag}: {`, "  const entryEnd = r.lengthEnd();", '  let key = "";');
    lines.push(
      `  let value: ${f.message.name} = new${f.message.name}();`,
      "  while (r.at < entryEnd) {",
      "    const entryTag = r.tag(entryEnd);",
    );
    lines.push(
      "    if (entryTag === 10) key = r.string();",
      `    else if (entryTag === 18) value = read${f.message.name}(r, r.lengthEnd());`,
    );
    lines.push("    else r.skip(entryTag);", "  }", `  ${at}.set(key, value);`, "  break;", "}");
    return lines;
  }
  if (f.repeated) {
    if (wireTypeOf(f) === 0) {
      lines.push(
        `case ${(f.id << 3) | 2}: {`,
        "  const packedEnd = r.lengthEnd();",
        `  while (r.at < packedEnd) ${at}.push(${readValue(f)});`,
        "  break;",
        "}",
      );
    }
    lines.push(`case ${tag}:`, `  ${at}.push(${readValue(f)});`, "  break;");
    return lines;
  }
  lines.push(`case ${tag}:`, `  ${at} = ${readValue(f)};`);
  if (f.oneof) {
    for (const other of fields) {
      if (other.oneof === f.oneof && other !== f) lines.push(`  m.${other.name} = undefined;`);
    }
  }
  lines.push("  break;");
  return lines;
}

function generateMessage(type) {
  const fields = type.fieldsArray.map((f) => fieldInfo(type, f)).sort((a, b) => a.id - b.id);
  const n = type.name;
  const out = [];
  out.push(`/** \`${type.fullName.slice(1)}\` */`, `export interface ${n} {`);
  for (const f of fields) out.push(`  ${f.name}: ${tsType(f)};`);
  out.push("}", "");
  out.push(`/** Returns a \`${n}\` with every field at its default. */`);
  out.push(`export function new${n}(): ${n} {`);
  out.push(fields.length === 0 ? "  return {};" : "  return {");
  if (fields.length > 0) {
    for (const f of fields) out.push(`    ${f.name}: ${defaultOf(f)},`);
    out.push("  };");
  }
  out.push("}", "");
  const written = fields.length === 0 ? "_w: Writer, _m" : "w: Writer, m";
  out.push(`/** Writes the fields of \`m\` in front of what \`w\` holds. */`);
  out.push(`export function write${n}(${written}: Partial<${n}>): void {`);
  for (const f of [...fields].reverse()) for (const l of writeField(f)) out.push(`  ${l}`);
  out.push("}", "");
  out.push(`/** Encodes into a byte string of its own. */`);
  out.push(
    `export function encode${n}(m: Partial<${n}>): Uint8Array {`,
    "  const w = startWriter();",
    `  write${n}(w, m);`,
    "  return w.finish();",
    "}",
    "",
  );
  out.push(`/** Reads the fields up to \`end\`. Byte fields alias the reader's buffer. */`);
  out.push(
    `export function read${n}(r: Reader, end: number): ${n} {`,
    `  const m = new${n}();`,
    "  while (r.at < end) {",
    "    const tag = r.tag(end);",
  );
  if (fields.length === 0) out.push("    r.skip(tag);");
  else {
    out.push("    switch (tag) {");
    for (const f of fields) for (const l of readField(f, fields)) out.push(`      ${l}`);
    out.push("      default:", "        r.skip(tag);", "    }");
  }
  out.push("  }", "  r.expectEnd(end);", "  return m;", "}", "");
  out.push(`/** Decodes; byte fields alias \`bytes\`. Throws \`ProtoError\` on malformed input. */`);
  out.push(
    `export function decode${n}(bytes: Uint8Array): ${n} {`,
    "  const r = startReader(bytes);",
    "  try {",
    `    return read${n}(r, bytes.length);`,
    "  } finally {",
    "    r.release();",
    "  }",
    "}",
    "",
  );
  return out;
}

function generateEnum(type) {
  const out = [`/** \`${type.fullName.slice(1)}\` */`, `export const ${enumName(type)} = {`];
  for (const [name, value] of Object.entries(type.values)) out.push(`  ${name}: ${value},`);
  out.push("} as const;", "");
  return out;
}

function generateService(type) {
  const out = [`/** Full method names of \`${type.fullName.slice(1)}\`. */`, `export const ${type.name}Methods = {`];
  for (const method of type.methodsArray) {
    out.push(
      `  ${method.name[0].toLowerCase()}${method.name.slice(1)}: "${`/${type.fullName.slice(1)}/${method.name}`}",`,
    );
  }
  out.push("} as const;", "");
  return out;
}

/** Returns path → text of every generated file. */
export function generate() {
  const outputs = new Map();
  for (const file of files) {
    const own = all.filter((t) => fileOf(t) === file);
    const body = [];
    for (const type of own) {
      if (type instanceof protobuf.Enum) body.push(...generateEnum(type));
      else if (type instanceof protobuf.Service) body.push(...generateService(type));
      else body.push(...generateMessage(type));
    }
    const text = body.join("\n");
    const head = [`// Generated from proto/${file}.proto by \`npm run gen\`. Do not edit.`];
    const base = ["ClusterId", "MemberId", "LeaseId", "RequestId"].filter((b) => new RegExp(`\\b${b}\\b`).test(text));
    if (base.length > 0) head.push(`import type { ${base.join(", ")} } from "@quorate/base";`);
    if (/\bemptyBytes\b/.test(text)) head.push('import { emptyBytes } from "@quorate/base";');
    const wire = ["type Reader", "startReader", "startWriter", "type Writer"].filter((n) =>
      new RegExp(`\\b${n.replace("type ", "")}\\b`).test(text),
    );
    if (wire.length > 0) head.push(`import { ${wire.join(", ")} } from "../wire.ts";`);
    for (const other of files) {
      if (other === file) continue;
      const names = all
        .filter((t) => fileOf(t) === other && t instanceof protobuf.Type)
        .filter((t) =>
          own.some(
            (o) =>
              o instanceof protobuf.Type &&
              o.fieldsArray.some((f) => f.resolvedType === t && !raw.has(`${o.name}.${f.name}`)),
          ),
        )
        .map((t) => t.name);
      if (names.length > 0) {
        const imported = names.flatMap((n) => [`type ${n}`, `read${n}`, `write${n}`]);
        head.push(`import { ${imported.join(", ")} } from "./${other}.gen.ts";`);
      }
    }
    outputs.set(join(outDir, `${file}.gen.ts`), `${head.join("\n")}\n\n${text}`);
  }
  return outputs;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const verify = process.argv.includes("--check");
  let stale = 0;
  for (const [path, text] of generate()) {
    if (!verify) writeFileSync(path, text);
    else if (readFileSync(path, "utf8") !== text) {
      stale += 1;
      console.error(`${path} is not what npm run gen writes`);
    }
  }
  process.exit(stale === 0 ? 0 : 1);
}
