import { utf8Decode, utf8Encode } from "@quorate/base";
import { describe, expect, test } from "vitest";
import { type Message, MessageType, newMessage } from "./index.ts";
import { Cluster } from "./testing/cluster.ts";
import { member } from "./testing/node.ts";

function led(): Cluster {
  const cluster = new Cluster([1, 2, 3]);
  cluster.elect(1);
  cluster.forget();
  return cluster;
}

const read = (cluster: Cluster, id: number, context: string): unknown =>
  cluster.node(id).raw.readIndex(utf8Encode(context));

const answers = (cluster: Cluster, id: number): [number, string][] =>
  cluster.node(id).readStates.map(({ index, context }) => [index, utf8Decode(context)]);

describe("linearizable reads (§6.4)", () => {
  test("all reads of a turn share one round of heartbeats", () => {
    const cluster = led();
    for (const context of ["a", "b", "c"]) expect(read(cluster, 1, context)).toBe("accepted");
    cluster.node(1).drain();
    expect(cluster.sentOf(MessageType.heartbeat)).toHaveLength(2);
    cluster.settle();
    expect(answers(cluster, 1)).toEqual([
      [2, "a"],
      [2, "b"],
      [2, "c"],
    ]);
  });

  test("a follower's read is answered by the leader at the leader's commit index", () => {
    const cluster = led();
    cluster.passes = ({ to, type }) => !(to === member(3) && type === MessageType.app);
    cluster.propose(1, "a");
    cluster.settle();
    expect(read(cluster, 3, "r")).toBe("accepted");
    cluster.settle();
    expect(answers(cluster, 3)).toEqual([[3, "r"]]);
    expect(cluster.node(3).raw.applied).toBe(2);
  });

  test("without a leader a read goes nowhere", () => {
    expect(read(new Cluster([1, 2, 3]), 1, "r")).toBe("noLeader");
  });

  test("a leader cut off from the majority answers none", () => {
    const cluster = led();
    cluster.partition([1], [2, 3]);
    read(cluster, 1, "r");
    cluster.tick(5);
    expect(answers(cluster, 1)).toEqual([]);
  });

  test("a lost round is made good by the next regular heartbeat", () => {
    const cluster = led();
    cluster.partition();
    read(cluster, 1, "r");
    cluster.settle();
    cluster.heal();
    cluster.tick(1);
    expect(answers(cluster, 1)).toEqual([[2, "r"]]);
  });

  test("a new leader postpones reads until it committed an entry of its term (M31)", () => {
    const cluster = new Cluster([1, 2, 3]);
    cluster.passes = ({ type }) => type !== MessageType.app;
    cluster.elect(1);
    cluster.tick(1);
    read(cluster, 1, "r");
    read(cluster, 2, "s");
    cluster.tick(3);
    expect([...answers(cluster, 1), ...answers(cluster, 2)]).toEqual([]);
    cluster.heal();
    cluster.tick(2);
    expect(answers(cluster, 1)).toEqual([[2, "r"]]);
    expect(answers(cluster, 2)).toEqual([[2, "s"]]);
  });

  test("a single voter answers at once, but not before its first commit", () => {
    const cluster = new Cluster([1]);
    cluster.node(1).raw.campaign();
    const node = cluster.node(1);
    while (node.raw.role !== "leader") {
      node.drain();
      node.finishAppend();
    }
    read(cluster, 1, "early");
    node.drain();
    expect(answers(cluster, 1)).toEqual([]);
    cluster.settle();
    read(cluster, 1, "late");
    node.drain();
    expect(answers(cluster, 1)).toEqual([
      [2, "early"],
      [2, "late"],
    ]);
  });

  test("echoes of an earlier read never confirm a later one with the same context (M30)", () => {
    const cluster = led();
    read(cluster, 1, "same");
    cluster.settle();
    const echoes = cluster.sentOf(MessageType.heartbeatResp).filter(({ context }) => context.length > 0);
    expect(echoes.length).toBeGreaterThan(0);
    // The leader is cut off; another one leads and commits, while old echoes are still on their way.
    cluster.partition([2, 3]);
    read(cluster, 1, "same");
    cluster.settle();
    for (const echo of echoes) cluster.node(1).raw.step(echo);
    cluster.node(1).drain();
    expect(answers(cluster, 1)).toEqual([[2, "same"]]);
  });

  test("echoes of numbers that were never given confirm nothing", () => {
    const cluster = led();
    cluster.partition();
    read(cluster, 1, "r");
    cluster.settle();
    const echo = (context: Uint8Array): Message => {
      const message = newMessage(MessageType.heartbeatResp, member(1), member(2), 2);
      message.context = context;
      return message;
    };
    const { raw } = cluster.node(1);
    for (const context of [new Uint8Array(8).fill(255), new Uint8Array(3).fill(1), new Uint8Array(8)])
      raw.step(echo(context));
    cluster.node(1).drain();
    expect(answers(cluster, 1)).toEqual([]);
    raw.step(echo(new Uint8Array([1, 0, 0, 0, 0, 0, 0, 0])));
    cluster.node(1).drain();
    expect(answers(cluster, 1)).toEqual([[2, "r"]]);
  });

  test("a late echo takes back nothing that a newer one confirmed", () => {
    const cluster = new Cluster([1, 2, 3, 4, 5]);
    cluster.elect(1);
    cluster.partition();
    for (const context of ["a", "b"]) {
      read(cluster, 1, context);
      cluster.settle();
    }
    const { raw } = cluster.node(1);
    const echo = (from: number, position: number): void => {
      const message = newMessage(MessageType.heartbeatResp, member(1), member(from), 2);
      message.context = new Uint8Array([position, 0, 0, 0, 0, 0, 0, 0]);
      raw.step(message);
    };
    echo(2, 2);
    echo(2, 1);
    echo(3, 2);
    cluster.node(1).drain();
    expect(answers(cluster, 1).map(([, context]) => context)).toEqual(["a", "b"]);
  });

  test("learners confirm nothing", () => {
    const cluster = new Cluster([1, 2], {}, [3]);
    cluster.elect(1);
    cluster.partition([1, 3]);
    read(cluster, 1, "r");
    cluster.tick(2);
    expect(answers(cluster, 1)).toEqual([]);
  });

  test("reads that wait are answered when the leader is left alone in charge", () => {
    const cluster = new Cluster([1, 2]);
    cluster.elect(1);
    const { raw } = cluster.node(1);
    raw.proposeConfChange({ id: 1n, type: 1, nodeId: member(2), context: new Uint8Array(0) });
    cluster.node(1).drain();
    read(cluster, 1, "r");
    cluster.passes = ({ type }) => type !== MessageType.heartbeatResp;
    cluster.settle();
    expect(raw.status().config.voters).toEqual([member(1)]);
    expect(answers(cluster, 1)).toEqual([[2, "r"]]);
  });

  test("a leader that was removed, and left one voter behind, answers none that this voter does not confirm", () => {
    const cluster = new Cluster([1, 2]);
    cluster.elect(1);
    const { raw } = cluster.node(1);
    raw.proposeConfChange({ id: 1n, type: 1, nodeId: member(1), context: new Uint8Array(0) });
    cluster.settle();
    expect(raw.status()).toMatchObject({ role: "leader", config: { voters: [member(2)] } });
    cluster.partition([1], [2]);
    read(cluster, 1, "r");
    cluster.node(1).drain();
    cluster.tick(1);
    expect(answers(cluster, 1)).toEqual([]);
  });
});
