/** Metrics in Prometheus' text format 0.0.4, as Go's library writes it. Values are read when a scrape comes; nothing is kept twice. */

export type Labels = Readonly<Record<string, string>>;

const escapeLabel = (text: string): string => text.replace(/\\/g, "\\\\").replace(/\n/g, "\\n").replace(/"/g, '\\"');

/** Labels sorted by name, the bound of a bucket last: scripts look for whole lines. */
function labelText(labels: Labels, bound?: string): string {
  const pairs = Object.keys(labels)
    .sort()
    .map((name) => `${name}="${escapeLabel(labels[name] as string)}"`);
  if (bound !== undefined) pairs.push(`le="${bound}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

/** A histogram with fixed upper bounds. */
export class Histogram {
  readonly bounds: readonly number[];
  /** How many values fell between each bound and the one before; the last is for those above all bounds. */
  readonly counts: number[];
  sum = 0;
  count = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = [...bounds.map(() => 0), 0];
  }

  observe(value: number): void {
    const { bounds } = this;
    let at = 0;
    while (at < bounds.length && value > (bounds[at] as number)) at += 1;
    this.counts[at] = (this.counts[at] as number) + 1;
    this.sum += value;
    this.count += 1;
  }
}

/** `count` bounds from `start`, each `factor` times the one before. */
export function exponentialBounds(start: number, factor: number, count: number): number[] {
  return Array.from({ length: count }, (_unused, i) => start * factor ** i);
}

/** One value with its labels. */
export type Sample<Value = number> = readonly [labels: Labels, value: Value];

/** Collects the metrics of one scrape. */
export class MetricsWriter {
  readonly #families: { readonly name: string; readonly lines: readonly string[] }[] = [];

  /** One metric with its samples; without any it does not show. */
  metric(name: string, type: "counter" | "gauge", help: string, samples: readonly Sample[]): void {
    const lines = samples.map(([labels, value]) => `${name}${labelText(labels)} ${numberText(value)}`);
    this.#add(name, type, help, lines);
  }

  counter(name: string, help: string, value: number): void {
    this.metric(name, "counter", help, [[{}, value]]);
  }

  gauge(name: string, help: string, value: number): void {
    this.metric(name, "gauge", help, [[{}, value]]);
  }

  histogram(name: string, help: string, samples: readonly Sample<Histogram>[]): void {
    const lines: string[] = [];
    for (const [labels, histogram] of samples) {
      let below = 0;
      for (const [i, bound] of histogram.bounds.entries()) {
        below += histogram.counts[i] as number;
        lines.push(`${name}_bucket${labelText(labels, numberText(bound))} ${numberText(below)}`);
      }
      lines.push(`${name}_bucket${labelText(labels, "+Inf")} ${numberText(histogram.count)}`);
      lines.push(`${name}_sum${labelText(labels)} ${numberText(histogram.sum)}`);
      lines.push(`${name}_count${labelText(labels)} ${numberText(histogram.count)}`);
    }
    this.#add(name, "histogram", help, lines);
  }

  #add(name: string, type: string, help: string, lines: readonly string[]): void {
    if (lines.length === 0) return;
    this.#families.push({ name, lines: [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines] });
  }

  /** The page, sorted by name. */
  text(): string {
    const sorted = this.#families.sort((a, b) => (a.name < b.name ? -1 : 1));
    return `${sorted.flatMap(({ lines }) => lines).join("\n")}\n`;
  }
}

/** A number as Go prints it in its shortest form: with an exponent from a million on and below 0.0001. */
export function numberText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return "+Inf";
  const [digits = "", exponent = "0"] = value.toExponential().split("e");
  const power = Number(exponent);
  if (power >= -4 && power < 6) return String(value);
  return `${digits}e${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
}

/** The value of a metric that tells whether something is so. */
export const flag = (condition: boolean): number => (condition ? 1 : 0);
