/**
 * The one table of expected errors: our code, gRPC's status, and etcd's exact text, which clients compare.
 *
 * Explanations never go into the text; they travel beside it, in `KvError.explanation`.
 */

/** gRPC status codes, by the names of the specification. */
export const Status = {
  ok: 0,
  canceled: 1,
  unknown: 2,
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  alreadyExists: 6,
  permissionDenied: 7,
  resourceExhausted: 8,
  failedPrecondition: 9,
  aborted: 10,
  outOfRange: 11,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  dataLoss: 15,
  unauthenticated: 16,
} as const;

interface ErrorRow {
  readonly status: number;
  readonly text: string;
}

const row = (status: number, text: string): ErrorRow => ({ status, text });

/** Code → status and text. `notEnoughStarted` and `tooManyRequests` reach the wire as Unknown, as etcd's do. */
export const errorTable = {
  emptyKey: row(Status.invalidArgument, "etcdserver: key is not provided"),
  keyNotFound: row(Status.invalidArgument, "etcdserver: key not found"),
  valueProvided: row(Status.invalidArgument, "etcdserver: value is provided"),
  leaseProvided: row(Status.invalidArgument, "etcdserver: lease is provided"),
  tooManyOps: row(Status.invalidArgument, "etcdserver: too many operations in txn request"),
  duplicateKey: row(Status.invalidArgument, "etcdserver: duplicate key given in txn request"),
  invalidClientApiVersion: row(Status.invalidArgument, "etcdserver: invalid client api version"),
  invalidSortOption: row(Status.invalidArgument, "etcdserver: invalid sort option"),
  compacted: row(Status.outOfRange, "etcdserver: mvcc: required revision has been compacted"),
  futureRev: row(Status.outOfRange, "etcdserver: mvcc: required revision is a future revision"),
  noSpace: row(Status.resourceExhausted, "etcdserver: mvcc: database space exceeded"),
  leaseNotFound: row(Status.notFound, "etcdserver: requested lease not found"),
  leaseExist: row(Status.failedPrecondition, "etcdserver: lease already exists"),
  leaseTtlTooLarge: row(Status.outOfRange, "etcdserver: too large lease TTL"),
  watchCanceled: row(Status.canceled, "etcdserver: watch canceled"),
  memberExist: row(Status.failedPrecondition, "etcdserver: member ID already exist"),
  peerUrlExist: row(Status.failedPrecondition, "etcdserver: Peer URLs already exists"),
  notEnoughStarted: row(Status.unknown, "etcdserver: re-configuration failed due to not enough started members"),
  memberBadUrls: row(Status.invalidArgument, "etcdserver: given member URLs are invalid"),
  memberNotFound: row(Status.notFound, "etcdserver: member not found"),
  memberNotLearner: row(Status.failedPrecondition, "etcdserver: can only promote a learner member"),
  learnerNotReady: row(
    Status.failedPrecondition,
    "etcdserver: can only promote a learner member which is in sync with leader",
  ),
  tooManyLearners: row(Status.failedPrecondition, "etcdserver: too many learner members in cluster"),
  clusterIdMismatch: row(Status.failedPrecondition, "etcdserver: cluster ID mismatch"),
  requestTooLarge: row(Status.invalidArgument, "etcdserver: request is too large"),
  tooManyRequests: row(Status.unknown, "etcdserver: too many requests"),
  rootUserNotExist: row(Status.failedPrecondition, "etcdserver: root user does not exist"),
  rootRoleNotExist: row(Status.failedPrecondition, "etcdserver: root user does not have root role"),
  userAlreadyExist: row(Status.failedPrecondition, "etcdserver: user name already exists"),
  userEmpty: row(Status.invalidArgument, "etcdserver: user name is empty"),
  userNotFound: row(Status.failedPrecondition, "etcdserver: user name not found"),
  roleAlreadyExist: row(Status.failedPrecondition, "etcdserver: role name already exists"),
  roleNotFound: row(Status.failedPrecondition, "etcdserver: role name not found"),
  roleEmpty: row(Status.invalidArgument, "etcdserver: role name is empty"),
  authFailed: row(Status.invalidArgument, "etcdserver: authentication failed, invalid user ID or password"),
  permissionNotGiven: row(Status.invalidArgument, "etcdserver: permission not given"),
  permissionDenied: row(Status.permissionDenied, "etcdserver: permission denied"),
  roleNotGranted: row(Status.failedPrecondition, "etcdserver: role is not granted to the user"),
  permissionNotGranted: row(Status.failedPrecondition, "etcdserver: permission is not granted to the role"),
  authNotEnabled: row(Status.failedPrecondition, "etcdserver: authentication is not enabled"),
  invalidAuthToken: row(Status.unauthenticated, "etcdserver: invalid auth token"),
  invalidAuthMgmt: row(Status.invalidArgument, "etcdserver: invalid auth management"),
  authOldRevision: row(Status.invalidArgument, "etcdserver: revision of auth store is old"),
  noLeader: row(Status.unavailable, "etcdserver: no leader"),
  notLeader: row(Status.failedPrecondition, "etcdserver: not leader"),
  leaderChanged: row(Status.unavailable, "etcdserver: leader changed"),
  notCapable: row(Status.failedPrecondition, "etcdserver: not capable"),
  stopped: row(Status.unavailable, "etcdserver: server stopped"),
  timeout: row(Status.unavailable, "etcdserver: request timed out"),
  timeoutDueToLeaderFail: row(
    Status.unavailable,
    "etcdserver: request timed out, possibly due to previous leader failure",
  ),
  timeoutDueToConnectionLost: row(Status.unavailable, "etcdserver: request timed out, possibly due to connection lost"),
  timeoutWaitAppliedIndex: row(
    Status.unavailable,
    "etcdserver: request timed out, waiting for the applied index took too long",
  ),
  unhealthy: row(Status.unavailable, "etcdserver: unhealthy cluster"),
  corrupt: row(Status.dataLoss, "etcdserver: corrupt cluster"),
  notSupportedForLearner: row(Status.failedPrecondition, "etcdserver: rpc not supported for learner"),
  badLeaderTransferee: row(Status.failedPrecondition, "etcdserver: bad leader transferee"),
  wrongDowngradeVersionFormat: row(Status.invalidArgument, "etcdserver: wrong downgrade target version format"),
  invalidDowngradeTargetVersion: row(Status.invalidArgument, "etcdserver: invalid downgrade target version"),
  clusterVersionUnavailable: row(Status.failedPrecondition, "etcdserver: cluster version not found during downgrade"),
  downgradeInProcess: row(Status.failedPrecondition, "etcdserver: cluster has a downgrade job in progress"),
  noInflightDowngrade: row(Status.failedPrecondition, "etcdserver: no inflight downgrade job"),
  canceled: row(Status.canceled, "etcdserver: request canceled"),
  deadlineExceeded: row(Status.deadlineExceeded, "etcdserver: context deadline exceeded"),
  raftProposalDropped: row(Status.unknown, "raft proposal dropped"),
  raftStopped: row(Status.unknown, "raft: stopped"),
  contextDeadlineExceeded: row(Status.deadlineExceeded, "context deadline exceeded"),
  contextCanceled: row(Status.canceled, "context canceled"),
  timeoutLeaderTransfer: row(Status.unknown, "etcdserver: request timed out, leader transfer took too long"),
} as const satisfies Record<string, ErrorRow>;

/** The stable name of an expected error. */
export type KvErrorCode = keyof typeof errorTable;

/** An expected error of the API. `message` is etcd's exact text. */
export class KvError extends Error {
  override readonly name = "KvError";
  readonly code: KvErrorCode;
  readonly status: number;
  /** Who refused, why, and what to do next; for status details, JSON and command lines, never for `message`. */
  readonly explanation: string | undefined;

  constructor(code: KvErrorCode, options: { readonly explanation?: string; readonly cause?: unknown } = {}) {
    const { status, text } = errorTable[code];
    super(text, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.status = status;
    this.explanation = options.explanation;
  }
}
