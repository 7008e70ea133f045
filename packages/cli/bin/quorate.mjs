#!/bin/sh
":" //; exec node --max-semi-space-size=4 --initial-old-space-size=64 "$0" "$@"
// The line above is a command to the shell, a string and a comment to Node. It makes the young generation 4 MB large,
// not 16: each collection of it holds the loop for less. And it lets the heap and the buffers outside it have 64 MB
// before all of it is marked: by default V8 does that twenty times a second under large values (docs/performance.md).
// Whoever starts this with `node` chooses.
import { launch } from "./launch.mjs";

await launch("quorate");
