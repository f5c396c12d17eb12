/** Values of the wrong type that say plainly what was meant. Owns how each is written instead; judges no policy. */

const NUMBER = /^[+-]?\d+(?:\.\d+)?$/;
const GROUPED = /^\d{1,3}(?:[_,' ]\d{3})+$/;
const SCALED = /^(\d+(?:\.\d+)?)\s*([kKmM])$/;
const TRUTH: Readonly<Record<string, boolean>> = {
  true: true,
  yes: true,
  on: true,
  false: false,
  no: false,
  off: false,
};

/**
 * A sentence, or empty where nothing is plain. `source`: as it stands in the text, since `1.10` is 1.1 once it is read;
 * null: not known.
 */
export function howToWrite(value: unknown, expected: string, source: string | null): string {
  if (expected === "string" && (typeof value === "number" || typeof value === "boolean")) {
    return `Quote it: "${source ?? value}".`;
  }
  if (typeof value !== "string" || value.length > 32) return "";
  const text = value.trim();
  if (expected === "boolean") return asTruth(text.toLowerCase());
  return expected === "number" || expected === "int" ? asNumber(text) : "";
}

function asTruth(word: string): string {
  const meant = Object.hasOwn(TRUTH, word) ? TRUTH[word] : undefined;
  if (meant === undefined) return "";
  // Without quotes it would have been read as what it is.
  return word === String(meant) ? `Write ${meant}, in small letters and without quotes.` : `Write ${meant}.`;
}

function asNumber(text: string): string {
  if (NUMBER.test(text)) return `Write ${text.replace("+", "")}, without quotes.`;
  if (GROUPED.test(text)) return `Write ${text.replaceAll(/\D/g, "")}: digits alone.`;
  const [, digits, scale] = SCALED.exec(text) ?? [];
  if (digits === undefined || scale === undefined) return "";
  const thousands = scale.toLowerCase() === "k" ? 1000 : 1_000_000;
  return `Write the number out: ${Math.round(Number(digits) * thousands)}, not ${text}.`;
}
