/** Metrics in Prometheus' text format 0.0.4. Values are read when a scrape comes; nothing is kept twice. */

type Labels = Readonly<Record<string, string>>;

const escapeLabel = (text: string): string => text.replace(/\\/g, "\\\\").replace(/\n/g, "\\n").replace(/"/g, '\\"');

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}="${escapeLabel(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

/** A histogram with fixed upper bounds. */
export class Histogram {
  readonly bounds: readonly number[];
  readonly counts: number[];
  sum = 0;
  count = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = bounds.map(() => 0);
  }

  observe(value: number): void {
    this.sum += value;
    this.count += 1;
    for (let i = this.bounds.length - 1; i >= 0 && value <= (this.bounds[i] as number); i--) {
      this.counts[i] = (this.counts[i] as number) + 1;
    }
  }
}

/** `count` bounds from `start`, each `factor` times the one before. */
export function exponentialBounds(start: number, factor: number, count: number): number[] {
  return Array.from({ length: count }, (_unused, i) => start * factor ** i);
}

/** Collects the lines of one scrape. */
export class MetricsWriter {
  readonly #lines: string[] = [];

  /** One metric with its samples. */
  metric(name: string, type: "counter" | "gauge", help: string, samples: readonly (readonly [Labels, number])[]): void {
    this.#head(name, type, help);
    for (const [labels, value] of samples) this.#lines.push(`${name}${labelText(labels)} ${number(value)}`);
  }

  counter(name: string, help: string, value: number): void {
    this.metric(name, "counter", help, [[{}, value]]);
  }

  gauge(name: string, help: string, value: number): void {
    this.metric(name, "gauge", help, [[{}, value]]);
  }

  histogram(name: string, help: string, samples: readonly (readonly [Labels, Histogram])[]): void {
    this.#head(name, "histogram", help);
    for (const [labels, histogram] of samples) {
      for (const [i, bound] of histogram.bounds.entries()) {
        const le = labelText({ ...labels, le: number(bound) });
        this.#lines.push(`${name}_bucket${le} ${histogram.counts[i]}`);
      }
      this.#lines.push(`${name}_bucket${labelText({ ...labels, le: "+Inf" })} ${histogram.count}`);
      this.#lines.push(`${name}_sum${labelText(labels)} ${number(histogram.sum)}`);
      this.#lines.push(`${name}_count${labelText(labels)} ${histogram.count}`);
    }
  }

  #head(name: string, type: string, help: string): void {
    this.#lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
  }

  text(): string {
    return `${this.#lines.join("\n")}\n`;
  }
}

function number(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return "+Inf";
  if (Math.abs(value) >= 1e21 || (value !== 0 && Math.abs(value) < 1e-6)) {
    return value.toExponential().replace(/e([+-])(\d)$/, "e$10$2");
  }
  return String(value);
}

/** The value of a metric that tells whether something is so. */
export const flag = (condition: boolean): number => (condition ? 1 : 0);
