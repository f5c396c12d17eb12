/** Encrypted reasoning on this wire: a blob, and thus base64. Owns what other wires' text becomes. */
import { decodeBase64, encodeBase64 } from "../base64.ts";

/** Base64 stays as it is; any other text is encoded. */
export function asBlob(redacted: string): string {
  return decodeBase64(redacted) === null ? encodeBase64(redacted) : redacted;
}
