import { emptyBytes, equalBytes, hexId, noMember, type Term, utf8Encode } from "@quorate/base";
import { voterIds } from "./configuration.ts";
import { type MessageDraft, messageTypeName } from "./message.ts";
import type { Raft } from "./raft.ts";
import { broadcastAppend } from "./replication.ts";
import { type Message, MessageType } from "./types.ts";

/** Elections (§3.4), with the pre-vote that goes before them (§9.6) and the one a leader asks for (§3.10). */

/** Why a member campaigns: `transfer` overrides the lease of the leader that wished it. */
export type Campaign = "preElection" | "election" | "transfer";

const transferContext = utf8Encode("CampaignTransfer");

/** Tells whether a vote request comes from the member that the leader hands over to. */
export const isTransferVote = (message: Message): boolean => equalBytes(message.context, transferContext);

/** Starts an election when this member may. */
export function campaignIfAllowed(raft: Raft, kind: Campaign): void {
  if (raft.role === "leader") {
    raft.note("debug", "ignoring MsgHup because already leader");
  } else if (!raft.isPromotable()) {
    raft.note("warn", "is unpromotable and can not campaign");
  } else if (raft.log.hasUnappliedConfChange()) {
    // It would count votes in a configuration that it knows to be out of date.
    const pending = "since there are still pending configuration changes to apply";
    raft.note("warn", `cannot campaign at term ${raft.term} ${pending}`);
  } else {
    raft.note("info", `is starting a new election at term ${raft.term}`);
    campaign(raft, kind);
  }
}

/** Starts the election that the configuration asks for: with pre-vote or without. */
export function campaignAfterTimeout(raft: Raft): void {
  campaignIfAllowed(raft, raft.config.preVote ? "preElection" : "election");
}

function campaign(raft: Raft, kind: Campaign): void {
  let term: Term;
  if (kind === "preElection") {
    raft.becomePreCandidate();
    term = raft.term + 1;
  } else {
    raft.becomeCandidate();
    term = raft.term;
  }
  const request = kind === "preElection" ? MessageType.preVote : MessageType.vote;
  const response = kind === "preElection" ? MessageType.preVoteResp : MessageType.voteResp;
  const { lastIndex, lastTerm } = raft.log;
  for (const id of voterIds(raft.tracker.configuration)) {
    // The own vote counts once it is durable, like everybody's.
    const message = raft.draft(id === raft.id ? response : request, id);
    message.term = term;
    if (id === raft.id) {
      raft.sendAfterAppend(message);
      continue;
    }
    message.index = lastIndex;
    message.logTerm = lastTerm;
    message.context = kind === "transfer" ? transferContext : emptyBytes;
    const position = `[logterm: ${lastTerm}, index: ${lastIndex}]`;
    raft.note("info", `${position} sent ${messageTypeName(request)} request to ${hexId(id)} at term ${raft.term}`);
    raft.send(message);
  }
}

/**
 * Tells whether a vote request of a higher term must be ignored because a leader is alive: members that were removed
 * or cut off cannot depose it (§4.2.3, §6.2).
 */
export function isInLease(raft: Raft, message: Message): boolean {
  const { checkQuorum, electionTicks } = raft.config;
  if (!checkQuorum || raft.lead === noMember || raft.electionElapsed >= electionTicks) return false;
  if (isTransferVote(message)) return false;
  raft.note(
    "info",
    `${describeVote(raft, "ignored", message)}: lease is not expired (remaining ticks: ${electionTicks - raft.electionElapsed})`,
  );
  return true;
}

function describeVote(raft: Raft, verb: string, message: Message): string {
  const { log, vote, term } = raft;
  const ours = `[logterm: ${log.lastTerm}, index: ${log.lastIndex}, vote: ${hexId(vote)}]`;
  const theirs = `[logterm: ${message.logTerm}, index: ${message.index}]`;
  return `${ours} ${verb} ${messageTypeName(message.type)} from ${hexId(message.from)} ${theirs} at term ${term}`;
}

/**
 * Answers a vote request whose term is not below ours.
 *
 * Learners vote too: the candidate may know a configuration in which this member is a voter already.
 */
export function onVoteRequest(raft: Raft, message: Message): void {
  const isPreVote = message.type === MessageType.preVote;
  const canVote =
    raft.vote === message.from ||
    (raft.vote === noMember && raft.lead === noMember) ||
    (isPreVote && message.term > raft.term);
  const granted = canVote && raft.log.isUpToDate(message.index, message.logTerm);
  raft.note("info", describeVote(raft, granted ? "cast" : "rejected", message));
  const answer = raft.draft(isPreVote ? MessageType.preVoteResp : MessageType.voteResp, message.from);
  // A granted pre-vote carries the term it was asked for; with ours the candidate would take it for an old message.
  if (granted) answer.term = message.term;
  else {
    answer.reject = true;
    if (raft.config.tellsCommitToCandidates === true) tellCommit(raft, message, answer);
  }
  raft.sendAfterAppend(answer);
  if (granted && !isPreVote) {
    raft.electionElapsed = 0;
    raft.vote = message.from;
  }
}

/**
 * Tells a candidate that is refused how much of its log is committed, with the term of the last such entry, by which it
 * knows whether it holds the same entries. It may be the only one that can lead, as when the other voter was removed, has
 * entries behind that removal which it lacks, and can neither lead nor vote for it.
 */
function tellCommit(raft: Raft, request: Message, answer: MessageDraft): void {
  const index = Math.min(raft.log.committed, request.index);
  const term = raft.log.term(index);
  if (term === undefined) return;
  answer.commit = index;
  answer.logTerm = term;
}

/**
 * Takes what a refusal tells to be committed: two logs with the same entry at an index are the same up to it.
 *
 * @returns whether a change of members is among that: the candidacy, which counts votes as before it, is over.
 */
function takesChange(raft: Raft, { commit, logTerm }: Message): boolean {
  const { log } = raft;
  if (commit <= log.committed || !log.matchTerm(commit, logTerm)) return false;
  log.commitTo(commit);
  if (!log.hasUnappliedConfChange()) return false;
  raft.note(
    "info",
    `ends its candidacy at term ${raft.term}, since a change of members is committed that is not applied`,
  );
  raft.becomeFollower(raft.term, noMember);
  return true;
}

/** Refuses the pre-vote of a member whose term is behind, so that it learns the term instead of asking for ever. */
export function refuseOldPreVote(raft: Raft, message: Message): void {
  raft.note("info", describeVote(raft, "rejected", message));
  const answer = raft.draft(MessageType.preVoteResp, message.from);
  answer.reject = true;
  raft.sendAfterAppend(answer);
}

/** Counts an answer to this member's candidacy, its own included. */
export function onVoteResponse(raft: Raft, message: Message): void {
  const expected = raft.role === "preCandidate" ? MessageType.preVoteResp : MessageType.voteResp;
  if (message.type !== expected) return;
  const name = messageTypeName(message.type);
  const kind = message.reject ? `${name} rejection` : name;
  raft.note("info", `received ${kind} from ${hexId(message.from)} at term ${raft.term}`);
  if (message.reject && takesChange(raft, message)) return;
  raft.tracker.recordVote(message.from, !message.reject);
  const { granted, rejected, result } = raft.tracker.tallyVotes();
  raft.note("info", `has received ${granted} ${name} votes and ${rejected} vote rejections`);
  if (result === "lost") {
    raft.becomeFollower(raft.term, noMember);
  } else if (result === "won") {
    if (raft.role === "preCandidate") {
      campaign(raft, "election");
    } else {
      raft.becomeLeader();
      broadcastAppend(raft);
    }
  }
}
