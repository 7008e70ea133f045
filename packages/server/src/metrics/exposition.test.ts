import { expect, test } from "vitest";
import { exponentialBounds, Histogram, MetricsWriter, numberText } from "./exposition.ts";

test("a page is sorted by name, its labels too, and what has no samples is left out", () => {
  const w = new MetricsWriter();
  w.metric("b_total", "counter", "Help of b.", [[{ To: "1", From: 'x"\\\n' }, 2]]);
  w.metric("none", "gauge", "Nothing.", []);
  w.gauge("a", "Help of a.", 1.5);
  expect(w.text()).toBe(
    [
      "# HELP a Help of a.",
      "# TYPE a gauge",
      "a 1.5",
      "# HELP b_total Help of b.",
      "# TYPE b_total counter",
      'b_total{From="x\\"\\\\\\n",To="1"} 2\n',
    ].join("\n"),
  );
});

test("a value falls into the buckets of all bounds that it does not exceed", () => {
  const histogram = new Histogram([1, 2, 4]);
  for (const value of [0.5, 1, 1.5, 4, 9]) histogram.observe(value);
  const w = new MetricsWriter();
  w.histogram("h", "H.", [[{ zone: "a" }, histogram]]);
  expect(w.text().split("\n").slice(2, -1)).toEqual([
    'h_bucket{zone="a",le="1"} 2',
    'h_bucket{zone="a",le="2"} 3',
    'h_bucket{zone="a",le="4"} 4',
    'h_bucket{zone="a",le="+Inf"} 5',
    'h_sum{zone="a"} 16',
    'h_count{zone="a"} 5',
  ]);
});

test("bounds grow by their factor", () => {
  expect(exponentialBounds(0.5, 2, 4)).toEqual([0.5, 1, 2, 4]);
});

// As Go's strconv.FormatFloat(value, 'g', -1, 64).
test.each([
  [0, "0"],
  [-1, "-1"],
  [0.1024, "0.1024"],
  [0.0001, "0.0001"],
  [0.00001, "1e-05"],
  [999_999, "999999"],
  [1_000_000, "1e+06"],
  [2_147_483_648, "2.147483648e+09"],
  [2 ** 64, "1.8446744073709552e+19"],
  [Number.POSITIVE_INFINITY, "+Inf"],
])("%d is written %s", (value, text) => {
  expect(numberText(value)).toBe(text);
});
