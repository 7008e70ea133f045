/** A server under a fake clock, and raw peers connected to it. */
import { GrpcServer } from "../server/server.ts";
import type { GrpcServerOptions } from "../server/options.ts";
import { FakeClock } from "./fake-clock.ts";
import { FakeSocket } from "./fake-socket.ts";
import { RawPeer } from "./raw-peer.ts";

export class Rig {
  readonly clock: FakeClock = new FakeClock();
  readonly server: GrpcServer;
  /** What was told to the observer, one line each. */
  readonly log: string[] = [];

  constructor(options: GrpcServerOptions = {}) {
    const observer = {
      connectionFailed: (_peer: unknown, code: number, reason: string) => this.log.push(`failed ${code} ${reason}`),
      connectionClosed: () => this.log.push("closed"),
      callStarted: (path: string) => this.log.push(`started ${path}`),
      callEnded: (path: string, _streaming: boolean, code: number) => this.log.push(`ended ${path} ${code}`),
    };
    this.server = new GrpcServer({ clock: this.clock, observer, ...options });
    this.server.unary("/test.Echo/Say", (call) => call.respond(call.message));
  }

  /** A connection that has said nothing yet. */
  connect(): RawPeer {
    const socket = new FakeSocket();
    this.server.attach(socket.asSocket());
    return new RawPeer(socket, this.clock);
  }

  /** A connection with the handshake behind it. */
  open(...settings: (readonly [number, number])[]): RawPeer {
    return this.connect().greet(...settings);
  }
}
