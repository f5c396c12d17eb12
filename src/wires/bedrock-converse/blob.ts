/**
 * Encrypted reasoning on this wire: a blob, and thus base64. Owns what other wires' text becomes, and that it becomes
 * text again when a caller hands it back.
 */
import { decodeBase64, encodeBase64 } from "../base64.ts";

/** What other wires put before reasoning that only their providers can read, with the colon that no base64 has. */
const MARK = /^[a-z]+(?:-[a-z]+)*:/;
/** Base64 of more bytes than any mark has. */
const HEAD = 64;

/** Base64 stays as it is; any other text is encoded. */
export function asBlob(redacted: string): string {
  return decodeBase64(redacted) === null ? encodeBase64(redacted) : redacted;
}

/** What `asBlob` was given, where that has a mark; what a model of this wire encrypted stays as it is. */
export function fromBlob(blob: string): string {
  if (!MARK.test(textOf(blob.slice(0, HEAD)))) return blob;
  return textOf(blob);
}

/** Empty where `base64` is none. */
function textOf(base64: string): string {
  const bytes = decodeBase64(base64);
  return bytes === null ? "" : new TextDecoder().decode(bytes);
}
