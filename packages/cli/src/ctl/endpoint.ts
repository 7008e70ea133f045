/** endpoint health, status, hashkv; move-leader. */
import { KvError } from "@quorate/api";
import { ClientError, type Client } from "@quorate/client";
import { CommandError, Exit } from "../io.ts";
import { durationText, type Option } from "../pflag.ts";
import type { EndpointHash, EndpointStatus, Health } from "../print/printer.ts";
import type { CtlCommand } from "./command.ts";
import { callText, type Context } from "./context.ts";
import { parseHexMember } from "./member.ts";

const cluster: Option = {
  name: "cluster",
  kind: "bool",
  fallback: "false",
  help: "Ask all endpoints that the member list names",
};

/** The endpoints to ask: those given, or all client URLs of the cluster. */
async function endpointsOf(c: Context): Promise<readonly string[]> {
  if (!c.options.bool("cluster")) return c.endpoints;
  try {
    const list = await (await c.client()).memberList();
    return list.members.flatMap((member) => member.clientUrls);
  } catch (error) {
    throw new CommandError(Exit.error, `failed to fetch endpoints from etcd cluster member list: ${textOf(error)}`);
  }
}

function textOf(error: unknown): string {
  if (error instanceof KvError || error instanceof ClientError) return callText(error);
  return error instanceof Error ? error.message : String(error);
}

/** Only what a call can end with counts as an answer; bugs of ours go on. */
function isAnswer(error: unknown): error is Error {
  return error instanceof KvError || error instanceof ClientError || error instanceof CommandError;
}

const alarmNames: readonly string[] = ["UNKNOWN", "NOSPACE", "CORRUPT"];

async function alarmProblem(client: Client): Promise<string> {
  try {
    const { alarms } = await client.alarm({});
    if (alarms.length === 0) return "";
    return `Active Alarm(s): ${alarms.map(({ alarm }) => `${alarmNames[alarm] ?? "UNKNOWN"} `).join("")}`;
  } catch (error) {
    if (!isAnswer(error)) throw error;
    return "Unable to fetch the alarm list";
  }
}

async function healthOf(c: Context, endpoint: string): Promise<Health> {
  const key = new TextEncoder().encode("health");
  const startMs = c.io.nowMs();
  const took = (): string => durationText(c.io.nowMs() - startMs);
  let client: Client;
  try {
    client = await c.client([endpoint]);
  } catch (error) {
    if (!isAnswer(error)) throw error;
    return { endpoint, health: false, took: "", error: textOf(error) };
  }
  try {
    await client.range({ key });
  } catch (error) {
    if (!isAnswer(error)) throw error;
    // Even the refusal of a permission went through consensus.
    const denied = error instanceof KvError && error.code === "permissionDenied";
    if (!denied) return { endpoint, health: false, took: took(), error: textOf(error) };
  }
  const lasted = took();
  const error = await alarmProblem(client);
  return { endpoint, health: error === "", took: lasted, error };
}

const health: CtlCommand = {
  path: ["endpoint", "health"],
  usage: "",
  help: "Checks the healthiness of endpoints: each must commit a read",
  options: [cluster],
  async run(c) {
    const printer = c.printer();
    const endpoints = await endpointsOf(c);
    const list: Health[] = [];
    // In the order of the answers, as they come.
    await Promise.all(endpoints.map(async (endpoint) => list.push(await healthOf(c, endpoint))));
    printer.health(list);
    if (list.some((h) => h.error !== "")) throw new CommandError(Exit.error, "unhealthy cluster");
    return Exit.success;
  },
};

const status: CtlCommand = {
  path: ["endpoint", "status"],
  usage: "",
  help: "Prints the status of endpoints",
  options: [cluster],
  async run(c) {
    const printer = c.printer();
    const list: EndpointStatus[] = [];
    let failed = false;
    for (const endpoint of await endpointsOf(c)) {
      try {
        list.push({ endpoint, status: await (await c.client([endpoint])).status() });
      } catch (error) {
        if (!isAnswer(error)) throw error;
        failed = true;
        c.io.err(`Failed to get the status of endpoint ${endpoint} (${textOf(error)})\n`);
      }
    }
    printer.status(list);
    return failed ? Exit.error : Exit.success;
  },
};

const hashkv: CtlCommand = {
  path: ["endpoint", "hashkv"],
  usage: "",
  help: "Prints the hash of the key-value history of endpoints",
  options: [cluster, { name: "rev", kind: "int", fallback: "0", help: "Up to this revision, 0 for all" }],
  async run(c) {
    const printer = c.printer();
    const list: EndpointHash[] = [];
    let last = "";
    for (const endpoint of await endpointsOf(c)) {
      try {
        list.push({ endpoint, hash: await (await c.client([endpoint])).hashKv(c.options.number("rev")) });
      } catch (error) {
        if (!isAnswer(error)) throw error;
        last = textOf(error);
        c.io.err(`Failed to get the hash of endpoint ${endpoint} (${last})\n`);
      }
    }
    printer.hash(list);
    if (last !== "") throw new CommandError(Exit.error, last);
    return Exit.success;
  },
};

const moveLeader: CtlCommand = {
  path: ["move-leader"],
  usage: "<transferee-member-id>",
  help: "Transfers leadership to another member",
  options: [],
  async run(c) {
    const printer = c.printer();
    if (c.args.length !== 1) throw new CommandError(Exit.badArgs, "move-leader command needs 1 argument");
    const target = parseHexMember(c.args[0] as string);
    for (const endpoint of c.endpoints) {
      const client = await c.client([endpoint]);
      const { header, leader } = await c.ask(client.status());
      if (header?.memberId !== leader) continue;
      printer.moveLeader(leader, target, await c.ask(client.moveLeader(target)));
      return Exit.success;
    }
    throw new CommandError(Exit.badArgs, `no leader endpoint given at [${c.endpoints.join(" ")}]`);
  },
};

export const endpointCommands: readonly CtlCommand[] = [health, status, hashkv, moveLeader];
