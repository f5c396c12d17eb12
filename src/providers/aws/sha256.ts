/** SHA-256 as the signing library wants it: a hash, or an HMAC where a secret is given. */
import { createHash, createHmac, type Hash, type Hmac } from "node:crypto";

type Source = string | ArrayBuffer | ArrayBufferView;

export class Sha256 {
  readonly #secret: Source | undefined;
  #state: Hash | Hmac;

  constructor(secret?: Source) {
    this.#secret = secret;
    this.#state = begin(secret);
  }

  update(chunk: Source): void {
    this.#state.update(typeof chunk === "string" ? chunk : bytesOf(chunk));
  }

  /** The library awaits it. */
  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.#state.digest());
  }

  reset(): void {
    this.#state = begin(this.#secret);
  }
}

function begin(secret: Source | undefined): Hash | Hmac {
  if (secret === undefined) return createHash("sha256");
  return createHmac("sha256", typeof secret === "string" ? secret : bytesOf(secret));
}

function bytesOf(source: ArrayBuffer | ArrayBufferView): Uint8Array {
  return ArrayBuffer.isView(source)
    ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
    : new Uint8Array(source);
}
