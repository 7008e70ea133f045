import { afterAll, describe, expect, test } from "vitest";
import { realBinary, Scope } from "../support/index.ts";
import { play, type Step, step, takeTurns } from "./support/transcript.ts";

const scope = new Scope();
afterAll(() => scope.close());

const formats = ["simple", "table", "json", "fields", "protobuf"];

const lists: Step[] = [
  ...formats.map((format) => step(`member list -w ${format}`)),
  step("member list", { at: 2 }),
  step("endpoint health", { at: 1 }),
  ...["simple", "table", "json", "fields"].map((format) => step(`endpoint status -w ${format}`, { at: "all" })),
];

const v2Lists: Step[] = [
  step("member list", { api: 2, at: "all" }),
  step("cluster-health", { api: 2, at: "all" }),
  step("member remove 1234", { api: 2 }),
  step("member add m9", { api: 2 }),
];

/** Writes, reads with every option, transactions and compactions; every answer carries revisions. */
const keys: Step[] = [
  ...["a", "b", "b1", "b2", "c", "d", "zz"].map((key, i) => step(`put ${key} value-${i} -w json`, { at: i % 3 })),
  step("put b2 value-again --prev-kv"),
  step("put b2 value-thrice --prev-kv -w json"),
  step("put b2 value-thrice --prev-kv -w fields"),
  step("put kept x --ignore-value"),
  step("put a --ignore-value"),
  step("put c --ignore-value -w json"),
  step("put nolease v --lease=123"),
  step("put fromstdin", { input: "several\nlines" }),
  step("get a"),
  step("get nothing"),
  step("get a b2"),
  step("get a b2 --keys-only"),
  step("get a b2 --count-only -w fields"),
  step("get a b2 --limit 2 -w json"),
  step("get --prefix b"),
  step("get --prefix b --print-value-only"),
  step("get --from-key c"),
  step("get --from-key c --limit 2 -w fields"),
  { args: ["get", "--prefix", "", "--keys-only"] },
  { args: ["get", "--prefix", "", "--count-only", "-w", "json"] },
  ...["CREATE", "KEY", "MODIFY", "VALUE", "VERSION"].flatMap((by) =>
    ["ASCEND", "DESCEND"].map((order) => step(`get --prefix b --sort-by ${by} --order ${order} -w json`)),
  ),
  step("get --prefix b --sort-by VALUE --order DESCEND --limit 2"),
  step("get b2 --rev 8"),
  step("get b2 --rev 9 -w json"),
  step("get b2 --rev 99999"),
  step("get b2 --rev 4"),
  step("get b2 --consistency s -w json", { at: 1 }),
  step("get b2 --consistency l -w json", { at: 2 }),
  step("get b2 --consistency x"),
  step("get b2 --hex"),
  step("get b2 -w protobuf"),
  step("get b a"),
  step("get --prefix --from-key b"),
  step("get"),
  step("del b1 --prev-kv"),
  step("del b1 -w json"),
  step("del --prefix b --prev-kv -w fields"),
  step("del nothing"),
  step("del c e -w json"),
  step("del --from-key zz"),
  step("get b2 --rev 9"),
  {
    args: ["txn", "-w", "json"],
    input: 'value("a") = "value-0"\nversion("b") = "0"\n\nput t1 yes\nget a\n\nput t1 no\n\n',
  },
  { args: ["txn"], input: 'mod("a") > "999"\n\nput t1 yes\n\nput t1 no\nget t1\ndel a\n\n' },
  { args: ["txn"], input: 'create("t1") > "0"\n\nget t1\n\n\n' },
  { args: ["txn"], input: "\nput same 1\nput same 2\n\n\n" },
  { args: ["txn"], input: "\ndel a z\nput b 1\n\n\n" },
  step("get --prefix t -w json"),
  step("compaction 9"),
  step("compaction 9"),
  step("compaction 99999"),
  step("get b2 --rev 8"),
  step("get b2 --rev 9", { at: 1 }),
  step("compaction 14 --physical"),
  step("put after compaction -w json", { at: 2 }),
  { args: ["get", "--prefix", "", "-w", "json"] },
];

/** What is refused of changes of members, without any change that would give an ID made of the time. */
function refusals(peerUrl: string): Step[] {
  return [
    step(`member add again --peer-urls=${peerUrl}`, { onceHealthy: true }),
    step("member add bad --peer-urls=127.0.0.1:1"),
    step("member add bad --peer-urls=ftp://127.0.0.1:1"),
    step("member add bad --peer-urls=http://127.0.0.1:1/path"),
    step("member add bad --peer-urls=http://127.0.0.1"),
    step("member add noone"),
    step("member remove 1234"),
    step("member remove xyz"),
    step("member update 1234 --peer-urls=http://127.0.0.1:1"),
    step("member promote 1234"),
    step("move-leader 1234", { at: "all" }),
  ];
}

const turns = [
  { etcd: "etcd-3.4", etcdctl: "etcdctl-3.4", script: [...lists, ...v2Lists, ...keys], flags: ["--enable-v2"] },
  { etcd: "etcd-3.7", etcdctl: "etcdctl-3.7", script: [...lists, ...keys], flags: [] },
];

describe.each(turns)("the same script, played to $etcd and to us", ({ etcd, etcdctl, script, flags }) => {
  const missing = realBinary(etcd) === undefined || realBinary(etcdctl) === undefined;
  test.skipIf(missing)(
    "gives the same IDs, lists, revisions, rows, errors and exit codes",
    async () => {
      const programs = [etcd, "quorate"].map((program) => ({ program, flags }));
      const { results, cluster } = await takeTurns(scope, programs, async (running) => {
        const refused = refusals((running.members[0] as { peerUrl: string }).peerUrl);
        return await play(running, [...script, ...refused], { ctl: etcdctl });
      });
      await cluster.stop();
      expect(results[0]).toContain("value-thrice");
      expect(results[1]).toBe(results[0]);
    },
    120_000,
  );
});
