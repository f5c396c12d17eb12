/** The pair matrix as Markdown: a table of pairs, and what each number in it means. Owns words and layout. */
import {
  CHAT_WIRES,
  type ChatWire,
  canTell,
  crossAnswer,
  crossRequest,
} from "../test/contract/wire/matrix.ts";
import { ANSWER_FEATURES, REQUEST_FEATURES } from "../test/contract/wire/matrix-features.ts";

/** Where the text stands in a document. */
export const MATRIX_START = "<!-- matrix: written by `bun scripts/write-matrix.ts` -->";
export const MATRIX_END = "<!-- end of matrix -->";

/** What each wire is called in the table's heads. */
const NAMES: Readonly<Record<ChatWire, string>> = {
  "openai-chat": "OpenAI Chat",
  "openai-responses": "OpenAI Responses",
  "anthropic-messages": "Anthropic",
  "bedrock-converse": "Bedrock Converse",
  "bedrock-invoke": "Bedrock Invoke",
  gemini: "Gemini",
  native: "native",
};

/** A feature that does not cross everywhere: its number in the table and why, by provider or caller. */
interface Note {
  readonly number: number;
  readonly feature: string;
  readonly reasons: Map<string, Set<ChatWire>>;
}

class Notes {
  readonly #byFeature = new Map<string, Note>();

  number(feature: string, reason: string, wire: ChatWire): number {
    const known = this.#byFeature.get(feature);
    const note = known ?? { number: this.#byFeature.size + 1, feature, reasons: new Map() };
    this.#byFeature.set(feature, note);
    const wires = note.reasons.get(reason) ?? new Set();
    note.reasons.set(reason, wires.add(wire));
    return note.number;
  }

  lines(): readonly string[] {
    return [...this.#byFeature.values()].map(({ number, feature, reasons }) => {
      const said = [...reasons].map(
        ([reason, wires]) => `${reason} (${[...wires].map((wire) => NAMES[wire]).join(", ")})`,
      );
      return `${number}. **${feature}**: ${said.join("; ")}.`;
    });
  }
}

/** The table and its notes, ready to stand between the two marks. */
export function matrixText(): string {
  const notes = new Notes();
  const rows = CHAT_WIRES.map((caller) => {
    const cells = CHAT_WIRES.map((provider) => cellOf(caller, provider, notes));
    return `| **${NAMES[caller]}** | ${cells.join(" | ")} |`;
  });
  const head = `| caller ↓ provider → | ${CHAT_WIRES.map((wire) => NAMES[wire]).join(" | ")} |`;
  const rule = `|---${"|---".repeat(CHAT_WIRES.length)}|`;
  return [head, rule, ...rows, "", ...notes.lines()].join("\n");
}

function cellOf(caller: ChatWire, provider: ChatWire, notes: Notes): string {
  const numbers = new Set<number>();
  for (const feature of REQUEST_FEATURES) {
    const crossing = crossRequest(feature, caller, provider);
    if (crossing.verdict === "warned") {
      numbers.add(notes.number(feature.name, "left out with a warning", provider));
    } else if (crossing.verdict === "refused") {
      numbers.add(notes.number(feature.name, "refused with what to do instead", provider));
    }
  }
  for (const feature of ANSWER_FEATURES) {
    if (crossAnswer(feature, caller, provider)) continue;
    const mute = canTell(feature, provider) ? caller : provider;
    numbers.add(notes.number(`${feature.name} (answer)`, "no word for it in this dialect", mute));
  }
  return numbers.size === 0 ? "all" : `all but ${[...numbers].sort((a, b) => a - b).join(", ")}`;
}

/** `document` with `text` between its marks. Throws where it has none. */
export function withMatrix(document: string, text: string): string {
  const start = document.indexOf(MATRIX_START);
  const end = document.indexOf(MATRIX_END);
  if (start === -1 || end < start) throw new Error("the document has no place for the matrix");
  return `${document.slice(0, start + MATRIX_START.length)}\n${text}\n${document.slice(end)}`;
}
