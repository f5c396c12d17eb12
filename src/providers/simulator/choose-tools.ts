/** Which tools a simulated model calls: those whose names and descriptions share the caller's words. */
import type { Tool } from "../../core/request.ts";
import type { Question, Utterance } from "./question.ts";

const MAX_PARALLEL = 4;
/** A word of the name weighs twice a word of the description; one of the former, or two of the latter, fit. */
const NAME_WEIGHT = 2;
const FITS = 2;

const IDLE_WORDS: ReadonlySet<string> = new Set(
  (
    "about and any are can could does for from get give has have how into its let make may me need now of our " +
    "please set should show some tell than that the their them then there these they this those use want was " +
    "were what when where which who will with would you your"
  ).split(" "),
);

interface Fit {
  readonly tool: Tool;
  readonly score: number;
  /** The caller's words that the tool's name has. */
  readonly named: readonly string[];
  /** Where the first of them stands in the caller's text. */
  readonly at: number;
}

/**
 * The tools to call, in the order the caller speaks of them; none where text is the better answer. A result
 * that came since the caller spoke is answered in text, unless `tool_choice` insists on a call.
 */
export function chooseTools(question: Question, said: Utterance): readonly Tool[] {
  const { tools, toolChoice } = question;
  if (tools.length === 0 || toolChoice?.type === "none") return [];
  if (toolChoice?.type === "tool") return tools.filter((tool) => tool.name === toolChoice.name).slice(0, 1);
  const insists = toolChoice?.type === "required";
  if (said.toolResults.length > 0 && !insists) return [];
  const fits = rank(tools, said);
  const best = fits[0];
  if (!best) return insists ? tools.slice(0, 1) : [];
  if (question.parallelToolCalls === false) return [best.tool];
  return clearlyFitting(fits).map((fit) => fit.tool);
}

/** Those that fit, best first. */
function rank(tools: readonly Tool[], said: Utterance): readonly Fit[] {
  const text = said.text.toLowerCase();
  const spoken = wordsOf(said.text);
  return tools
    .map((tool) => fitOf(tool, spoken, text))
    .filter((fit) => fit.score >= FITS)
    .sort((a, b) => b.score - a.score);
}

function fitOf(tool: Tool, spoken: ReadonlySet<string>, text: string): Fit {
  const nameWords = wordsOf(tool.name);
  const named = [...nameWords].filter((word) => spoken.has(word));
  const described = [...wordsOf(tool.description ?? "")].filter(
    (word) => spoken.has(word) && !nameWords.has(word),
  );
  const at = Math.min(...named.map((word) => text.indexOf(word)), text.length);
  return { tool, score: named.length * NAME_WEIGHT + described.length, named, at };
}

/** The best, and others that are named by words which no better one has used. */
function clearlyFitting(fits: readonly Fit[]): readonly Fit[] {
  const used = new Set<string>();
  const chosen: Fit[] = [];
  for (const fit of fits) {
    const fresh = fit.named.filter((word) => !used.has(word));
    if (chosen.length > 0 && fresh.length === 0) continue;
    chosen.push(fit);
    for (const word of fresh) used.add(word);
    if (chosen.length === MAX_PARALLEL) break;
  }
  return chosen.sort((a, b) => a.at - b.at);
}

/** Lower-case words of three letters or more, a plural's s dropped; snake_case and camelCase come apart. */
function wordsOf(text: string): ReadonlySet<string> {
  const words = new Set<string>();
  const apart = text.replace(/(\p{Ll})(\p{Lu})/gu, "$1 $2").toLowerCase();
  for (const [word] of apart.matchAll(/[\p{L}\p{N}]{3,}/gu)) {
    if (!IDLE_WORDS.has(word)) words.add(word.length > 3 && /[^s]s$/.test(word) ? word.slice(0, -1) : word);
  }
  return words;
}
