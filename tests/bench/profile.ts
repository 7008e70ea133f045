import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";

/** The parts of a V8 CPU profile that are read here. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  /** Node id per sample. */
  readonly samples: readonly number[];
  /** Microseconds since the sample before. */
  readonly timeDeltas: readonly number[];
}

/** Where time went, by function. */
export interface FunctionShare {
  readonly name: string;
  /** Self time in percent of the time that was not idle. */
  readonly percent: number;
}

/** Sums self time by function, the largest share first; idle time is left out. */
export function functionShares({ nodes, samples, timeDeltas }: CpuProfile): FunctionShare[] {
  const nameOf = new Map(
    nodes.map(({ id, callFrame: { functionName, url, lineNumber } }) => {
      const place = url === "" ? "" : ` ${basename(url)}:${lineNumber + 1}`;
      return [id, `${functionName === "" ? "(anonymous)" : functionName}${place}`];
    }),
  );
  const micros = new Map<string, number>();
  let busy = 0;
  samples.forEach((id, i) => {
    const name = nameOf.get(id) ?? "(unknown)";
    if (name === "(idle)") return;
    const spent = timeDeltas[i] ?? 0;
    busy += spent;
    micros.set(name, (micros.get(name) ?? 0) + spent);
  });
  return [...micros]
    .map(([name, spent]) => ({ name, percent: (spent / busy) * 100 }))
    .sort((a, b) => b.percent - a.percent);
}

/** Reads the profile that the process `pid` left in `dir`; undefined when it left none. */
export function readProfile(dir: string, pid: number): CpuProfile | undefined {
  const file = readdirSync(dir).find((name) => name.endsWith(".cpuprofile") && name.split(".").includes(String(pid)));
  return file === undefined ? undefined : (JSON.parse(readFileSync(join(dir, file), "utf8")) as CpuProfile);
}
