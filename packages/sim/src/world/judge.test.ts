import { encodeRaftRequest } from "@quorate/state";
import { describe, expect, test } from "vitest";
import type { HistoryRequest, Operation, TxnStep } from "../history/index.ts";
import { judge, resolve } from "./judge.ts";
import { entryHash, Ledger } from "./ledger.ts";
import { marked, markOf } from "./marks.ts";
import { Model } from "./model.ts";
import { proposalOf } from "./requests.ts";

type Result = Operation["result"];

/** Operations one after the other, and the log that holds some of them. */
class Story {
  readonly operations: Operation[] = [];
  readonly ledger: Ledger = new Ledger();
  readonly model: Model = new Model();

  /** @returns the operation's place. */
  did(request: HistoryRequest, result: Result): number {
    const place = this.operations.length;
    this.operations.push({ client: "c", invoke: 10 * place, return: 10 * place + 5, request, result });
    return place;
  }

  commit(place: number): void {
    const request = (this.operations[place] as Operation).request;
    const { kind, body } = proposalOf(request) as { readonly kind: number; readonly body: Uint8Array };
    const origin = { origin: 1, serial: this.ledger.commit + 1, username: "", authRevision: 0 };
    const data = encodeRaftRequest(kind, marked(body, place), origin);
    const index = this.ledger.commit + 1;
    const entry = this.ledger.add(index, 2, 0, data, entryHash(0, data), 2);
    this.ledger.commitNext(entry);
    this.model.commit(entry);
  }

  judge(): void {
    judge({ operations: this.operations }, this.ledger, this.model);
  }

  results(): Result[] {
    return resolve({ operations: this.operations }, this.ledger, this.model).operations.map(({ result }) => result);
  }
}

const put = (key: string, value: string): TxnStep => ({ kind: "put", key, value });
const unknown: Result = { status: "unknown" };
const wrote = (revision: number): Result => ({ status: "ok", revision, response: { kind: "put" } });
const read = (version: number): Result => ({
  status: "ok",
  revision: 3,
  response: { kind: "range", kvs: [{ key: "k", value: "b", createRevision: 2, modRevision: 3, version }], count: 1 },
});

test("a marked body carries its number, and another one none", () => {
  const body = Uint8Array.of(1, 2, 3);
  expect(markOf(marked(body, 0xfedcba98))).toBe(0xfedcba98);
  expect(markOf(body)).toBeUndefined();
  expect(markOf(new Uint8Array(10))).toBeUndefined();
});

describe("writes without an answer", () => {
  test("are resolved from the log: done with the answer that nobody got, without effect, or never done", () => {
    const story = new Story();
    const first = story.did(put("k", "a"), unknown);
    const lost = story.did(put("k", "lost"), unknown);
    const txn = story.did(
      {
        kind: "txn",
        compares: [{ target: "value", key: "k", result: "=", value: "a" }],
        success: [put("k", "b"), { kind: "range", key: "k" }],
        failure: [],
      },
      unknown,
    );
    const none = story.did({ kind: "delete", key: "other" }, unknown);
    for (const place of [first, txn, none]) story.commit(place);
    const results = story.results();
    expect(results[first]).toEqual(wrote(2));
    expect(results[lost]).toMatchObject({ status: "failed" });
    expect(results[none]).toMatchObject({ status: "failed" });
    expect(results[txn]).toMatchObject({
      status: "ok",
      revision: 3,
      response: { succeeded: true, responses: [{ kind: "put" }, { kvs: [{ value: "b", version: 2 }] }] },
    });
    story.judge();
  });

  test("are judged however many there are", () => {
    const story = new Story();
    for (let i = 0; i < 200; i++) story.commit(story.did({ kind: "delete", key: `${i % 3}` }, unknown));
    for (let i = 0; i < 200; i++) story.commit(story.did(put("same", "value"), unknown));
    story.did(
      { kind: "range", key: "same" },
      { status: "ok", revision: 201, response: { kind: "range", kvs: [], count: 1 } },
    );
    expect(() => story.judge()).toThrow(expect.objectContaining({ invariant: "G1" }));
    story.operations.pop();
    story.judge();
  });

  test("count for what was read later", () => {
    const judgeWith = (version: number): void => {
      const story = new Story();
      story.commit(story.did(put("k", "a"), unknown));
      story.commit(story.did(put("k", "b"), wrote(3)));
      story.did({ kind: "range", key: "k" }, read(version));
      story.judge();
    };
    judgeWith(2);
    expect(() => judgeWith(1)).toThrow(expect.objectContaining({ invariant: "G1" }));
  });
});

describe("writes that were acknowledged", () => {
  test("are in the committed log", () => {
    const story = new Story();
    story.did(put("k", "a"), wrote(2));
    expect(() => story.judge()).toThrow(expect.objectContaining({ invariant: "G2" }));
  });

  test("made the revision that was answered", () => {
    const story = new Story();
    story.commit(story.did(put("k", "a"), wrote(3)));
    expect(() => story.judge()).toThrow(expect.objectContaining({ invariant: "G2" }));
  });

  test("are there once, as are those without an answer", () => {
    const story = new Story();
    const place = story.did(put("k", "a"), unknown);
    story.commit(place);
    story.judge();
    story.commit(place);
    expect(() => story.judge()).toThrow(expect.objectContaining({ invariant: "G2" }));
  });
});
