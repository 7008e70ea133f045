/** Random streams of requests: the same seed gives the same stream. */
import type { Request } from "./pair.ts";
import type { Tree, Value } from "./schema.ts";

/** A small generator of 32 bit numbers (mulberry32). */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** At least 0 and below `bound`. */
  below(bound: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % bound;
  }

  /** True `percent` times out of a hundred. */
  chance(percent: number): boolean {
    return this.below(100) < percent;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }
}

// At most twelve keys: so many rows etcd sorts stably, beyond that ties come in any order.
const keys = ["a", "aa", "a\0", "b", "b\0\xff", "c", "d", "\0", "\0\0", "\xff", "\xff\xff", "m"];
// No empty one: to 3.6 one that is there and empty means something else than one that is not there (see calls.test.ts).
const ends = ["\0", "\0", "b", "c", "e", "a", "aa", "\0\0", "\xff", "\xff\xff\xff", "z", "\x01", "b\0"];
const int64Max = "9223372036854775807";
const int64Min = "-9223372036854775808";
const limits = [0, 1, 2, 3, 5, 11, 12, 100, -1, 2_147_483_648, int64Max, int64Min, "9007199254740993"];
const revisions = [
  ...["now", "now", "now-1", "now-2", "now-3", "now-5", "now-8", "now-20", "compacted", "compacted", "compacted+1"],
  ...["compacted-1", "now+1", "now+2", "1", "0", "-1", "-5", int64Max, int64Min, "9007199254740993"],
];
const bounds = [...revisions.slice(0, 9), ...revisions.slice(-6), "now-12"];
const leases = [0, 0, 0, 1, 7, -1, int64Max, int64Min, "9007199254740993"];
// The last two are, in the 32 bits that count, 1 and -1.
const odd = [3, 5, 7, 99, -1, 2_147_483_647, "4294967297", "4294967295"];

const any = (dice: Dice, list: readonly Value[]): Value => dice.pick(list);

function key(dice: Dice): string {
  return dice.chance(2) ? "" : dice.pick(keys);
}

function value(dice: Dice): string {
  if (dice.chance(6)) return "";
  if (dice.chance(3)) return String.fromCharCode(dice.below(256)).repeat(dice.below(5000));
  return `v${dice.below(6)}`;
}

function range(dice: Dice, plain: number): Tree {
  const tree: Record<string, Value> = { key: key(dice) };
  if (dice.chance(75)) tree["rangeEnd"] = dice.pick(ends);
  if (dice.chance(plain)) return tree;
  if (dice.chance(30)) tree["limit"] = any(dice, limits);
  if (dice.chance(35)) tree["revision"] = any(dice, revisions);
  if (dice.chance(45)) tree["sortOrder"] = dice.chance(94) ? dice.below(3) : any(dice, odd);
  if (dice.chance(45)) tree["sortTarget"] = dice.chance(94) ? dice.below(5) : any(dice, odd);
  if (dice.chance(30)) tree["serializable"] = true;
  if (dice.chance(15)) tree["keysOnly"] = true;
  if (dice.chance(12)) tree["countOnly"] = dice.chance(50) || 2;
  for (const name of ["minModRevision", "maxModRevision", "minCreateRevision", "maxCreateRevision"]) {
    if (dice.chance(9)) tree[name] = any(dice, bounds);
  }
  return tree;
}

function put(dice: Dice): Tree {
  const tree: Record<string, Value> = { key: key(dice) };
  if (dice.chance(12)) tree["ignoreValue"] = true;
  if (dice.chance(tree["ignoreValue"] === true ? 20 : 95)) tree["value"] = value(dice);
  if (dice.chance(10)) tree["ignoreLease"] = true;
  if (dice.chance(8)) tree["lease"] = any(dice, leases);
  if (dice.chance(40)) tree["prevKv"] = true;
  return tree;
}

function deleteRange(dice: Dice): Tree {
  const tree: Record<string, Value> = { key: key(dice) };
  if (dice.chance(40)) tree["rangeEnd"] = dice.pick(ends);
  if (dice.chance(50)) tree["prevKv"] = true;
  return tree;
}

const targets = ["version", "createRevision", "modRevision", "value", "lease"];

function compare(dice: Dice): Tree {
  const target = dice.below(5);
  const tree: Record<string, Value> = { key: key(dice) };
  if (dice.chance(90)) tree["result"] = dice.chance(95) ? dice.below(4) : any(dice, odd);
  tree["target"] = dice.chance(95) ? target : any(dice, odd);
  // Now and then the value of another target, none, or two of which the last one counts.
  for (let count = dice.chance(90) ? 1 : dice.below(3); count > 0; count--) {
    const name = dice.chance(92) ? (targets[target] as string) : dice.pick(targets);
    if (name === "value") tree[name] = value(dice);
    else if (name === "lease") tree[name] = any(dice, leases);
    else tree[name] = dice.chance(60) ? dice.below(4) : any(dice, revisions);
  }
  if (dice.chance(25)) tree["rangeEnd"] = dice.pick(ends);
  return tree;
}

function op(dice: Dice, depth: number): Tree {
  const roll = dice.below(100);
  if (roll < 36) return { requestPut: put(dice) };
  if (roll < 66) return { requestRange: range(dice, 40) };
  if (roll < 84) return { requestDeleteRange: deleteRange(dice) };
  if (roll < 98 && depth < 3) return { requestTxn: txn(dice, depth + 1) };
  if (roll < 99) return {};
  return { requestRange: range(dice, 90), requestPut: put(dice) };
}

function ops(dice: Dice, depth: number): Tree[] {
  const count = dice.chance(1) ? 120 + dice.below(12) : dice.below(4);
  if (count < 100) return Array.from({ length: count }, () => op(dice, depth));
  // Many operations that do not put a key twice.
  return Array.from({ length: count }, () => ({ requestRange: range(dice, 60) }));
}

function txn(dice: Dice, depth: number): Tree {
  const tree: Record<string, Value> = {};
  if (dice.chance(60)) tree["compare"] = Array.from({ length: 1 + dice.below(2) }, () => compare(dice));
  if (dice.chance(88)) tree["success"] = ops(dice, depth);
  if (dice.chance(50)) tree["failure"] = ops(dice, depth);
  return depth === 0 ? withReadableRanges(withoutTrap(tree) as Record<string, Value>) : tree;
}

/**
 * Ends deletes from a key on behind all keys. etcd takes a transaction that makes such a delete and then puts one of those
 * keys; it ends itself when the put wants to keep the value or the lease of what is gone, and its compactions and hashes
 * lose the put otherwise (see departures.test.ts).
 */
function withoutTrap(value: Value): Value {
  if (typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map(withoutTrap);
  const entries = Object.entries(value as Tree).map(([name, inner]) => {
    const all = name === "requestDeleteRange" && (inner as Tree)["rangeEnd"] === "\0";
    return [name, all ? { ...(inner as Tree), rangeEnd: "\xff\xff\xff" } : withoutTrap(inner)];
  });
  return Object.fromEntries(entries) as Tree;
}

/**
 * Takes away revisions that may be unreadable from the outer ranges of a transaction that writes: there members of etcd
 * before 3.7 do different things, depending on which of them was asked (see calls.test.ts).
 */
function withReadableRanges(tree: Record<string, Value>): Tree {
  const branches = [tree["success"], tree["failure"]].map((branch) => (branch ?? []) as readonly Tree[]);
  const isRange = (one: Tree): boolean => Object.keys(one).join() === "requestRange";
  if (branches.flat().every(isRange)) return tree;
  const readable = (one: Tree): Tree => {
    const asked = one["requestRange"] as Tree | undefined;
    if (asked === undefined || asked["revision"] === undefined || asked["revision"] === "now") return one;
    return { ...one, requestRange: { ...asked, revision: "now" } };
  };
  for (const name of ["success", "failure"]) {
    if (tree[name] !== undefined) tree[name] = (tree[name] as readonly Tree[]).map(readable);
  }
  return tree;
}

function alarm(dice: Dice): Tree {
  // An unknown action would end etcd.
  const action = dice.pick([0, 0, 1, 2, 2, 2]);
  return { action, memberId: dice.pick([0, "self", "self", 77, int64Max]), alarm: dice.pick([0, 1, 1, 2, 7]) };
}

const memberLists = [{}, { linearizable: true }, { linearizable: 0 }];

/** Fields that no version knows, one field twice, and other oddities that leave a message valid. */
const appendices = ["9806 01", "9a0603616263", "990600000000000000aa", "9d0600000000", "9b069c06"].map((hex) =>
  hex.replaceAll(" ", ""),
);

function oddities(dice: Dice, request: Request): Request {
  if (dice.chance(97)) return request;
  if (dice.chance(30)) return { ...request, metadata: { hasleader: dice.pick(["true", "false", "TRUE"]) } };
  return { ...request, body: { ...request.body, $raw: dice.pick(appendices) } };
}

function plain(dice: Dice): Request {
  const roll = dice.below(1000);
  const kv = (method: string, body: Tree): Request => ({ method: `etcdserverpb.KV/${method}`, body });
  if (roll < 260) return kv("Put", put(dice));
  if (roll < 560) return kv("Range", range(dice, 15));
  if (roll < 680) return kv("DeleteRange", deleteRange(dice));
  if (roll < 930) return kv("Txn", txn(dice, 0));
  if (roll < 950) {
    const revision = dice.chance(70) ? dice.pick(["now", "now-1", "now-3", "now-10"]) : any(dice, revisions);
    return kv("Compact", { revision, ...(dice.chance(40) ? { physical: true } : {}) });
  }
  if (roll < 975) {
    const revision = dice.chance(50) ? 0 : any(dice, revisions);
    return { method: "etcdserverpb.Maintenance/HashKV", body: { revision } };
  }
  if (roll < 985) return { method: "etcdserverpb.Maintenance/Alarm", body: alarm(dice) };
  if (roll < 990) return { method: "etcdserverpb.Maintenance/Status", body: {} };
  if (roll < 995) return { method: "etcdserverpb.Cluster/MemberList", body: dice.pick(memberLists) };
  return { method: "grpc.health.v1.Health/Check", body: dice.chance(50) ? {} : { service: "etcdserverpb.KV" } };
}

const everything: Tree = { key: "\0", rangeEnd: "\0" };

/** Where no key is left, what a hash says depends on how far a compaction has come; this one waits for its end. */
const settled: Request = { method: "etcdserverpb.KV/Compact", body: { revision: 1, physical: true } };

/** Leaves out the numbers beyond those that have a name at which etcd 3.5 ends. */
export function forOlder(request: Request): Request {
  const known = (value: Value, name = ""): Value => {
    if (name === "sortOrder" || name === "sortTarget" || name === "alarm")
      return [0, 1, 2].includes(value as number) ? value : 0;
    if (typeof value !== "object") return value;
    if (Array.isArray(value)) return value.map((one: Value) => known(one));
    return Object.fromEntries(Object.entries(value).map(([field, inner]) => [field, known(inner as Value, field)]));
  };
  return { ...request, body: known(request.body) as Tree };
}

/** 3.7 looks for a lease before it looks for the value that is to be kept; we answer in the order of 3.6. */
export function forNewer(request: Request): Request {
  const onlyOne = (value: Value): Value => {
    if (typeof value !== "object") return value;
    if (Array.isArray(value)) return value.map(onlyOne);
    const keeps = (value as Tree)["ignoreValue"] === true;
    const kept = Object.entries(value).filter(([field]) => !keeps || field !== "lease");
    return Object.fromEntries(kept.map(([field, inner]) => [field, onlyOne(inner as Value)]));
  };
  return request.method.endsWith("/Txn") ? { ...request, body: onlyOne(request.body) as Tree } : request;
}

/** Makes the stream of one seed; now and then the whole state is compared. */
export function makeStream(seed: number, length: number): Request[] {
  const dice = new Dice(seed);
  const stream: Request[] = [];
  let checkpoint = 40;
  while (stream.length < length) {
    const request = oddities(dice, plain(dice));
    if (request.method.endsWith("/HashKV")) stream.push(settled);
    stream.push(request);
    if (stream.length < checkpoint) continue;
    checkpoint += 40;
    // Alarms must not rule for the rest of the stream.
    for (const memberId of ["self", 0, 77, int64Max]) {
      for (const kind of [1, 2]) {
        stream.push({ method: "etcdserverpb.Maintenance/Alarm", body: { action: 2, memberId, alarm: kind } });
      }
    }
    stream.push({ method: "etcdserverpb.KV/Range", body: everything });
    stream.push(settled, { method: "etcdserverpb.Maintenance/HashKV", body: {} });
  }
  return stream;
}
