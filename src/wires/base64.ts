/** Base64 of text and bytes, with what every runtime of the Web platform has. Owns nothing else. */

const CHUNK = 0x8000;
const utf8 = new TextEncoder();

/** Standard base64 of bytes, or of text as UTF-8. */
export function encodeBase64(data: Uint8Array | string): string {
  const bytes: Uint8Array & { toBase64?(): string } = typeof data === "string" ? utf8.encode(data) : data;
  // ECMAScript 2026; forty times as fast where the runtime has it.
  if (bytes.toBase64) return bytes.toBase64();
  let binary = "";
  for (let at = 0; at < bytes.length; at += CHUNK) {
    binary += String.fromCharCode(...bytes.subarray(at, at + CHUNK));
  }
  return btoa(binary);
}

/** The bytes, or null where `text` is not base64. */
export function decodeBase64(text: string): Uint8Array<ArrayBuffer> | null {
  let binary: string;
  try {
    binary = atob(text);
  } catch {
    return null;
  }
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < binary.length; at++) bytes[at] = binary.charCodeAt(at);
  return bytes;
}
