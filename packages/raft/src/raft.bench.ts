/**
 * What consensus costs: three members in memory, disk and state machine at once, batches of proposals at the leader.
 *
 *   npx esbuild --bundle --platform=node --format=esm packages/raft/src/raft.bench.ts | node --input-type=module
 *
 * The figures are time per proposal, of the leader and of one follower, without codecs, sockets, disk or apply.
 */
import { type MemberId, noMember, SeededRandom, silentLogger } from "@quorate/base";
import { type ConfState, type Message, RawNode } from "./index.ts";

const ids = [1n, 2n, 3n] as MemberId[];
const confState: ConfState = { voters: ids, learners: [], votersOutgoing: [], learnersNext: [], autoLeave: false };
const valueBytes = 256;
const proposals = 600_000;
/** Entries kept in memory behind the applied one, as a member does. */
const keep = 5000;

interface Member {
  readonly raw: RawNode;
  inbox: Message[];
  nanoseconds: bigint;
}

function makeMember(id: MemberId): Member {
  const raw = new RawNode(
    {
      id,
      electionTicks: 10,
      heartbeatTicks: 1,
      random: new SeededRandom(Number(id)),
      preVote: true,
      checkQuorum: true,
      sizePerMessageMax: 1024 * 1024,
      inflightMessagesMax: 512,
      inflightBytesMax: Number.POSITIVE_INFINITY,
      uncommittedBytesMax: Number.POSITIVE_INFINITY,
      committedBytesPerReadyMax: 1024 * 1024,
      stepDownOnRemoval: false,
      logger: silentLogger,
      snapshot: () => undefined,
    },
    {
      hardState: { term: 1, vote: noMember, commit: 1 },
      confState,
      snapshotIndex: 1,
      snapshotTerm: 1,
      entries: [],
      applied: 1,
    },
  );
  return { raw, inbox: [], nanoseconds: 0n };
}

const members: readonly Member[] = ids.map(makeMember);

function post(messages: readonly Message[]): void {
  for (const message of messages) (members[Number(message.to) - 1] as Member).inbox.push(message);
}

/** One turn of a member's loop: what came in, then everything that follows from it. */
function turn(member: Member): boolean {
  const { raw } = member;
  const inbox = member.inbox;
  if (inbox.length > 0) member.inbox = [];
  for (const message of inbox) raw.step(message);
  let moved = inbox.length > 0;
  while (raw.hasReady()) {
    moved = true;
    const ready = raw.ready();
    post(ready.messages);
    if (ready.token > 0) post(raw.onAppended(ready.token));
    const last = ready.committedEntries.at(-1);
    if (last !== undefined) raw.onApplied(last.index);
  }
  if (raw.applied - raw.firstIndex > 2 * keep) raw.compact(raw.applied - keep);
  return moved;
}

function timedTurn(member: Member): boolean {
  const started = process.hrtime.bigint();
  const moved = turn(member);
  member.nanoseconds += process.hrtime.bigint() - started;
  return moved;
}

function settle(): void {
  for (let moved = true; moved; ) {
    moved = false;
    for (const member of members) if (timedTurn(member)) moved = true;
  }
}

function measure(batch: number, count: number): string {
  const leader = members.find(({ raw }) => raw.role === "leader") as Member;
  const follower = members.find(({ raw }) => raw.role !== "leader") as Member;
  for (const member of members) member.nanoseconds = 0n;
  const started = process.hrtime.bigint();
  for (let done = 0; done < count; done += batch) {
    const data = Array.from({ length: batch }, () => new Uint8Array(valueBytes));
    const before = process.hrtime.bigint();
    leader.raw.propose(data);
    leader.nanoseconds += process.hrtime.bigint() - before;
    settle();
  }
  const total = process.hrtime.bigint() - started;
  const each = (nanoseconds: bigint): string => (Number(nanoseconds) / 1000 / count).toFixed(3).padStart(8);
  return `${String(batch).padStart(6)} ${each(leader.nanoseconds)} ${each(follower.nanoseconds)} ${each(total)}`;
}

(members[0] as Member).raw.campaign();
settle();
for (const batch of [1, 10, 100]) measure(batch, 50_000);
console.log(" batch   leader follower    total   µs per proposal");
for (const batch of [1, 10, 100]) console.log(measure(batch, batch === 1 ? proposals / 4 : proposals));
