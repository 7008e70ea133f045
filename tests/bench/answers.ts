import { decodeKeyValue } from "@quorate/api";
import type { Client } from "@quorate/client";
import { prefix, prefixEnd, probeKey, probeValue, type Workload } from "./load.ts";
import { withClient } from "./member-calls.ts";

/** Where a workload left its members, and how. */
export interface Answered {
  readonly workload: Workload;
  readonly urls: readonly string[];
  /** Keys below the prefix of ranges. */
  readonly keys: number;
  readonly rangeLimit: number;
}

const allKeys = { key: Uint8Array.of(0), rangeEnd: Uint8Array.of(0) };
const belowPrefix = { key: Buffer.from(prefix), rangeEnd: Buffer.from(prefixEnd) };

/**
 * Asks the members of a cluster that has just been loaded for what it must hold: a fast server that answers wrongly has
 * not won. The load generators count failures, but look at no answer.
 *
 * @throws Error that says what was wrong.
 */
export async function checkAnswers({ workload, urls, keys, rangeLimit }: Answered): Promise<void> {
  const found = await Promise.all(urls.map((url) => withClient(url, (client) => readOne(client, workload))));
  for (const { revision, count, sample } of found) {
    if (count !== found[0]?.count) throw new Error(`members count ${found.map((one) => one.count).join(", ")} keys`);
    if (sample !== 256) throw new Error(`a value has ${sample} bytes, not 256, at revision ${revision}`);
  }
  if (workload.startsWith("get")) await checkProbe(urls);
  if (keys > 0) await Promise.all(urls.map((url) => checkRanges(url, keys, rangeLimit)));
  await checkHashes(urls);
}

async function readOne(
  client: Client,
  workload: Workload,
): Promise<{ readonly revision: number; readonly count: number; readonly sample: number }> {
  const { header, count } = await client.range({ ...allKeys, countOnly: true });
  const { kvs } = await client.range({ ...allKeys, limit: 1 });
  const first = kvs[0];
  if (first === undefined) throw new Error(`nothing is there after ${workload}`);
  return { revision: header?.revision ?? 0, count, sample: decodeKeyValue(first).value.length };
}

async function checkProbe(urls: readonly string[]): Promise<void> {
  for (const url of urls) {
    for (const serializable of [false, true]) {
      const { kvs } = await withClient(url, (client) => client.range({ key: Buffer.from(probeKey), serializable }));
      const value = kvs[0] === undefined ? undefined : Buffer.from(decodeKeyValue(kvs[0]).value).toString();
      if (value !== probeValue) throw new Error(`${url} gives ${value?.length ?? "no"} bytes for ${probeKey}`);
    }
  }
}

async function checkRanges(url: string, keys: number, limit: number): Promise<void> {
  await withClient(url, async (client) => {
    const counted = await client.range({ ...belowPrefix, countOnly: true });
    if (counted.count !== keys || counted.kvs.length > 0) throw new Error(`${url} counts ${counted.count} of ${keys}`);
    const { kvs, more, count } = await client.range({ ...belowPrefix, limit });
    const names = kvs.map((kv) => Buffer.from(decodeKeyValue(kv).key).toString());
    const wanted = Math.min(limit, keys);
    if (names.length !== wanted || count !== keys || more !== keys > limit) {
      throw new Error(`${url} gives ${names.length} keys of ${wanted}, counts ${count} of ${keys}`);
    }
    if (names.some((name, i) => i > 0 && name <= (names[i - 1] as string)))
      throw new Error(`${url}: keys out of order`);
  });
}

/** All members hold the same at the same revision. */
async function checkHashes(urls: readonly string[]): Promise<void> {
  const revisions = await Promise.all(
    urls.map((url) =>
      withClient(url, async (client) => (await client.range({ ...allKeys, limit: 1 })).header?.revision ?? 0),
    ),
  );
  const revision = Math.min(...revisions);
  const hashes = await Promise.all(
    urls.map((url) => withClient(url, async (client) => (await client.hashKv(revision)).hash)),
  );
  if (new Set(hashes).size > 1) throw new Error(`members differ at revision ${revision}: ${hashes.join(", ")}`);
}
