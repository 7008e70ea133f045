import type { ResponseHeader } from "@quorate/api";
import type { Member } from "@quorate/member";

/** Makes response headers: who answers, at which revision, in which term. */
export class Headers {
  readonly #member: Member;

  constructor(member: Member) {
    this.#member = member;
  }

  at(revision: number): ResponseHeader {
    const { clusterId, id, appliedTerm } = this.#member;
    return { clusterId, memberId: id, revision, raftTerm: appliedTerm };
  }

  /** At the store's current revision. */
  now(): ResponseHeader {
    return this.at(this.#member.machine.store.revision);
  }

  /** Of the Cluster service, which leaves the revision at 0. */
  ofCluster(): ResponseHeader {
    return this.at(0);
  }
}
