import { type CtlOptions, ctlOk } from "./ctl.ts";

/** What a member says of itself (`endpoint status`). Identities are decimal text, for they use all 64 bits. */
export interface MemberStatus {
  readonly endpoint: string;
  readonly clusterId: string;
  readonly memberId: string;
  /** "0" when the member knows none. */
  readonly leaderId: string;
  readonly version: string;
  readonly dbBytes: number;
  readonly revision: number;
  readonly term: number;
  readonly raftIndex: number;
  readonly appliedIndex: number;
  readonly isLearner: boolean;
}

interface StatusJson {
  readonly Endpoint: string;
  readonly Status: {
    readonly header: { readonly cluster_id: string; readonly member_id: string; readonly revision?: number };
    readonly version?: string;
    readonly dbSize?: number;
    readonly leader?: string;
    readonly raftIndex?: number;
    readonly raftTerm?: number;
    readonly raftAppliedIndex?: number;
    readonly isLearner?: boolean;
  };
}

/** Asks each endpoint for its status; throws when one does not answer. */
export async function statuses(options: CtlOptions): Promise<MemberStatus[]> {
  const text = await ctlOk(["endpoint", "status", "--write-out=json"], options);
  // JSON.parse would round identities; as text they stay whole.
  const whole = text.replaceAll(/"(cluster_id|member_id|leader)":(\d+)/g, '"$1":"$2"');
  return (JSON.parse(whole) as StatusJson[]).map(({ Endpoint, Status }) => ({
    endpoint: Endpoint,
    clusterId: Status.header.cluster_id,
    memberId: Status.header.member_id,
    leaderId: Status.leader ?? "0",
    version: Status.version ?? "",
    dbBytes: Status.dbSize ?? 0,
    revision: Status.header.revision ?? 0,
    term: Status.raftTerm ?? 0,
    raftIndex: Status.raftIndex ?? 0,
    appliedIndex: Status.raftAppliedIndex ?? 0,
    isLearner: Status.isLearner ?? false,
  }));
}
