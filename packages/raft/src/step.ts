import { hexId, noMember } from "@quorate/base";
import { campaignAfterTimeout, isInLease, refuseOldPreVote } from "./election.ts";
import { candidateHandlers, followerHandlers } from "./follower.ts";
import type { Handlers } from "./handler.ts";
import { checkQuorum, leaderHandlers } from "./leader.ts";
import { isTermless, messageClass, messageTypeName } from "./message.ts";
import type { Raft, Role } from "./raft.ts";
import { broadcastHeartbeat } from "./replication.ts";
import { type Message, MessageType } from "./types.ts";

/** The two things that move a member: a message, and the passing of time. */

const handlers: Readonly<Record<Role, Handlers>> = {
  follower: followerHandlers,
  preCandidate: candidateHandlers,
  candidate: candidateHandlers,
  leader: leaderHandlers,
};

/** Takes a message from the network; what nobody may say, or not this member, is ignored. */
export function stepFromNetwork(raft: Raft, message: Message): void {
  const kind = messageClass(message.type);
  if (kind === "local") return;
  if (kind === "response" && raft.tracker.get(message.from) === undefined) return;
  if (message.term === 0 && !isTermless(message.type)) return;
  step(raft, message);
}

/** Takes a message, also one of this member to itself. Term 0 stands for its own term. */
export function step(raft: Raft, message: Message): void {
  const { term } = message;
  if (term !== 0 && term !== raft.term) {
    const goesOn = term > raft.term ? onHigherTerm(raft, message) : onLowerTerm(raft, message);
    if (!goesOn) return;
  }
  handlers[raft.role][message.type](raft, message);
}

/** @returns whether the message is to be handled. */
function onHigherTerm(raft: Raft, message: Message): boolean {
  const { type } = message;
  if ((type === MessageType.vote || type === MessageType.preVote) && isInLease(raft, message)) return false;
  // Neither a pre-vote nor its grant has begun the term it speaks of.
  if (type === MessageType.preVote) return true;
  if (type === MessageType.preVoteResp && !message.reject) return true;
  const from = `from ${hexId(message.from)} [term: ${message.term}]`;
  raft.note("info", `[term: ${raft.term}] received a ${messageTypeName(type)} message with higher term ${from}`);
  const leads = type === MessageType.app || type === MessageType.heartbeat || type === MessageType.snap;
  raft.becomeFollower(message.term, leads ? message.from : noMember);
  return true;
}

/** @returns whether the message is to be handled, which it never is. */
function onLowerTerm(raft: Raft, message: Message): false {
  const { type } = message;
  const { checkQuorum: checksQuorum, preVote } = raft.config;
  if ((checksQuorum || preVote) && (type === MessageType.heartbeat || type === MessageType.app)) {
    // The sender would lead on while this member, whose votes are ignored, can never join it. It must learn the term.
    raft.sendAfterAppend(raft.draft(MessageType.appResp, message.from));
  } else if (type === MessageType.preVote) {
    refuseOldPreVote(raft, message);
  } else {
    const from = `from ${hexId(message.from)} [term: ${message.term}]`;
    raft.note("info", `[term: ${raft.term}] ignored a ${messageTypeName(type)} message with lower term ${from}`);
  }
  return false;
}

/** One tick of the clock passed. */
export function tick(raft: Raft): void {
  raft.electionElapsed += 1;
  if (raft.role === "leader") tickLeader(raft);
  else if (raft.electionElapsed >= raft.randomizedElectionTimeout && raft.isPromotable()) {
    raft.electionElapsed = 0;
    campaignAfterTimeout(raft);
  }
}

function tickLeader(raft: Raft): void {
  raft.heartbeatElapsed += 1;
  if (raft.electionElapsed >= raft.config.electionTicks) {
    raft.electionElapsed = 0;
    if (raft.config.checkQuorum) checkQuorum(raft);
    if (raft.role !== "leader") return;
    // A target that did not take over by now will not.
    raft.leadTransferee = noMember;
  }
  if (raft.heartbeatElapsed >= raft.config.heartbeatTicks) {
    raft.heartbeatElapsed = 0;
    broadcastHeartbeat(raft);
  }
}
