/** Who is at the other end of a connection. */
import type { Socket } from "node:net";
import { type PeerCertificate, TLSSocket } from "node:tls";

export class Peer {
  readonly #socket: Socket;
  readonly address: string;
  readonly port: number;
  #certificate: PeerCertificate | undefined | null = null;

  constructor(socket: Socket) {
    this.#socket = socket;
    // Asked for at once: a closed socket no longer knows.
    this.address = socket.remoteAddress ?? "";
    this.port = socket.remotePort ?? 0;
  }

  get isTls(): boolean {
    return this.#socket instanceof TLSSocket;
  }

  /** True when the client showed a certificate that the listener's authorities vouch for. */
  get isVerified(): boolean {
    return this.#socket instanceof TLSSocket && this.#socket.authorized;
  }

  /** The client's certificate, undefined when it showed none. */
  get certificate(): PeerCertificate | undefined {
    if (this.#certificate === null) {
      const shown = this.#socket instanceof TLSSocket ? this.#socket.getPeerCertificate() : undefined;
      this.#certificate = shown === undefined || Object.keys(shown).length === 0 ? undefined : shown;
    }
    return this.#certificate;
  }
}
