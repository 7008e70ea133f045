/** Invocations whose every byte is compared with etcdctl's, given the same answers of the server. */
import {
  ClusterMethods,
  encodeAlarmResponse,
  encodeCompactionResponse,
  encodeDeleteRangeResponse,
  encodeHashKVResponse,
  encodeKeyValue,
  encodeMemberAddResponse,
  encodeMemberListResponse,
  encodeMoveLeaderResponse,
  encodePutResponse,
  encodeRangeResponse,
  encodeStatusResponse,
  encodeTxnResponse,
  KVMethods,
  type KeyValue,
  MaintenanceMethods,
  type Member,
  type ResponseHeader,
  type StatusResponse,
} from "@quorate/api";
import { emptyBytes, type LeaseId, toClusterId, toLeaseId, toMemberId } from "@quorate/base";

/** What the server answers: a message, or a status with a text. */
export type Reply =
  | { readonly message: Uint8Array; readonly status?: undefined }
  | { readonly status: number; readonly text: string };

export interface Case {
  /** `ENDPOINT` stands for the address of the server. */
  readonly args: readonly string[];
  readonly stdin?: string;
  /** Answers by method, in order; the last one repeats. */
  readonly replies?: Readonly<Record<string, readonly Reply[]>>;
}

const header: ResponseHeader = {
  clusterId: toClusterId(0x214bc1aee0c5a10bn),
  memberId: toMemberId(0xd2a60ac536592630n),
  revision: 6,
  raftTerm: 2,
};
const memberHeader: ResponseHeader = { ...header, revision: 0 };
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function pair(key: Uint8Array | string, value: Uint8Array | string, lease: LeaseId = toLeaseId(0n)): Uint8Array {
  const kv: KeyValue = {
    key: typeof key === "string" ? bytes(key) : key,
    value: typeof value === "string" ? bytes(value) : value,
    createRevision: 2,
    modRevision: 5,
    version: 3,
    lease,
  };
  return encodeKeyValue(kv);
}

const odd = new Uint8Array([
  0, 1, 7, 0x22, 0x5c, 0xc3, 0xa9, 0xff, 0xe2, 0x82, 0xac, 0xed, 0xa0, 0x80, 0x7f, 0xc2, 0xad,
]);
const lease = toLeaseId(0x2630a1faac668029n);
const gets = [pair("foo", "bar"), pair("foo1", "<a&b>\u2028", lease), pair(odd, odd)];
const range: Reply = { message: encodeRangeResponse({ header, kvs: gets, count: 7, more: true }) };
const nothing: Reply = { message: encodeRangeResponse({ header }) };
const keysOnly: Reply = {
  message: encodeRangeResponse({ header, kvs: [pair("foo", emptyBytes), pair("g", "")], count: 2 }),
};
const put: Reply = { message: encodePutResponse({ header }) };
const putPrevious: Reply = { message: encodePutResponse({ header, prevKv: pair("foo", "old") }) };
const del: Reply = { message: encodeDeleteRangeResponse({ header, deleted: 2, prevKvs: gets.slice(0, 2) }) };
const refused = (status: number, text: string): Reply => ({ status, text });

const none = {
  responseRange: undefined,
  responsePut: undefined,
  responseDeleteRange: undefined,
  responseTxn: undefined,
};
const part = { ...header, clusterId: toClusterId(0n), memberId: toMemberId(0n), raftTerm: 0 };
const txn: Reply = {
  message: encodeTxnResponse({
    header,
    succeeded: true,
    responses: [
      { ...none, responsePut: { header: part, prevKv: undefined } },
      { ...none, responseRange: { header: part, kvs: gets.slice(0, 2), more: false, count: 2 } },
      { ...none, responseDeleteRange: { header: { ...part, revision: 0 }, deleted: 1, prevKvs: [] } },
    ],
  }),
};
const failedTxn: Reply = { message: encodeTxnResponse({ header, succeeded: false }) };

const members: Member[] = [
  {
    id: toMemberId(0x48f6a56f96ee2d4fn),
    name: "",
    peerUrls: ["http://127.0.0.1:61104"],
    clientUrls: [],
    isLearner: true,
  },
  {
    id: toMemberId(0xd2a60ac536592630n),
    name: "m1",
    peerUrls: ["http://127.0.0.1:61102", "http://127.0.0.1:61112"],
    clientUrls: ["http://127.0.0.1:61101"],
    isLearner: false,
  },
  {
    id: toMemberId(0xabcn),
    name: "m 2",
    peerUrls: ["https://h:1"],
    clientUrls: ["https://h:2", "https://i:2"],
    isLearner: false,
  },
];
const list: Reply = { message: encodeMemberListResponse({ header: memberHeader, members }) };
const added: Reply = {
  message: encodeMemberAddResponse({ header: memberHeader, member: members[0] as Member, members }),
};
const short = toMemberId(0xabcn);
const addedVoter: Reply = {
  message: encodeMemberAddResponse({
    header: { ...memberHeader, clusterId: toClusterId(0xc1n) },
    member: { ...(members[2] as Member), name: "", clientUrls: [] },
    members: [{ ...(members[2] as Member), name: "", clientUrls: [] }],
  }),
};

const status: Partial<StatusResponse> = {
  header,
  version: "3.6.14",
  dbSize: 20480,
  leader: header.memberId,
  raftIndex: 32,
  raftTerm: 2,
  raftAppliedIndex: 31,
  dbSizeInUse: 16384,
  storageVersion: "3.6.0",
  dbSizeQuota: 2147483648,
  downgradeInfo: { enabled: false, targetVersion: "" },
};
const well: Reply = { message: encodeStatusResponse(status) };
const ill: Reply = {
  message: encodeStatusResponse({
    ...status,
    leader: toMemberId(1n),
    isLearner: true,
    dbSize: 19_345_678,
    dbSizeInUse: 999_999,
    dbSizeQuota: 8_250,
    errors: ["etcdserver: no leader", "memberID:15178831436235482672 alarm:NOSPACE "],
    downgradeInfo: { enabled: true, targetVersion: "3.5.0" },
  }),
};
const hash: Reply = {
  message: encodeHashKVResponse({ header, hash: 3305255506, compactRevision: -1, hashRevision: 2 }),
};
const noAlarms: Reply = { message: encodeAlarmResponse({ header }) };
const alarms: Reply = {
  message: encodeAlarmResponse({
    header,
    alarms: [
      { memberId: header.memberId, alarm: 1 },
      { memberId: short, alarm: 2 },
    ],
  }),
};

const forms = ["simple", "json", "fields", "table", "protobuf"];
const inForms = (args: readonly string[], replies: Case["replies"], stdin?: string): Case[] =>
  forms.map((form) => ({
    args: [...args, "-w", form],
    ...(replies === undefined ? {} : { replies }),
    ...(stdin === undefined ? {} : { stdin }),
  }));

const kvGet = { [KVMethods.range]: [range] };
const kvPut = { [KVMethods.put]: [put] };
const kvDel = { [KVMethods.deleteRange]: [del] };
const kvTxn = { [KVMethods.txn]: [txn] };
const memberList = { [ClusterMethods.memberList]: [list] };
const health = { [KVMethods.range]: [nothing], [MaintenanceMethods.alarm]: [noAlarms] };
const moved: Reply = { message: encodeMoveLeaderResponse({}) };

const compacted = refused(11, "etcdserver: mvcc: required revision has been compacted");
const memberNotFound = refused(5, "etcdserver: member not found");

const gettingAndPutting: readonly Case[] = [
  ...inForms(["get", "foo", "--prefix"], kvGet),
  ...inForms(["--hex", "get", "foo", "z"], kvGet),
  ...inForms(["get", "nokey"], { [KVMethods.range]: [nothing] }),
  { args: ["get", "foo", "--prefix", "--keys-only"], replies: { [KVMethods.range]: [keysOnly] } },
  { args: ["get", "foo", "--print-value-only"], replies: kvGet },
  { args: ["get", "foo", "--print-value-only", "-w", "json"], replies: kvGet },
  { args: ["get", "foo", "--count-only"], replies: kvGet },
  { args: ["get", "foo", "--count-only", "--write-out=fields"], replies: { [KVMethods.range]: [nothing] } },
  { args: ["get", "", "--prefix", "--limit=3", "--rev", "4", "--order=descend", "--sort-by=modify"], replies: kvGet },
  { args: ["get", "a", "--from-key", "--sort-by=KEY", "--order=ASCEND", "--consistency=s"], replies: kvGet },
  { args: ["get", "a", "--sort-by=VERSION"], replies: kvGet },
  {
    args: ["get", "a", "--min-create-rev=2", "--max-create-rev=3", "--min-mod-rev=4", "--max-mod-rev=5"],
    replies: kvGet,
  },
  { args: ["get", "a", "--min-mod-rev=6", "--max-mod-rev=5"] },
  { args: ["get"] },
  { args: ["get", "k", "--prefix", "--from-key"] },
  { args: ["get", "k", "l", "--prefix"] },
  { args: ["get", "k", "--keys-only", "--count-only"] },
  { args: ["get", "k", "--consistency=x"] },
  { args: ["get", "k", "--order=ASC"] },
  { args: ["get", "k", "--sort-by=ZZ"] },
  { args: ["get", "k", "-w", "bogus"] },
  { args: ["get", "k", "--rev=2"], replies: { [KVMethods.range]: [compacted] } },
  ...inForms(["put", "foo", "bar"], kvPut),
  ...inForms(["put", "foo", "--prev-kv", "bar5"], { [KVMethods.put]: [putPrevious] }),
  { args: ["put", "foo"], stdin: "from stdin\n", replies: kvPut },
  { args: ["put", "foo"], stdin: "" },
  { args: ["put"] },
  { args: ["put", "k", "--lease=xyz", "v"] },
  { args: ["put", "k", "--lease=2630a1faac668029", "--ignore-value"], replies: kvPut },
  { args: ["put", "k", "v", "--ignore-value"] },
  { args: ["put", "k", "--ignore-lease", "--", "-dash"], replies: kvPut },
  { args: ["put", "k", "v"], replies: { [KVMethods.put]: [refused(5, "etcdserver: requested lease not found")] } },
  ...inForms(["del", "foo", "--prev-kv", "--prefix"], kvDel),
  { args: ["del", "a", "b", "--range"], replies: kvDel },
  { args: ["del", "a", "b"], replies: kvDel },
  { args: ["del", "", "--from-key"], replies: kvDel },
  { args: ["del"] },
  { args: ["del", "a", "b", "c"] },
  { args: ["compaction", "5"], replies: { [KVMethods.compact]: [{ message: encodeCompactionResponse({ header }) }] } },
  { args: ["compact", "5", "--physical"], replies: { [KVMethods.compact]: [compacted] } },
  { args: ["compaction", "abc"] },
  { args: ["compaction"] },
];

const script =
  'value("k1") = "v\\"1"\n ver("k\\x00") > "3"\nmod("k") != "0"\nc("k") < "9"\n\nput k1 "v 2" --prev-kv\nget \'k 1\' --prefix\n\ndel k1\nput k1 nope\n\n';

const transactions: readonly Case[] = [
  ...inForms(["txn"], kvTxn, script),
  { args: ["txn", "-i"], stdin: script, replies: kvTxn },
  { args: ["txn"], stdin: "\n\n\n", replies: { [KVMethods.txn]: [failedTxn] } },
  { args: ["txn", "-w", "json"], stdin: "\n\n\n", replies: { [KVMethods.txn]: [failedTxn] } },
  { args: ["txn"], stdin: 'bogus("k1") > "0"\n\n\n\n' },
  { args: ["txn"], stdin: 'mod("k1") > "abc"\n\n\n\n' },
  { args: ["txn"], stdin: "mod k1 > 0\n\n\n\n" },
  { args: ["txn"], stdin: "mod(k1) > 0\n\n\n\n" },
  { args: ["txn"], stdin: "\nfoo bar\n\n\n" },
  { args: ["txn"], stdin: "\nget\n\n\n" },
  { args: ["txn"], stdin: "\n\nget k" },
  { args: ["txn"], stdin: "\n\nget k\n" },
  { args: ["txn", "x"], stdin: "" },
  {
    args: ["txn"],
    stdin: "\nput a 1\nput a 2\n\n\n",
    replies: { [KVMethods.txn]: [refused(3, "etcdserver: duplicate key given in txn request")] },
  },
];

const membership: readonly Case[] = [
  ...inForms(["member", "list"], memberList),
  ...inForms(["--hex", "member", "list"], memberList),
  { args: ["member", "list", "--consistency=s"], replies: memberList },
  ...inForms(["member", "add", "m2", "--peer-urls=http://127.0.0.1:61104", "--learner"], {
    [ClusterMethods.memberAdd]: [added],
  }),
  {
    args: ["member", "add", "m2", "--peer-urls", "https://h:1,https://i:1"],
    replies: { [ClusterMethods.memberAdd]: [addedVoter] },
  },
  { args: ["member", "add"] },
  { args: ["member", "add", "m2"] },
  { args: ["member", "add", "m2", "http://h:1"] },
  {
    args: ["member", "add", "m2", "--peer-urls=http://h:1"],
    replies: { [ClusterMethods.memberAdd]: [refused(14, "etcdserver: unhealthy cluster")] },
  },
  ...inForms(["member", "remove", "abc"], { [ClusterMethods.memberRemove]: [list] }),
  { args: ["member", "remove"] },
  { args: ["member", "remove", "zz"] },
  { args: ["member", "remove", "123456789abcdef01"] },
  { args: ["member", "remove", "1234"], replies: { [ClusterMethods.memberRemove]: [memberNotFound] } },
  {
    args: ["member", "update", "27193e7a13562f58", "--peer-urls=http://h:1"],
    replies: { [ClusterMethods.memberUpdate]: [list] },
  },
  { args: ["member", "update", "27193e7a13562f58"] },
  { args: ["member", "promote", "27193e7a13562f58"], replies: { [ClusterMethods.memberPromote]: [list] } },
  {
    args: ["member", "promote", "1"],
    replies: {
      [ClusterMethods.memberPromote]: [
        refused(9, "etcdserver: can only promote a learner member which is in sync with leader"),
      ],
    },
  },
];

const endpoints: readonly Case[] = [
  ...inForms(["endpoint", "status"], { [MaintenanceMethods.status]: [well] }),
  ...inForms(["endpoint", "status"], { [MaintenanceMethods.status]: [ill] }),
  { args: ["endpoint", "status"], replies: { [MaintenanceMethods.status]: [refused(2, "some odd failure")] } },
  ...inForms(["endpoint", "hashkv", "--rev=3"], { [MaintenanceMethods.hashKV]: [hash] }),
  {
    args: ["endpoint", "hashkv"],
    replies: { [MaintenanceMethods.hashKV]: [refused(11, "etcdserver: mvcc: required revision is a future revision")] },
  },
  { args: ["endpoint", "health"], replies: health },
  { args: ["endpoint", "health", "-w", "json"], replies: health },
  { args: ["endpoint", "health", "-w", "fields"], replies: health },
  { args: ["endpoint", "health", "-w", "protobuf"], replies: health },
  { args: ["endpoint", "health"], replies: { ...health, [MaintenanceMethods.alarm]: [alarms] } },
  { args: ["endpoint", "health", "-w", "json"], replies: { ...health, [MaintenanceMethods.alarm]: [alarms] } },
  {
    args: ["endpoint", "health"],
    replies: { ...health, [KVMethods.range]: [refused(7, "etcdserver: permission denied")] },
  },
  {
    args: ["endpoint", "health"],
    replies: { ...health, [KVMethods.range]: [refused(3, "etcdserver: user name is empty")] },
  },
  {
    args: ["move-leader", "48f6a56f96ee2d4f"],
    replies: { [MaintenanceMethods.status]: [well], [MaintenanceMethods.moveLeader]: [moved] },
  },
  {
    args: ["move-leader", "48f6a56f96ee2d4f", "-w", "json"],
    replies: { [MaintenanceMethods.status]: [well], [MaintenanceMethods.moveLeader]: [moved] },
  },
  {
    args: ["move-leader", "1234"],
    replies: {
      [MaintenanceMethods.status]: [well],
      [MaintenanceMethods.moveLeader]: [refused(9, "etcdserver: bad leader transferee")],
    },
  },
  { args: ["move-leader", "1234"], replies: { [MaintenanceMethods.status]: [ill] } },
  { args: ["move-leader"] },
  { args: ["move-leader", "xyz"] },
];

export const cases: readonly Case[] = [...gettingAndPutting, ...transactions, ...membership, ...endpoints];
