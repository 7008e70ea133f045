import { expect, test } from "vitest";
import { MetricsWriter } from "./exposition.ts";
import { RequestMetrics } from "./requests.ts";

function linesOf(metrics: RequestMetrics, start: string): string[] {
  const w = new MetricsWriter();
  metrics.write(w);
  return w
    .text()
    .split("\n")
    .filter((line) => line.startsWith(start));
}

test("requests are counted by their client's version, in any order", () => {
  const metrics = new RequestMetrics();
  for (const version of ["3.6", "3.6", undefined, "3.6", "\xc3\xa9", undefined]) metrics.onUnary(version);
  expect(linesOf(metrics, "etcd_server_client_requests_total")).toEqual([
    'etcd_server_client_requests_total{client_api_version="3.6",type="unary"} 3',
    'etcd_server_client_requests_total{client_api_version="unknown",type="unary"} 2',
    'etcd_server_client_requests_total{client_api_version="é",type="unary"} 1',
  ]);
});

test("versions that somebody makes up take no more than their share of memory, and no request is lost", () => {
  const metrics = new RequestMetrics();
  for (let i = 0; i < 1000; i++) metrics.onUnary(`made-up-${i}`);
  metrics.onUnary("made-up-0");
  const lines = linesOf(metrics, "etcd_server_client_requests_total");
  expect(lines.length).toBeLessThanOrEqual(101);
  expect(lines.reduce((sum, line) => sum + Number(line.split(" ")[1]), 0)).toBe(1001);
  expect(lines).toContain('etcd_server_client_requests_total{client_api_version="made-up-0",type="unary"} 2');
});

test("promotions are counted, refused ones by reason", () => {
  const metrics = new RequestMetrics();
  for (const refusal of ["too early", undefined, "too early"]) metrics.onPromotion(refusal);
  expect(linesOf(metrics, "etcd_server_learner_promote")).toEqual([
    'etcd_server_learner_promote_failures{Reason="too early"} 2',
    "etcd_server_learner_promote_successes 1",
  ]);
});

test("ranges are timed apart by how they ended, and shown once there is one", () => {
  const metrics = new RequestMetrics();
  expect(linesOf(metrics, "etcd_server_range_duration_seconds")).toEqual([]);
  metrics.onRange(0.05, true);
  metrics.onRange(3, false);
  const lines = linesOf(metrics, "etcd_server_range_duration_seconds");
  expect(lines).toContain('etcd_server_range_duration_seconds_bucket{success="true",le="0.0001"} 1');
  expect(lines).toContain('etcd_server_range_duration_seconds_bucket{success="false",le="0.0016"} 0');
  expect(lines).toContain('etcd_server_range_duration_seconds_bucket{success="false",le="0.0032"} 1');
});
