import { ctlOk, type ServerMember, waitFor } from "../../support/index.ts";

/** A member as `member list` tells of it; the identity is hexadecimal as etcdctl prints it. */
export interface ListedMember {
  readonly id: string;
  readonly status: "started" | "unstarted";
  readonly name: string;
  readonly peerUrls: string;
  readonly clientUrls: string;
  readonly isLearner: boolean;
}

/** What `member list` of etcdctl 3.4 says when it asks this member. */
export async function listedBy(member: ServerMember): Promise<ListedMember[]> {
  const said = await ctlOk(["member", "list"], { endpoints: [member.clientUrl] });
  return said
    .trimEnd()
    .split("\n")
    .map((line) => {
      const [id = "", status = "", name = "", peerUrls = "", clientUrls = "", learner = ""] = line.split(", ");
      return {
        id,
        status: status as ListedMember["status"],
        name,
        peerUrls,
        clientUrls,
        isLearner: learner === "true",
      };
    });
}

/** The identity of a member, as another (or the same) one lists it. */
export async function idOf(asked: ServerMember, member: ServerMember): Promise<string> {
  const found = (await listedBy(asked)).find(
    ({ peerUrls, name }) => name === member.name || peerUrls === member.peerUrl,
  );
  if (found === undefined) throw new Error(`${asked.name} does not list ${member.name}`);
  return found.id;
}

/**
 * Repeats a change of members while it is refused as `unhealthy cluster`: a member is believed in only after it was
 * connected for five seconds.
 */
export function onceHealthy(args: readonly string[], asked: ServerMember, api: 2 | 3 = 3): Promise<string> {
  return waitFor(`etcdctl ${args.join(" ")}`, () => ctlOk(args, { endpoints: [asked.clientUrl], api }), {
    intervalMs: 250,
  });
}

/** The variables that `member add` prints, for the environment of the new member. */
export function printedVariables(said: string): Record<string, string> {
  return Object.fromEntries(
    [...said.matchAll(/^(ETCD_\w+)="(.*)"$/gm)].map(([, name = "", value = ""]) => [name, value]),
  );
}

/** Starts a member as the variables say that `member add` printed; flags say only what those do not. */
export function startAsPrinted(member: ServerMember, said: string, extra: readonly string[] = []): void {
  member.env = printedVariables(said);
  member.flags = [
    `--data-dir=${member.dataDir}`,
    `--listen-peer-urls=${member.peerUrl}`,
    `--listen-client-urls=${member.clientUrl}`,
    `--advertise-client-urls=${member.clientUrl}`,
    `--initial-advertise-peer-urls=${member.peerUrl}`,
    ...extra,
  ];
  delete member.env["ETCD_INITIAL_ADVERTISE_PEER_URLS"]; // The v2 form does not print it, so the flag says it.
  member.start();
}
