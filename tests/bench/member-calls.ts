import { connect } from "node:net";
import { newPutRequest, newRequestOp } from "@quorate/api";
import { Client, grpcConnect } from "@quorate/client";
import { pause } from "../support/index.ts";
import { prefix } from "./load.ts";

const pauseMs = 2;
const giveUpMs = 120_000;

/** What a member says of its database. */
export interface DatabaseStatus {
  readonly revision: number;
  /** Size of the database, and of the part that is in use, in megabytes. */
  readonly sizeMegabytes: number;
  readonly usedMegabytes: number;
}

/** Runs `body` with a client of one member. */
export async function withClient<T>(url: string, body: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ endpoints: [url], connect: grpcConnect, timeoutMs: 60_000 });
  try {
    return await body(client);
  } finally {
    await client.close();
  }
}

export function databaseStatus(url: string): Promise<DatabaseStatus> {
  return withClient(url, async (client) => {
    const { header, dbSize, dbSizeInUse } = await client.status();
    return {
      revision: header?.revision ?? 0,
      sizeMegabytes: dbSize / 2 ** 20,
      usedMegabytes: dbSizeInUse / 2 ** 20,
    };
  });
}

function isListening(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    socket.on("error", () => resolve(false));
    socket.on("connect", () => {
      socket.destroy();
      resolve(true);
    });
  });
}

/**
 * Waits until a member answers a call, looking every 2 ms.
 *
 * @param startedMs a reading of `performance.now()` to count from.
 * @returns milliseconds until the answer was there.
 */
export async function untilAnswered(
  url: string,
  startedMs: number,
  call: (client: Client) => Promise<unknown>,
): Promise<number> {
  let cause: unknown;
  while (performance.now() - startedMs < giveUpMs) {
    if (await isListening(url)) {
      try {
        await withClient(url, call);
        return performance.now() - startedMs;
      } catch (error) {
        cause = error;
      }
    }
    await pause(pauseMs);
  }
  throw new Error(`${url} did not answer within ${giveUpMs} ms`, { cause });
}

const keysPerWrite = 128;
const writersMax = 16;

/** Writes `count` keys of 32 bytes below the prefix of ranges, with values of 256 bytes, in transactions. */
export async function fill(url: string, count: number): Promise<void> {
  const value = Buffer.alloc(256, "v");
  let next = 0;
  await withClient(url, async (client) => {
    const write = async (): Promise<void> => {
      for (let from = next; from < count; from = next) {
        next += keysPerWrite;
        const success = Array.from({ length: Math.min(keysPerWrite, count - from) }, (_, i) => ({
          ...newRequestOp(),
          requestPut: { ...newPutRequest(), key: Buffer.from(prefix + String(from + i).padStart(25, "0")), value },
        }));
        await client.txn({ success });
      }
    };
    await Promise.all(Array.from({ length: writersMax }, write));
  });
}

/** A client that tries again gives one member so long, and then asks the next one. */
const attemptMs = 200;

/**
 * Puts until a put is acknowledged, at each of `urls` in turn, as a client does that tries again.
 *
 * @returns when it was, as a reading of `performance.now()`.
 */
export async function untilWritten(urls: readonly string[]): Promise<number> {
  const clients = urls.map((url) => new Client({ endpoints: [url], connect: grpcConnect, timeoutMs: attemptMs }));
  const request = { key: Buffer.from("failover"), value: Buffer.from("value") };
  const startedMs = performance.now();
  let cause: unknown;
  try {
    for (let i = 0; performance.now() - startedMs < giveUpMs; i++) {
      try {
        await (clients[i % clients.length] as Client).put(request);
        return performance.now();
      } catch (error) {
        cause = error;
        await pause(pauseMs);
      }
    }
  } finally {
    await Promise.all(clients.map((client) => client.close()));
  }
  throw new Error(`no put at ${urls.join(" or ")} was acknowledged within ${giveUpMs} ms`, { cause });
}
