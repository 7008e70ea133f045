import { expect, test } from "vitest";
import { endpointsOf, makePlan, memberArgs, parsePlan } from "./plan.ts";
import { Screen } from "./screen.ts";
import { adviceText, deathText, type MemberState, statusLine, statusTable } from "./view.ts";

const everythingFree = async (): Promise<boolean> => true;

test("members take the expected ports where those are free", async () => {
  const plan = await makePlan("t", everythingFree);
  expect(plan.members).toEqual([
    { name: "m1", clientPort: 2379, peerPort: 2380 },
    { name: "m2", clientPort: 22379, peerPort: 22380 },
    { name: "m3", clientPort: 32379, peerPort: 32380 },
  ]);
  expect(endpointsOf(plan)).toBe("127.0.0.1:2379,127.0.0.1:22379,127.0.0.1:32379");
});

test("ports in use are passed over, and no port is given twice", async () => {
  const busy = new Set([2379, 22380]);
  const plan = await makePlan("t", async (port) => !busy.has(port));
  expect(plan.members.map((m) => [m.clientPort, m.peerPort])).toEqual([
    [2380, 2381],
    [22379, 22381],
    [32379, 32380],
  ]);
});

test("without free ports the plan fails", async () => {
  await expect(makePlan("t", async () => false)).rejects.toThrow("no free port from 2379 on");
});

test("a plan is read back as it was written, and anything else is refused by the file's name", async () => {
  const plan = await makePlan("t", everythingFree);
  expect(parsePlan(JSON.stringify(plan), "f")).toEqual(plan);
  const bad = [
    "",
    "{}",
    "null",
    '{"token":"t","members":[]}',
    '{"token":"t","members":[{"name":"../x","clientPort":1,"peerPort":2}]}',
    '{"token":"t","members":[{"name":"a","clientPort":0,"peerPort":2}]}',
  ];
  for (const text of bad)
    expect(() => parsePlan(text, "cluster.json")).toThrow("cluster.json does not describe a cluster");
});

test("the flags of a member name itself and all peers", async () => {
  const plan = await makePlan("tok", everythingFree);
  const [first] = plan.members;
  if (first === undefined) throw new Error("no member");
  expect(memberArgs(plan, first, "/d")).toEqual([
    "--name=m1",
    "--data-dir=/d/m1",
    "--listen-client-urls=http://127.0.0.1:2379",
    "--advertise-client-urls=http://127.0.0.1:2379",
    "--listen-peer-urls=http://127.0.0.1:2380",
    "--initial-advertise-peer-urls=http://127.0.0.1:2380",
    "--initial-cluster=m1=http://127.0.0.1:2380,m2=http://127.0.0.1:22380,m3=http://127.0.0.1:32380",
    "--initial-cluster-token=tok",
    "--initial-cluster-state=new",
    "--enable-v2",
  ]);
});

const status = { isLeader: true, hasLeader: true, revision: 7, dbSize: 24576 };
const states: MemberState[] = [
  { name: "m1", pid: 11, status, ended: undefined },
  { name: "m2", pid: 12, status: undefined, ended: undefined },
  { name: "m3", pid: undefined, status: undefined, ended: "SIGKILL" },
];

test("the table shows who leads, who starts and who is dead", async () => {
  const table = statusTable(await makePlan("t", everythingFree), states);
  expect(table.split("\n")).toEqual([
    "  MEMBER  CLIENTS                 PEERS                   PID  STATE           REVISION  DB",
    "  m1      http://127.0.0.1:2379   http://127.0.0.1:2380   11   leader          7         25 kB",
    "  m2      http://127.0.0.1:22379  http://127.0.0.1:22380  12   starting        -         -",
    "  m3      http://127.0.0.1:32379  http://127.0.0.1:32380  -    dead (SIGKILL)  -         -",
    "",
  ]);
  expect(statusLine(states)).toBe("m1: leader, m2: starting, m3: dead (SIGKILL)");
});

test("keys are offered only where they can be pressed", async () => {
  const plan = await makePlan("t", everythingFree);
  expect(adviceText(plan, "/d", true)).toContain("Press 1, 2, 3");
  expect(adviceText(plan, "/d", false)).not.toContain("Press");
  expect(deathText("m2", "SIGKILL", "quorate --name=m2", "", true)).toContain("press 2, or run\n  quorate --name=m2\n");
  expect(deathText("m2", "exit status 1", "quorate --name=m2", "a\nb", false)).toContain(
    "log ends with:\n    a\n    b\n",
  );
});

test("a terminal gets one block that is drawn over, with what stays above it", () => {
  let text = "";
  const screen = new Screen((part) => {
    text += part;
  }, true);
  screen.show("a\nb\n", "x");
  screen.show("c\nd\n", "x");
  screen.say("said\n");
  screen.show("e\n", "x");
  expect(text).toBe("a\nb\n\x1b[2A\x1b[Jc\nd\n\x1b[2A\x1b[Jsaid\ne\n");
});

test("elsewhere a line is printed when it changed", () => {
  let text = "";
  const screen = new Screen((part) => {
    text += part;
  }, false);
  for (const line of ["x", "x", "y", "x"]) screen.show("block\n", line);
  expect(text).toBe("x\ny\nx\n");
});
