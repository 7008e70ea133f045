/** Which members a development cluster has, and where: kept in a file, because ports are part of the identity. */
import { CommandError, Exit } from "../io.ts";

export interface DevMember {
  readonly name: string;
  readonly clientPort: number;
  readonly peerPort: number;
}

export interface DevPlan {
  /** Keeps members of other development clusters out. */
  readonly token: string;
  readonly members: readonly DevMember[];
}

/** The ports that people and examples expect; other ones are taken where these are in use. */
const wantedPorts: readonly (readonly [client: number, peer: number])[] = [
  [2379, 2380],
  [22379, 22380],
  [32379, 32380],
];

const attemptsMax = 1000;

async function freePort(
  wanted: number,
  taken: Set<number>,
  isFree: (port: number) => Promise<boolean>,
): Promise<number> {
  for (let port = wanted; port < wanted + attemptsMax; port++) {
    if (taken.has(port) || !(await isFree(port))) continue;
    taken.add(port);
    return port;
  }
  throw new CommandError(Exit.error, `no free port from ${wanted} on`);
}

/** Chooses three members, on the expected ports where those are free. */
export async function makePlan(token: string, isFree: (port: number) => Promise<boolean>): Promise<DevPlan> {
  // Nobody gets a port that another member would rather have.
  const taken = new Set<number>();
  const members: DevMember[] = [];
  for (const [at, [client, peer]] of wantedPorts.entries()) {
    const clientPort = await freePort(client, taken, isFree);
    const peerPort = await freePort(peer, taken, isFree);
    members.push({ name: `m${at + 1}`, clientPort, peerPort });
  }
  return { token, members };
}

function isPort(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value > 0 && value < 65536;
}

/**
 * Reads a plan back.
 *
 * @throws CommandError naming the file when it is no plan.
 */
export function parsePlan(text: string, path: string): DevPlan {
  const fail = (): CommandError =>
    new CommandError(Exit.error, `${path} does not describe a cluster; move it away to start a new one`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw fail();
  }
  const { token, members } = (value ?? {}) as { token?: unknown; members?: unknown };
  if (typeof token !== "string" || !Array.isArray(members) || members.length === 0) throw fail();
  const list = members.map((member: unknown) => {
    const { name, clientPort, peerPort } = (member ?? {}) as Partial<Record<keyof DevMember, unknown>>;
    if (typeof name !== "string" || !/^[\w-]+$/.test(name) || !isPort(clientPort) || !isPort(peerPort)) throw fail();
    return { name, clientPort, peerPort };
  });
  return { token, members: list };
}

export const clientUrl = (member: DevMember): string => `http://127.0.0.1:${member.clientPort}`;
export const peerUrl = (member: DevMember): string => `http://127.0.0.1:${member.peerPort}`;

/** The endpoints of all members, as the tools take them. */
export const endpointsOf = (plan: DevPlan): string => plan.members.map((m) => `127.0.0.1:${m.clientPort}`).join(",");

/** The flags of one member. */
export function memberArgs(plan: DevPlan, member: DevMember, folder: string): string[] {
  const flags = {
    name: member.name,
    "data-dir": `${folder}/${member.name}`,
    "listen-client-urls": clientUrl(member),
    "advertise-client-urls": clientUrl(member),
    "listen-peer-urls": peerUrl(member),
    "initial-advertise-peer-urls": peerUrl(member),
    "initial-cluster": plan.members.map((m) => `${m.name}=${peerUrl(m)}`).join(","),
    "initial-cluster-token": plan.token,
    "initial-cluster-state": "new",
  };
  return [...Object.entries(flags).map(([name, value]) => `--${name}=${value}`), "--enable-v2"];
}
