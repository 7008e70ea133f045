import type { ClusterDirectory, PromoteAnswer, RemoteCluster } from "@quorate/member";
import type { Host } from "./host.ts";
import { EventKind, type Life } from "./kernel.ts";
import type { Network } from "./network.ts";

const serverVersion = "3.6.14";

/** Asks `host` after a journey there; the answer comes after a journey back. Undefined: no answer. */
function ask<T>(
  network: Network,
  from: Host,
  life: Life,
  host: Host | undefined,
  answer: (at: Host) => Promise<T>,
): Promise<T | undefined> {
  return new Promise((resolve) => {
    const { kernel } = network;
    const giveUp = (afterUs: number): void => {
      kernel.after(afterUs, EventKind.query, life, () => resolve(undefined));
    };
    if (host === undefined) {
      giveUp(1_000);
      return;
    }
    const there = network.way(from, host);
    const back = network.way(host, from);
    if (there.cut) {
      giveUp(1_000_000);
      return;
    }
    kernel.after(network.travelUs(there), EventKind.query, undefined, () => {
      if (host.member === undefined || host.life?.alive !== true) {
        giveUp(network.travelUs(back));
        return;
      }
      // Whoever was asked may end before it answers.
      giveUp(5_000_000);
      answer(host).then(
        (value) => {
          if (back.cut) giveUp(1_000_000);
          else kernel.after(network.travelUs(back), EventKind.query, life, () => resolve(value));
        },
        () => giveUp(1_000),
      );
    });
  });
}

/** What a process asks other members over their peer URLs. */
export function directoryFor(network: Network, from: Host, life: Life): ClusterDirectory {
  /** The first answer of any host that listens at one of `urls`. */
  const first = async <T>(urls: readonly string[], answer: (at: Host) => Promise<T>): Promise<T | undefined> => {
    for (const url of urls) {
      const value = await ask(network, from, life, network.hosts.get(url), answer);
      if (value !== undefined) return value;
    }
    return undefined;
  };
  return {
    members: async (urls): Promise<RemoteCluster> => {
      const answer = await first(urls, async ({ member }) => {
        if (member === undefined) throw new Error("not running");
        const members = member.machine.membership.list();
        const { clusterId } = member;
        if (!network.hidesStarted) return { clusterId, members };
        return { clusterId, members: members.map((one) => ({ ...one, name: "", clientUrls: [] })) };
      });
      if (answer === undefined) throw new Error("nobody answers");
      return answer;
    },
    versions: async (urls) =>
      await first(urls, async ({ member }) => ({
        server: serverVersion,
        cluster: member?.machine.membership.clusterVersion ?? "",
      })),
    sameUrls: async (a, b) =>
      a.join() === b.join() ? { same: true } : { same: false, reason: `${a.join()} != ${b.join()}` },
    promote: async (urls, id): Promise<PromoteAnswer> => {
      const answer = await first(urls, async ({ member }): Promise<PromoteAnswer> => {
        try {
          if (member === undefined || !member.isLeader) return { status: 500, body: "not the leader" };
          await member.changes.promoteAsLeader(id);
          return { status: 200, body: "" };
        } catch (error) {
          const text = error instanceof Error ? error.message : String(error);
          const status = text.includes("ID not found") || text.includes("member not found") ? 404 : 412;
          return { status: text.includes("timed out") || text.includes("stopped") ? 500 : status, body: text };
        }
      });
      if (answer === undefined) throw new Error("no answer");
      return answer;
    },
  };
}
