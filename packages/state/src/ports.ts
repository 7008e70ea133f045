/**
 * What the state machine needs from below: tables of the database, written in the batch that also carries
 * the consistent index.
 */

/** One bucket. Keys and values that are returned may alias pages: they are valid until the next write. */
export interface Table {
  get(key: Uint8Array): Uint8Array | undefined;
  put(key: Uint8Array, value: Uint8Array): void;
  delete(key: Uint8Array): void;
  /**
   * Visits rows with `from` <= key < `to` in order; `to` undefined means to the end.
   *
   * @param visit returns false to stop.
   */
  range(
    from: Uint8Array,
    to: Uint8Array | undefined,
    visit: (key: Uint8Array, value: Uint8Array) => boolean | undefined,
  ): void;
}

/** The buckets of etcd's schema, in byte order. All of them exist in every database. */
export const bucketNames = [
  "alarm",
  "auth",
  "authRoles",
  "authUsers",
  "cluster",
  "key",
  "lease",
  "members",
  "members_removed",
  "meta",
] as const;

export type BucketName = (typeof bucketNames)[number];

/** The tables by name. */
export type Tables = Readonly<Record<BucketName, Table>>;
