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

/**
 * Code → gRPC status and text. `notEnoughStarted` and `tooManyRequests` reach the wire as Unknown, as etcd's do.
 */
export const errorTable = {
  emptyKey: [3, "etcdserver: key is not provided"],
  keyNotFound: [3, "etcdserver: key not found"],
  valueProvided: [3, "etcdserver: value is provided"],
  leaseProvided: [3, "etcdserver: lease is provided"],
  tooManyOps: [3, "etcdserver: too many operations in txn request"],
  duplicateKey: [3, "etcdserver: duplicate key given in txn request"],
  invalidClientApiVersion: [3, "etcdserver: invalid client api version"],
  invalidSortOption: [3, "etcdserver: invalid sort option"],
  compacted: [11, "etcdserver: mvcc: required revision has been compacted"],
  futureRev: [11, "etcdserver: mvcc: required revision is a future revision"],
  noSpace: [8, "etcdserver: mvcc: database space exceeded"],
  leaseNotFound: [5, "etcdserver: requested lease not found"],
  leaseExist: [9, "etcdserver: lease already exists"],
  leaseTtlTooLarge: [11, "etcdserver: too large lease TTL"],
  watchCanceled: [1, "etcdserver: watch canceled"],
  memberExist: [9, "etcdserver: member ID already exist"],
  peerUrlExist: [9, "etcdserver: Peer URLs already exists"],
  notEnoughStarted: [2, "etcdserver: re-configuration failed due to not enough started members"],
  memberBadUrls: [3, "etcdserver: given member URLs are invalid"],
  memberNotFound: [5, "etcdserver: member not found"],
  memberNotLearner: [9, "etcdserver: can only promote a learner member"],
  learnerNotReady: [9, "etcdserver: can only promote a learner member which is in sync with leader"],
  tooManyLearners: [9, "etcdserver: too many learner members in cluster"],
  clusterIdMismatch: [9, "etcdserver: cluster ID mismatch"],
  requestTooLarge: [3, "etcdserver: request is too large"],
  tooManyRequests: [2, "etcdserver: too many requests"],
  rootUserNotExist: [9, "etcdserver: root user does not exist"],
  rootRoleNotExist: [9, "etcdserver: root user does not have root role"],
  userAlreadyExist: [9, "etcdserver: user name already exists"],
  userEmpty: [3, "etcdserver: user name is empty"],
  userNotFound: [9, "etcdserver: user name not found"],
  roleAlreadyExist: [9, "etcdserver: role name already exists"],
  roleNotFound: [9, "etcdserver: role name not found"],
  roleEmpty: [3, "etcdserver: role name is empty"],
  authFailed: [3, "etcdserver: authentication failed, invalid user ID or password"],
  permissionNotGiven: [3, "etcdserver: permission not given"],
  permissionDenied: [7, "etcdserver: permission denied"],
  roleNotGranted: [9, "etcdserver: role is not granted to the user"],
  permissionNotGranted: [9, "etcdserver: permission is not granted to the role"],
  authNotEnabled: [9, "etcdserver: authentication is not enabled"],
  invalidAuthToken: [16, "etcdserver: invalid auth token"],
  invalidAuthMgmt: [3, "etcdserver: invalid auth management"],
  authOldRevision: [3, "etcdserver: revision of auth store is old"],
  noLeader: [14, "etcdserver: no leader"],
  notLeader: [9, "etcdserver: not leader"],
  leaderChanged: [14, "etcdserver: leader changed"],
  notCapable: [9, "etcdserver: not capable"],
  stopped: [14, "etcdserver: server stopped"],
  timeout: [14, "etcdserver: request timed out"],
  timeoutDueToLeaderFail: [14, "etcdserver: request timed out, possibly due to previous leader failure"],
  timeoutDueToConnectionLost: [14, "etcdserver: request timed out, possibly due to connection lost"],
  timeoutWaitAppliedIndex: [14, "etcdserver: request timed out, waiting for the applied index took too long"],
  unhealthy: [14, "etcdserver: unhealthy cluster"],
  corrupt: [15, "etcdserver: corrupt cluster"],
  notSupportedForLearner: [9, "etcdserver: rpc not supported for learner"],
  badLeaderTransferee: [9, "etcdserver: bad leader transferee"],
  wrongDowngradeVersionFormat: [3, "etcdserver: wrong downgrade target version format"],
  invalidDowngradeTargetVersion: [3, "etcdserver: invalid downgrade target version"],
  clusterVersionUnavailable: [9, "etcdserver: cluster version not found during downgrade"],
  downgradeInProcess: [9, "etcdserver: cluster has a downgrade job in progress"],
  noInflightDowngrade: [9, "etcdserver: no inflight downgrade job"],
  canceled: [1, "etcdserver: request canceled"],
  deadlineExceeded: [4, "etcdserver: context deadline exceeded"],
  raftProposalDropped: [2, "raft proposal dropped"],
  raftStopped: [2, "raft: stopped"],
  contextDeadlineExceeded: [4, "context deadline exceeded"],
  contextCanceled: [1, "context canceled"],
  timeoutLeaderTransfer: [2, "etcdserver: request timed out, leader transfer took too long"],
} as const;

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
    const [status, text] = errorTable[code];
    super(text, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.status = status;
    this.explanation = options.explanation;
  }
}
