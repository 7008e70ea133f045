import { serverVersionText } from "../version.ts";

/** Modules are loaded by what was asked for: a question for the version must not wait for the server's. */
async function main(args: readonly string[]): Promise<number> {
  const [first] = args;
  if (args.length === 1 && (first === "--version" || first === "-version")) {
    process.stdout.write(serverVersionText(process.version, process.platform, process.arch));
    return 0;
  }
  if (first === "dev") return (await import("../dev/main.ts")).runDev(args.slice(1));
  if (first === "gateway" || first === "grpc-proxy") {
    process.stderr.write(`Error: quorate ${first} is not offered; etcd ${first} works in front of a Quorate cluster\n`);
    return 1;
  }
  return (await import("@quorate/server")).runServer(args, process.env);
}

const code = await main(process.argv.slice(2));
process.stdout.write("", () => process.stderr.write("", () => process.exit(code)));
