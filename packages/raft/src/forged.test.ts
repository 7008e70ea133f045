import { InvariantError, type MemberId } from "@quorate/base";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Entry, type EntryType, type Message, MessageType, newEntry, newMessage } from "./index.ts";
import { Cluster } from "./testing/cluster.ts";
import { confOf, member } from "./testing/node.ts";

const small = fc.nat(8);
const number = fc.oneof(small, small, fc.constantFrom(1000, 2 ** 31, Number.MAX_SAFE_INTEGER - 100));

const entryBody = fc.record({
  type: fc.constantFrom<EntryType>(0, 0, 0, 1, 2),
  term: small,
  data: fc.uint8Array({ maxLength: 6 }),
});

/** A message of any type with any fields; entries mostly follow the previous index. */
const anyMessage: fc.Arbitrary<Message> = fc
  .record({
    type: fc.constantFrom(...Object.values(MessageType)),
    from: fc.bigInt(1n, 5n) as fc.Arbitrary<MemberId>,
    term: fc.oneof(small, fc.constantFrom(2, 3)),
    logTerm: small,
    index: number,
    commit: number,
    reject: fc.boolean(),
    rejectHint: number,
    context: fc.oneof(fc.constant(new Uint8Array(0)), fc.uint8Array({ minLength: 8, maxLength: 8 })),
    bodies: fc.array(entryBody, { maxLength: 3 }),
    hole: fc.integer({ min: 0, max: 9 }),
    withSnapshot: fc.boolean(),
    voters: fc.uniqueArray(fc.integer({ min: 1, max: 5 }), { maxLength: 4 }),
  })
  .map(({ type, from, term, bodies, hole, withSnapshot, voters, ...fields }) => {
    const message = Object.assign(newMessage(type, member(1), from, term), fields);
    const first = fields.index + (hole === 0 ? 2 : 1);
    message.entries = bodies.map(({ type: kind, term: at, data }, i): Entry => newEntry(kind, at, first + i, data));
    if (withSnapshot) {
      const metadata = { confState: confOf(voters), index: fields.index, term: fields.logTerm };
      message.snapshot = { data: new Uint8Array(0), metadata };
    }
    return message;
  });

const action = fc.oneof(
  { weight: 8, arbitrary: anyMessage },
  { weight: 2, arbitrary: fc.constant("work" as const) },
  { weight: 1, arbitrary: fc.constantFrom("tick" as const, "campaign" as const, "propose" as const) },
);

test("no message from the network brings a member down, but one that contradicts what is committed (M27, M35)", () => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 60 }), fc.boolean(), (actions, lead) => {
      const cluster = new Cluster([1, 2, 3]);
      if (lead) cluster.elect(1);
      const node = cluster.node(1);
      // The state machine takes any entry; only consensus is tried here.
      node.raw.applyConfChange = () => node.confState;
      for (const next of actions) {
        try {
          if (next === "work") {
            node.drain();
            while (node.finishAppend()) continue;
          } else if (next === "tick") node.raw.tick();
          else if (next === "campaign") node.raw.campaign();
          else if (next === "propose") node.raw.propose([new Uint8Array(3)]);
          else node.raw.step(next);
        } catch (error) {
          if (error instanceof InvariantError && error.message.includes("conflicts with a committed")) return;
          throw error;
        }
        const { raw } = node;
        expect(raw.applied).toBeLessThanOrEqual(raw.commit);
        expect(raw.commit).toBeLessThanOrEqual(raw.lastIndex);
      }
    }),
    { numRuns: 600 },
  );
});
