/** Pasted secrets: recognised by shape or by the name they stand under, refused without repeating them. */
import type { Path, Report } from "../finding.ts";

/** Shapes that are a secret wherever they stand. Sources: the vendors' published key formats. */
const SHAPES: readonly RegExp[] = [
  /\bsk-[A-Za-z0-9_-]{16,}/, // OpenAI, Anthropic and others
  /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/, // AWS access keys
  /\bAIza[A-Za-z0-9_-]{35}/, // Google
  /\bgh[pousr]_[A-Za-z0-9]{30,}/, // GitHub
  /\bgithub_pat_[A-Za-z0-9_]{30,}/,
  /\bhf_[A-Za-z0-9]{30,}/, // Hugging Face
  /\bgsk_[A-Za-z0-9]{30,}/, // Groq
  /\bxox[abprs]-[A-Za-z0-9-]{10,}/, // Slack
  /\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\./, // JSON web tokens
  /-----BEGIN [A-Z ]*PRIVATE KEY-----/,
  /\bBearer\s+[A-Za-z0-9._~+/-]{16,}/i,
];

const SECRET_NAME =
  /(?:^|[_-])(?:key|apikey|secret|token|password|passwd|authorization|credential|cookie)s?$/i;
const MIN_LENGTH = 20;
/** Bits a character: English text and names stay below, random base 16, 36 and 64 at this length above. */
const MIN_ENTROPY = 3.2;

const WHERE =
  "Put it into an environment variable or a file and write `credential: { env: NAME }` or `{ file: PATH }`; " +
  "for callers' keys write their `sha256`. Then replace the secret: it has been in a file.";

/** Of the id by which a caller signs: nothing is asked of AWS with it, and no other place can hold it. */
const CHOOSE = "Choose another id for the caller, such as its name: this looks like one that AWS gave out.";

/** Reports every pasted secret of `document`; returns the dotted paths under which they stand. */
export function reportSecrets(document: unknown, report: Report): readonly Path[] {
  const found: Path[] = [];
  const complain = (path: Path, key: boolean) => {
    found.push(path);
    const message = "This looks like a secret. A policy is read by many and kept for long.";
    if (!key)
      report.error("secret_in_policy", path, message, path.at(-1) === "access_key_id" ? CHOOSE : WHERE);
    else {
      const hiddenKey = String(path.at(-1));
      report.error("secret_in_policy", path.slice(0, -1), message, WHERE, { key: true, hiddenKey });
    }
  };
  visit(document, [], complain);
  return found;
}

/** Whether `text`, standing under a key called `name`, looks like a secret. */
export function looksSecret(text: string, name: string): boolean {
  for (const shape of SHAPES) if (shape.test(text)) return true;
  if (!SECRET_NAME.test(name) || text.length < MIN_LENGTH || /\s/.test(text)) return false;
  if (/^[A-Z][A-Z0-9_]*$/.test(text) || /^(?:\.{0,2}\/|https?:)/.test(text)) return false;
  return entropy(text) >= MIN_ENTROPY;
}

type Complaint = (path: Path, key: boolean) => void;

function visit(value: unknown, path: Path, complain: Complaint): void {
  if (typeof value === "string") {
    const name = path.findLast((segment) => typeof segment === "string");
    if (looksSecret(value, String(name ?? ""))) complain(path, false);
    return;
  }
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) visit(item, [...path, index], complain);
    return;
  }
  if (typeof value !== "object" || value === null) return;
  for (const [key, item] of Object.entries(value)) {
    if (looksSecret(key, "")) complain([...path, key], true);
    else visit(item, [...path, key], complain);
  }
}

/** Shannon entropy of the text's characters, in bits a character. */
function entropy(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length);
  return bits;
}
