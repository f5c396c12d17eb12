/** `pointsman policy diff`: what differs between two policies, in words. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { Command } from "commander";
import { CURRENT } from "../../../control/policy/history/compare.ts";
import { readPolicyFiles } from "../../../control/policy/sources/policy-files.ts";
import type { PolicyText } from "../../../policy/reading/load.ts";
import { addExamples, type CommandContext, terminalOf } from "../../context.ts";
import { EXIT } from "../../exit-codes.ts";
import { addGatewayOptions, type GatewayOptions } from "../../options.ts";
import { unreadable } from "../../read-text.ts";
import { printable } from "../../terminal.ts";
import { askPolicy, reportRefusal } from "./ask-policy.ts";
import { diffView } from "./views.ts";

interface DiffArguments extends GatewayOptions {
  readonly env?: string;
  readonly exitCode?: boolean;
}

export function addPolicyDiff(group: Command, context: CommandContext): void {
  const command = group
    .command("diff")
    .description("what differs between two policies, each a version, a file or `current`")
    .argument("<from>", "a version, a file or `current`")
    .argument("[to]", "the same", CURRENT)
    .option("--env <name>", "files with the overlay of an environment")
    .option("--exit-code", "exit code 1 where they differ");
  addGatewayOptions(command);
  addExamples(command, [
    ["pointsman policy diff current policy.yaml", "what would my edit change?"],
    ["pointsman policy diff example@0123456789ab", "what has changed since that version?"],
  ]);
  command.action(async (from: string, to: string, options: DiffArguments) =>
    context.end(await diff(context, command, [from, to], options)),
  );
}

async function diff(
  context: CommandContext,
  command: Command,
  names: readonly [string, string],
  options: DiffArguments,
): Promise<number> {
  const terminal = terminalOf(context, command);
  const sides: (string | { readonly texts: readonly PolicyText[] })[] = [];
  for (const name of names) {
    try {
      sides.push(await sideOf(context.ports.cwd, name, options.env ?? null));
    } catch (thrown) {
      const { message, fix } = unreadable(thrown, name);
      terminal.complain(message, fix);
      return EXIT.usage;
    }
  }
  const [from, to] = sides;
  const asked = await askPolicy(
    context,
    options,
    { path: "/admin/policy/diff", body: { from, to } },
    diffView,
  );
  if (!asked.ok) {
    const texts = sides.flatMap((side) => (typeof side === "object" ? side.texts : []));
    return reportRefusal(terminal, asked, texts);
  }
  const { changes } = asked.view;
  if (terminal.json) terminal.printJson(asked.raw);
  else terminal.print(changes.length === 0 ? "They do not differ." : changes.map(printable).join("\n"));
  return options.exitCode === true && changes.length > 0 ? EXIT.notRight : EXIT.success;
}

/** What is a file here is meant as one; whether anything else is a version, the gateway knows. */
async function sideOf(cwd: string, name: string, environment: string | null) {
  const path = resolve(cwd, name);
  const looksLikePath = /[/\\]|\.ya?ml$/.test(name);
  if (name === CURRENT || (!existsSync(path) && !looksLikePath)) return name;
  const sources = await readPolicyFiles(path, environment);
  return { texts: sources.map(({ file, text }) => ({ file: file === path ? name : file, text })) };
}
