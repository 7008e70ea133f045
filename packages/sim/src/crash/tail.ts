import { invariant } from "@quorate/base";
import type { Judgement, Specimen } from "./damage.ts";
import type { DiskImage } from "./disk-image.ts";
import { walDir } from "./setting.ts";

/** What was done to the end of the log, from `at` on. */
export interface TailCut {
  readonly how: "cut" | "zero";
  /** A byte of the last segment. */
  readonly at: number;
}

/** How much of the tail is tried. */
export const tailBytes = 8192;

/** The last segment. */
export function tailOf(image: DiskImage): string {
  const path = image.files().findLast((name) => name.startsWith(`${walDir}/`) && name.endsWith(".wal"));
  invariant(path !== undefined, "a member has a log");
  return path;
}

/** Every byte of the last 8 KiB of records, cut off there and zero from there on; every `stride`th from `first` on. */
export function* tailCuts(image: DiskImage, stride = 1, first = 0): Generator<TailCut, void, undefined> {
  const content = image.fileAt(tailOf(image));
  const end = content?.end() ?? 0;
  for (let at = Math.max(0, end - tailBytes) + first; at < end; at += stride) {
    yield { how: "cut", at };
    yield { how: "zero", at };
  }
}

export function withCut(image: DiskImage, { how, at }: TailCut): DiskImage {
  const damaged = image.fork();
  const content = damaged.fileAt(tailOf(image));
  if (how === "cut") content?.resize(at);
  else content?.write(new Uint8Array(content.size - at), at);
  return damaged;
}

/**
 * Tells what is wrong with the start after a cut: the member must start, with its log up to the cut, as long as its
 * database holds no more than that.
 */
export function tailProblem(judgement: Judgement, specimen: Specimen): string | undefined {
  const { verdict, about, lastIndex } = judgement;
  if (verdict !== "harmless" && verdict !== "repaired" && verdict !== "shortened") return about;
  return lastIndex > specimen.lastIndex ? "the log became longer" : undefined;
}
