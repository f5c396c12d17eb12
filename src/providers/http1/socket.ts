/** A connected byte stream, as a port. Owns the shape; the runtime's sockets are behind it. */

export interface Origin {
  readonly secure: boolean;
  /** A name or an address, without brackets. */
  readonly host: string;
  readonly port: number;
}

export interface SocketEvents {
  /** The bytes are the listener's to keep. */
  onData(bytes: Uint8Array): void;
  /** Once, whoever closed it; nothing comes after. `error` where it did not end in peace. */
  onClose(error?: unknown): void;
}

export interface Socket {
  /**
   * A question: in order, and as fast as the other side takes it, what does not fit is kept until it does. What the
   * other side said before the question left is no answer to it: the socket ends with `ECONNRESET` then.
   */
  write(text: string): void;
  /** Whether all that was written has left. */
  readonly flushed: boolean;
  pause(): void;
  resume(): void;
  /** Ends it in peace, where nothing is under way: servers count resets as their clients' errors. No event follows. */
  close(): void;
  /** Drops it and what was not sent yet; no event follows. */
  destroy(): void;
}

/** A socket that is being connected. */
export interface Opening {
  /**
   * Resolves when bytes may be sent: connected, and where it is `secure` with a certificate that is trusted and
   * meant for this host. Rejects with an error that has a `code` otherwise.
   */
  readonly socket: Promise<Socket>;
  /** It is wanted no more: closed as soon as the system lets go of it, and no event follows. */
  giveUp(): void;
}

export type OpenSocket = (origin: Origin, events: SocketEvents) => Opening;
