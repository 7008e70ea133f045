/** member add, remove, update, promote, list. */
import {
  encodeMemberAddResponse,
  encodeMemberListResponse,
  encodeMemberPromoteResponse,
  encodeMemberRemoveResponse,
  encodeMemberUpdateResponse,
  type MemberAddResponse,
} from "@quorate/api";
import { type MemberId, toMemberId } from "@quorate/base";
import { CommandError, Exit } from "../io.ts";
import type { Option } from "../pflag.ts";
import { goQuote } from "../print/go-text.ts";
import type { CtlCommand } from "./command.ts";
import type { Context } from "./context.ts";
import { isSerializable } from "./kv-requests.ts";

function badArgs(message: string): CommandError {
  return new CommandError(Exit.badArgs, message);
}

/** Parses an unsigned 64-bit number in hexadecimal; the message is Go's. */
export function parseHexMember(text: string): MemberId {
  const why = /^[0-9a-fA-F]+$/.test(text) ? "value out of range" : "invalid syntax";
  const digits = /^0*([0-9a-fA-F]{1,16})$/.exec(text);
  if (digits === null) throw badArgs(`strconv.ParseUint: parsing ${goQuote(text)}: ${why}`);
  return toMemberId(BigInt(`0x${digits[1]}`));
}

function memberArgument(c: Context): MemberId {
  if (c.args.length !== 1) throw badArgs("member ID is not provided");
  try {
    return parseHexMember(c.args[0] as string);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw badArgs(`bad member ID arg (${error.message}), expecting ID in Hex`);
  }
}

const peerUrls: Option = { name: "peer-urls", kind: "string", fallback: "", help: "Peer URLs, separated by commas" };

function peerUrlsOf(c: Context): string[] {
  const text = c.options.string("peer-urls");
  if (text === "") throw badArgs("member peer urls not provided");
  return text.split(",");
}

/** The variables with which the new member is to be started. */
function environment(name: string, urls: string, response: MemberAddResponse): string {
  const cluster = response.members.flatMap((member) => {
    const known = member.id === response.member?.id ? name : member.name;
    return member.peerUrls.map((url) => `${known}=${url}`);
  });
  return [
    "",
    `ETCD_NAME=${goQuote(name)}`,
    `ETCD_INITIAL_CLUSTER=${goQuote(cluster.join(","))}`,
    `ETCD_INITIAL_ADVERTISE_PEER_URLS=${goQuote(urls)}`,
    'ETCD_INITIAL_CLUSTER_STATE="existing"',
    "",
  ].join("\n");
}

const add: CtlCommand = {
  path: ["member", "add"],
  usage: "<memberName> [options]",
  help: "Adds a member into the cluster",
  options: [peerUrls, { name: "learner", kind: "bool", fallback: "false", help: "Without a vote, until promoted" }],
  async run(c) {
    const printer = c.printer();
    const name = c.args[0];
    if (name === undefined) throw badArgs("member name not provided");
    if (c.args.length > 1) {
      const urls = c.args.filter((arg) => arg.toLowerCase().startsWith("http"));
      throw badArgs(`too many arguments${urls.map((url) => `, did you mean --peer-urls=${url}`).join("")}`);
    }
    const response = await c.ask((await c.client()).memberAdd(peerUrlsOf(c), c.options.bool("learner")));
    const id = response.member?.id ?? toMemberId(0n);
    printer.memberChange({ kind: "add", id, response, encoded: encodeMemberAddResponse(response) });
    if (c.options.string("write-out") === "simple") {
      c.io.out(environment(name, c.options.string("peer-urls"), response));
    }
    return Exit.success;
  },
};

const remove: CtlCommand = {
  path: ["member", "remove"],
  usage: "<memberID>",
  help: "Removes a member from the cluster",
  options: [],
  async run(c) {
    const printer = c.printer();
    const id = memberArgument(c);
    const response = await c.ask((await c.client()).memberRemove(id));
    printer.memberChange({ kind: "remove", id, response, encoded: encodeMemberRemoveResponse(response) });
    return Exit.success;
  },
};

const update: CtlCommand = {
  path: ["member", "update"],
  usage: "<memberID> [options]",
  help: "Updates the peer URLs of a member",
  options: [peerUrls],
  async run(c) {
    const printer = c.printer();
    const id = memberArgument(c);
    const response = await c.ask((await c.client()).memberUpdate(id, peerUrlsOf(c)));
    printer.memberChange({ kind: "update", id, response, encoded: encodeMemberUpdateResponse(response) });
    return Exit.success;
  },
};

const promote: CtlCommand = {
  path: ["member", "promote"],
  usage: "<memberID>",
  help: "Gives a learner its vote",
  options: [],
  async run(c) {
    const printer = c.printer();
    const id = memberArgument(c);
    const response = await c.ask((await c.client()).memberPromote(id));
    printer.memberChange({ kind: "promote", id, response, encoded: encodeMemberPromoteResponse(response) });
    return Exit.success;
  },
};

const list: CtlCommand = {
  path: ["member", "list"],
  usage: "",
  help: "Lists all members: ID, status, name, peer URLs, client URLs, whether a learner",
  options: [{ name: "consistency", kind: "string", fallback: "l", help: "Linearizable (l) or serializable (s)" }],
  async run(c) {
    const printer = c.printer();
    const linearizable = !isSerializable(c.options.string("consistency"));
    const response = await c.ask((await c.client()).memberList(linearizable));
    printer.memberList(response, encodeMemberListResponse(response));
    return Exit.success;
  },
};

export const memberCommands: readonly CtlCommand[] = [add, remove, update, promote, list];
