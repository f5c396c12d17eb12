/** `pointsman route score`: how hard a prompt counts as, and why. Owns the drawing; the score is the policy's. */
import type { Command } from "commander";
import { type ComplexityAccount, explainComplexity } from "../../../policy/estimates/complexity.ts";
import { languageOf } from "../../../policy/estimates/language.ts";
import { addExamples, type CommandContext, terminalOf } from "../../context.ts";
import { EXIT } from "../../exit-codes.ts";
import { readStdin } from "../../read-text.ts";
import type { Cell, Terminal } from "../../terminal.ts";
import { bodyOfText, requestOf } from "./prompts.ts";

/** Less than this adds nothing that one would see in the score. */
const VISIBLE = 0.005;

export function addRouteScore(group: Command, context: CommandContext): void {
  const command = group
    .command("score")
    .description("show the complexity and the language of a prompt, and the features that made the score")
    .argument("<prompt>", "what the user says; - reads standard input");
  addExamples(command, [
    ['pointsman route score "Prove that there are infinitely many primes."', "why is this hard?"],
    ["pointsman route score - --json < prompt.txt", "a prompt from a file, for a script"],
  ]);
  command.action(async (prompt: string) => context.end(await score(context, command, prompt)));
}

async function score(context: CommandContext, command: Command, prompt: string): Promise<number> {
  const { ports } = context;
  const terminal = terminalOf(context, command);
  const text = prompt === "-" ? await readStdin(ports) : prompt;
  const parsed = requestOf(bodyOfText(text));
  if (!parsed.ok) {
    terminal.complain(parsed.message, "Give the text of a prompt.");
    return EXIT.usage;
  }
  const account = explainComplexity(parsed.request);
  const language = languageOf(parsed.request);
  if (terminal.json) terminal.printJson({ language, ...account });
  else terminal.print(draw(account, language, terminal));
  return EXIT.success;
}

function draw(account: ComplexityAccount, language: string, terminal: Terminal): string {
  const { version, score: complexity, bias, contributions } = account;
  const rows = contributions
    .filter(({ contribution }) => Math.abs(contribution) >= VISIBLE)
    .map(({ feature, value, weight, contribution }): Cell[] => [
      feature,
      value.toFixed(2),
      String(weight),
      { text: signed(contribution), style: contribution > 0 ? "red" : "green" },
    ]);
  const columns = [
    { title: "feature" },
    { title: "value", align: "right" as const },
    { title: "weight", align: "right" as const },
    { title: "adds", align: "right" as const },
  ];
  return [
    `Complexity  ${terminal.paint("bold", String(complexity))} (version ${version})`,
    `Language    ${language}`,
    "",
    terminal.table(columns, [...rows, [{ text: "base", style: "dim" }, "", "", signed(bias)]]),
  ].join("\n");
}

function signed(value: number): string {
  return value > 0 ? `+${value.toFixed(2)}` : value.toFixed(2);
}
