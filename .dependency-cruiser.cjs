// The rooms of the house, checked: imports point down only, a package is entered by its front door, nothing runs in
// circles. scripts/layers.mjs runs this and proves on planted mistakes that it still sees them.
"use strict";

/** For each package the packages it may import. */
const below = {};
const rooms = [
  ["base"],
  ["api"],
  ["raft", "mvcc"],
  ["state", "wal", "backend"],
  ["member", "platform"],
  ["grpc", "peer", "client"],
  ["server", "proxy"],
  ["cli", "console", "sim"],
];
const lower = [];
for (const room of rooms) {
  for (const name of room) below[name] = [...lower];
  lower.push(...room);
}
below.raft = ["base"]; // The consensus core stands alone.
below.grpc = ["base"]; // The engine knows nothing of etcd.
below.client = ["base", "api", "grpc"]; // Published: the engine and the messages, nothing of the server.
below.console = ["base"]; // Runs in a browser and talks JSON.

/** Everything up to here compiles without Node. */
const core = "^packages/(base|api|raft|mvcc|state|wal|backend|member)/";
/** Files that only tests and benchmarks load. */
const proof = "\\.(test|bench)\\.ts$|/(testing|conformance|test|testdata|fixtures)/";
/** Front doors: the entry point, the declared subpaths for tests, and the version, which loads nothing else. */
const doors = "^packages/([^/]+/(src/index\\.ts|(src/)?(testing|conformance)/.*)|server/src/flags/version\\.ts)$";

/** @type {import("dependency-cruiser").IConfiguration} */
module.exports = {
  forbidden: [
    ...Object.entries(below).map(([name, allowed]) => ({
      name: `${name}-imports-down`,
      comment: `${name} may import ${allowed.length > 0 ? allowed.join(", ") : "no other package"}`,
      severity: "error",
      from: { path: `^packages/${name}/`, pathNot: proof },
      to: { path: "^packages/", pathNot: `^packages/(${[name, ...allowed].join("|")})/` },
    })),
    {
      name: "known-room",
      comment: "a package stands in no room yet: name it in .dependency-cruiser.cjs",
      severity: "error",
      from: { path: "^packages/", pathNot: `^packages/(${Object.keys(below).join("|")})/` },
      to: {},
    },
    {
      name: "front-door",
      comment: "reach another package through its entry point, or through ./testing and ./conformance from tests",
      severity: "error",
      from: { path: "^packages/([^/]+)/" },
      to: { path: "^packages/", pathNot: ["^packages/$1/", doors] },
    },
    {
      name: "front-door-for-tests",
      comment: "tests and scripts reach a package through its entry point too",
      severity: "error",
      from: { path: "^(tests|scripts)/" },
      to: { path: "^packages/", pathNot: doors },
    },
    {
      name: "proof-stays-outside",
      comment: "what runs in production does not import what only tests load",
      severity: "error",
      from: { path: "^packages/", pathNot: proof },
      to: { path: proof },
    },
    {
      name: "packages-stand-alone",
      comment: "packages do not import from tests or scripts",
      severity: "error",
      from: { path: "^packages/", pathNot: proof },
      to: { path: "^(tests|scripts)/" },
    },
    {
      name: "core-without-node",
      comment: "the core takes clock, randomness, disk and network as ports",
      severity: "error",
      from: { path: core, pathNot: proof },
      to: { dependencyTypes: ["core"] },
    },
    {
      name: "no-foreign-code",
      comment: "a runtime dependency needs a decision record; name it here with its number",
      severity: "error",
      from: { path: "^packages/[^/]+/src/", pathNot: proof },
      to: { path: "node_modules/" },
    },
    {
      name: "no-circle",
      comment: "modules import each other in a circle",
      severity: "error",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    {
      name: "resolvable",
      comment: "the import leads nowhere",
      severity: "error",
      from: {},
      to: { couldNotResolve: true, pathNot: "/dist/" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "(^|/)(dist|\\.peers|fixtures|testdata)/|^tests/interop/peers/" },
    tsPreCompilationDeps: true,
    combinedDependencies: true,
    moduleSystems: ["es6"],
    parser: "tsc",
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "default", "types"],
      extensions: [".ts", ".mjs", ".js", ".json"],
    },
  },
};
