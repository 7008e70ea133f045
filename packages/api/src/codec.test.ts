import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import protobuf from "protobufjs";
import { describe, expect, test } from "vitest";
import * as auth from "./gen/auth.gen.ts";
import * as health from "./gen/health.gen.ts";
import * as kv from "./gen/kv.gen.ts";
import * as lease from "./gen/lease.gen.ts";
import * as legacy from "./gen/legacy.gen.ts";
import * as membership from "./gen/membership.gen.ts";
import * as internal from "./gen/raft_internal.gen.ts";
import * as rpc from "./gen/rpc.gen.ts";
import { ProtoError } from "./wire.ts";

const protoDir = join(dirname(fileURLToPath(import.meta.url)), "../proto");
const root = new protobuf.Root();
root.resolvePath = (_origin, target) => join(protoDir, target);
root.loadSync(
  readdirSync(protoDir).filter((f) => f.endsWith(".proto")),
  { keepCase: true },
);
root.resolveAll();

type Codec = Record<string, unknown>;
const modules: Record<string, Codec> = {
  "auth.proto": auth,
  "health.proto": health,
  "kv.proto": kv,
  "lease.proto": lease,
  "legacy.proto": legacy,
  "membership.proto": membership,
  "raft_internal.proto": internal,
  "rpc.proto": rpc,
};

function* typesIn(namespace: protobuf.NamespaceBase): Generator<protobuf.Type> {
  for (const nested of namespace.nestedArray) {
    if (nested instanceof protobuf.Type) yield nested;
    if (nested instanceof protobuf.Namespace) yield* typesIn(nested);
  }
}

const smallOrHuge = fc.oneof(
  fc.integer({ min: 1, max: 300 }),
  fc.integer({ min: 1, max: 2 ** 31 - 1 }),
  fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
);

function scalar(field: protobuf.Field): fc.Arbitrary<unknown> {
  if (field.resolvedType instanceof protobuf.Enum)
    return fc.constantFrom(...Object.values(field.resolvedType.values).filter((v) => v !== 0));
  switch (field.type) {
    case "bool":
      return fc.constant(true);
    case "string":
      return fc.string({ minLength: 1, unit: "grapheme" });
    case "bytes":
      return fc.uint8Array({ minLength: 1, maxLength: 40 });
    case "int32":
    case "uint32":
      return fc.integer({ min: 1, max: 2 ** 31 - 1 });
    case "int64":
      return fc.oneof(smallOrHuge, fc.integer({ min: -(2 ** 53) + 1, max: -1 })).map((n) => BigInt(n).toString());
    case "uint64":
      return smallOrHuge.map((n) => BigInt(n).toString());
    default:
      throw new Error(`no generator for ${field.type}`);
  }
}

function message(type: protobuf.Type, depth: number): fc.Arbitrary<Record<string, unknown>> {
  const shape: Record<string, fc.Arbitrary<unknown>> = {};
  const required: string[] = [];
  const oneofs = new Set<string>();
  for (const field of type.fieldsArray) {
    const nested = field.resolvedType instanceof protobuf.Type ? field.resolvedType : undefined;
    if (nested !== undefined && depth === 0) continue;
    // Of each oneof one member at most, else the encodings of two libraries may order them differently.
    if (field.partOf !== null && field.partOf !== undefined) {
      if (oneofs.has(field.partOf.name) && depth % 2 === 0) continue;
      oneofs.add(field.partOf.name);
      if (type.fieldsArray.some((f) => f !== field && f.partOf === field.partOf && shape[f.name] !== undefined))
        continue;
    }
    const value = nested === undefined ? scalar(field) : message(nested, depth - 1);
    shape[field.name] = field.map
      ? fc.dictionary(fc.string({ minLength: 1, maxLength: 3 }), value, { maxKeys: 3, noNullPrototype: true })
      : field.repeated
        ? fc.array(value, { minLength: 1, maxLength: 3 })
        : value;
    if (field.required) required.push(field.name);
  }
  return fc.record(shape, { requiredKeys: required });
}

const sourceFile = (type: protobuf.Type): string => (type.filename ?? "").replace(/^.*\//, "");

describe("generated codecs agree with protobufjs", () => {
  const types = [...typesIn(root)];
  test("on a sensible number of messages", () => {
    expect(types.length).toBeGreaterThan(120);
  });
  for (const type of types) {
    const codec = modules[sourceFile(type)];
    if (codec === undefined) throw new Error(`no module for ${type.fullName}`);
    const encode = codec[`encode${type.name}`] as (m: unknown) => Uint8Array;
    const decode = codec[`decode${type.name}`] as (bytes: Uint8Array) => unknown;
    test(`${type.fullName}`, () => {
      fc.assert(
        fc.property(message(type, 3), (value) => {
          const theirs = type.encode(type.fromObject(value)).finish();
          expect(Buffer.from(encode(decode(theirs))).toString("hex")).toBe(Buffer.from(theirs).toString("hex"));
        }),
        { numRuns: 40 },
      );
    });
  }
});

describe("wire format", () => {
  test("keeps all 64 bits of an identity (M42)", () => {
    for (const id of [1n, 2n ** 53n - 1n, 2n ** 53n + 1n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n]) {
      const encoded = rpc.encodeMemberRemoveRequest({ id: id as rpc.MemberRemoveRequest["id"] });
      expect(rpc.decodeMemberRemoveRequest(encoded).id).toBe(id);
    }
    for (const id of [-1n, -(2n ** 63n), 2n ** 63n - 1n]) {
      const encoded = rpc.encodeLeaseRevokeRequest({ id: id as rpc.LeaseRevokeRequest["id"] });
      expect(rpc.decodeLeaseRevokeRequest(encoded).id).toBe(id);
    }
  });

  test("clamps counters that are no safe integers", () => {
    const max = Uint8Array.of(0x20, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f);
    expect(rpc.decodeRangeRequest(max).revision).toBe(Number.MAX_SAFE_INTEGER);
    const min = Uint8Array.of(0x20, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01);
    expect(rpc.decodeRangeRequest(min).revision).toBe(Number.MIN_SAFE_INTEGER);
    expect(rpc.decodeRangeRequest(rpc.encodeRangeRequest({ revision: -7 })).revision).toBe(-7);
  });

  test("refuses or decodes any bytes, and never reads past them", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          rpc.decodeTxnRequest(bytes);
          internal.decodeInternalRaftRequest(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(ProtoError);
        }
      }),
      { numRuns: 5000 },
    );
  });

  test("takes the last member of a oneof", () => {
    const put = rpc.encodeRequestOp({ requestPut: { ...rpc.newPutRequest(), key: Uint8Array.of(1) } });
    const range = rpc.encodeRequestOp({ requestRange: { ...rpc.newRangeRequest(), key: Uint8Array.of(2) } });
    const both = rpc.decodeRequestOp(Uint8Array.from([...put, ...range]));
    expect(both.requestPut).toBeUndefined();
    expect(both.requestRange?.key).toEqual(Uint8Array.of(2));
  });

  test("refuses a string that is not UTF-8", () => {
    expect(() => rpc.decodeAuthRoleAddRequest(Uint8Array.of(0x0a, 1, 0xff))).toThrow(ProtoError);
  });
});
