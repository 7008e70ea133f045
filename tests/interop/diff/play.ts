/** Plays streams to pairs, and makes the stream of a failure small enough to be read. */
import type { Scope } from "../../support/index.ts";
import { comparable, difference, isKeptHash } from "./compare.ts";
import { Pair, type PairOptions, type Request } from "./pair.ts";
import type { Tree, Value } from "./schema.ts";

/** The first difference of a stream. */
export interface Failure {
  /** Position of the request whose answers differ. */
  readonly at: number;
  readonly difference: string;
}

/** Makes revision 2 and compacts at 1. */
const beginning: readonly Request[] = [
  { method: "etcdserverpb.KV/Put", body: { key: "a" } },
  { method: "etcdserverpb.KV/Compact", body: { revision: 1, physical: true } },
];

/** Plays a stream to a fresh pair. */
export async function play(
  scope: Scope,
  options: PairOptions,
  stream: readonly Request[],
): Promise<Failure | undefined> {
  const pair = await Pair.start(scope, options);
  try {
    // Nothing is compacted at 0 any more: the hash that etcd keeps of that is its answer to all later questions for the newest.
    for (const request of beginning) await pair.call(request);
    for (const [at, request] of stream.entries()) {
      const [theirs, ours] = await pair.call(request);
      if (isKeptHash(request, theirs, pair.compacted)) continue;
      const older = options.oracle === "etcd-3.5";
      const found = difference(comparable(request, theirs, older), comparable(request, ours, older));
      if (found !== undefined) return { at, difference: found };
    }
    return undefined;
  } finally {
    await pair.stop();
  }
}

/** Which call differs, and where in its answer, whatever its position in a list. */
function kindOf({ at, difference: text }: Failure, stream: readonly Request[]): string {
  return `${stream[at]?.method} ${text.split("\n", 1)[0]?.replaceAll(/\.\d+/g, "")}`;
}

/** All trees that are a little smaller than `tree`. */
function* smaller(tree: Tree): Generator<Tree> {
  for (const name of Object.keys(tree)) {
    const rest = Object.fromEntries(Object.entries(tree).filter(([other]) => other !== name));
    yield rest;
    for (const value of smallerValues(tree[name] as Value)) yield { ...tree, [name]: value };
  }
}

function* smallerValues(value: Value): Generator<Value> {
  if (typeof value === "string" && value.length > 16) yield value.slice(0, 4);
  if (typeof value !== "object") return;
  if (!Array.isArray(value)) {
    yield* smaller(value as Tree);
    return;
  }
  const list = value as readonly Value[];
  for (let i = 0; i < list.length; i++) yield [...list.slice(0, i), ...list.slice(i + 1)];
  for (const [i, one] of list.entries()) {
    for (const less of smallerValues(one)) yield [...list.slice(0, i), less, ...list.slice(i + 1)];
  }
}

/**
 * Makes a failing stream smaller for as long as there is time: whole requests first, in ever smaller pieces, then fields.
 *
 * Each attempt is played to a fresh pair, so that what is left fails by itself.
 */
export async function shrink(
  scope: Scope,
  options: PairOptions,
  stream: readonly Request[],
  failure: Failure,
  budgetMs: number,
): Promise<{ readonly stream: readonly Request[]; readonly failure: Failure }> {
  const deadline = performance.now() + budgetMs;
  const kind = kindOf(failure, stream);
  let best = { stream: stream.slice(0, failure.at + 1), failure };
  const attempt = async (candidate: readonly Request[]): Promise<boolean> => {
    const found = await play(scope, options, candidate);
    // Another difference is not the one that is looked for; it may even be a known one.
    if (found === undefined || kindOf(found, candidate) !== kind) return false;
    best = { stream: candidate.slice(0, found.at + 1), failure: found };
    return true;
  };
  const late = (): boolean => performance.now() > deadline;
  for (let piece = Math.ceil(best.stream.length / 2); piece >= 1 && !late(); piece = Math.floor(piece / 2)) {
    for (let end = best.stream.length - 1; end > 0 && !late(); end -= piece) {
      const start = Math.max(0, end - piece);
      await attempt([...best.stream.slice(0, start), ...best.stream.slice(end)]);
      end = Math.min(end, best.stream.length - 1 + piece);
    }
  }
  for (let smallerFound = true; smallerFound && !late(); ) {
    smallerFound = false;
    for (let i = best.stream.length - 1; i >= 0 && !smallerFound; i--) {
      const request = best.stream[i] as Request;
      for (const body of smaller(request.body)) {
        if (late()) break;
        const candidate = [...best.stream.slice(0, i), { ...request, body }, ...best.stream.slice(i + 1)];
        smallerFound = await attempt(candidate);
        if (smallerFound) break;
      }
    }
  }
  return best;
}

const shownRequestsMax = 25;
const shownCharactersMax = 2_000;

function shown(body: Tree): string {
  const text = JSON.stringify(body);
  return text.length <= shownCharactersMax ? text : `${text.slice(0, shownCharactersMax)}… (${text.length} characters)`;
}

/** A failure as one reads it. */
export function told(seed: number, stream: readonly Request[], failure: Failure): string {
  const lines = stream.slice(-shownRequestsMax).map(({ method, body, metadata }) => {
    const extra = metadata === undefined ? "" : ` with ${JSON.stringify(metadata)}`;
    return `  ${method.replace(/^.*\./, "")} ${shown(body)}${extra}`;
  });
  const left = stream.length > shownRequestsMax ? `  (${stream.length - shownRequestsMax} requests before)\n` : "";
  return `seed ${seed}: answers differ in the last of these requests, at ${failure.difference}\n${left}${lines.join("\n")}`;
}
