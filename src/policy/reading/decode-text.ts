/** Bytes to the text of a policy. Owns where bytes that are no UTF-8 begin; a byte order mark is dropped. */

const strict = new TextDecoder("utf-8", { fatal: true });

export type DecodedText =
  | { readonly ok: true; readonly text: string }
  /** `text` has replacement characters; `invalidAt` is the first of them, in UTF-16 code units. */
  | { readonly ok: false; readonly text: string; readonly invalidAt: number };

export function decodePolicy(bytes: Uint8Array): DecodedText {
  try {
    return { ok: true, text: strict.decode(bytes) };
  } catch {
    const text = new TextDecoder().decode(bytes);
    return { ok: false, text, invalidAt: firstInvalid(bytes) };
  }
}

/** By halving: a prefix that is valid so far decodes as a stream, one that is not does not. */
function firstInvalid(bytes: Uint8Array): number {
  let valid = 0;
  let invalid = bytes.length;
  while (invalid - valid > 1) {
    const middle = (valid + invalid) >>> 1;
    if (isValidSoFar(bytes.subarray(0, middle))) valid = middle;
    else invalid = middle;
  }
  return new TextDecoder().decode(bytes.subarray(0, valid), { stream: true }).length;
}

function isValidSoFar(bytes: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}
