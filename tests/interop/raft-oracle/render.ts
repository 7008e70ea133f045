import {
  type ConfState,
  type Entry,
  type Message,
  messageTypeName,
  type ProgressStatus,
  type RawNode,
  type Ready,
  type Role,
  type Snapshot,
} from "@quorate/raft";
import type { Disk } from "./node.ts";

/**
 * What is compared, as JSON. `render.go` writes the same bytes; both sides exchange digests of them, and the text itself
 * once digests differ.
 */

/** Two lanes of 32 bits, each fed with every character. */
export class Digest {
  #a = 0x811c9dc5;
  #b = 0x9e3779b9;

  write(text: string): void {
    let a = this.#a;
    let b = this.#b;
    for (let i = 0; i < text.length; i++) {
      const c = text.charCodeAt(i);
      a = Math.imul(a ^ c, 0x01000193);
      b = (Math.imul(b ^ c, 0x85ebca6b) + 1) | 0;
      b = (b << 13) | (b >>> 19);
    }
    this.#a = a;
    this.#b = b;
  }

  get value(): readonly [number, number] {
    return [this.#a >>> 0, this.#b >>> 0];
  }
}

const roles: Readonly<Record<Role, string>> = {
  follower: "StateFollower",
  preCandidate: "StatePreCandidate",
  candidate: "StateCandidate",
  leader: "StateLeader",
};

const progressStates: Readonly<Record<ProgressStatus["state"], string>> = {
  probe: "StateProbe",
  replicate: "StateReplicate",
  snapshot: "StateSnapshot",
};

function ofBytes(data: Uint8Array): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < data.length; i++) hash = Math.imul(hash ^ (data[i] as number), 0x01000193);
  return `${data.length},${hash >>> 0}`;
}

function ofConf(state: ConfState): string {
  const { voters, votersOutgoing, learners, learnersNext, autoLeave } = state;
  return `[[${voters.join()}],[${votersOutgoing.join()}],[${learners.join()}],[${learnersNext.join()}],${autoLeave}]`;
}

function ofEntries(entries: readonly Entry[]): string {
  let text = "[";
  for (let i = 0; i < entries.length; i++) {
    const { term, index, type, data } = entries[i] as Entry;
    text += `${i > 0 ? ",[" : "["}${term},${index},${type},${ofBytes(data)}]`;
  }
  return `${text}]`;
}

function ofSnapshot(snapshot: Snapshot | undefined): string {
  if (snapshot === undefined || snapshot.metadata.index === 0) return "null";
  const { index, term, confState } = snapshot.metadata;
  return `[${index},${term},${ofConf(confState)}]`;
}

function ofMessage(m: Message): string {
  const numbers = `${m.from},${m.to},${m.term},${m.logTerm},${m.index},${m.commit},${m.reject},${m.rejectHint},${m.vote}`;
  return `["${messageTypeName(m.type)}",${numbers},${ofBytes(m.context)},${ofEntries(m.entries)},${ofSnapshot(m.snapshot)}]`;
}

/** A batch of effects. */
export function ofReady(ready: Ready): string {
  const { softState: soft, hardState: hard } = ready;
  const reads = ready.readStates.map(({ index, context }) => `[${index},${ofBytes(context)}]`);
  return [
    `{"soft":${soft === undefined ? "null" : `[${soft.lead},"${roles[soft.role]}"]`}`,
    `"hard":${hard === undefined ? "null" : `[${hard.term},${hard.vote},${hard.commit}]`}`,
    `"entries":${ofEntries(ready.entries)}`,
    `"snapshot":${ofSnapshot(ready.snapshot)}`,
    `"committed":${ofEntries(ready.committedEntries)}`,
    `"reads":[${reads.join()}]`,
    `"sync":${ready.mustSync}`,
    `"token":${ready.token > 0}`,
    `"messages":[${ready.messages.map(ofMessage).join()}]`,
    `"after":[${ready.messagesAfterAppend.map(ofMessage).join()}]}`,
  ].join();
}

function ofProgress(pr: ProgressStatus): string {
  const state = `"${progressStates[pr.state]}",${pr.recentActive},${pr.pendingSnapshot},${pr.isLearner},${pr.isPaused}`;
  return `[${pr.id},${pr.match},${pr.next},${state},${pr.inflight}]`;
}

/** Everything a member knows; `timeout` is the election timeout that it drew last. */
export function ofState(raw: RawNode, timeout: number): string {
  const s = raw.status();
  const { firstIndex, lastIndex } = s;
  let terms = `${raw.termAt(firstIndex - 1)}`;
  for (let index = firstIndex; index <= lastIndex; index++) terms += `,${raw.termAt(index)}`;
  return (
    `{"id":${s.id},"role":"${roles[s.role]}","term":${s.term},"vote":${s.vote},"lead":${s.lead},"commit":${s.commit},` +
    `"applied":${s.applied},"transferee":${s.leadTransferee},"timeout":${timeout},"ready":${raw.hasReady()},` +
    `"conf":${ofConf(s.config)},"progress":[${s.progress.map(ofProgress).join()}],` +
    `"first":${firstIndex},"terms":[${terms}]}`
  );
}

/** What a member would find after a crash. */
export function ofDisk({ hardState, snapshot, entries }: Disk): string {
  const hard = `[${hardState.term},${hardState.vote},${hardState.commit}]`;
  return `{"hard":${hard},"snapshot":${ofSnapshot(snapshot)},"entries":${ofEntries(entries)}}`;
}
