/** `pointsman policy show`: the texts of a version, as they were put in force. */
import type { Command } from "commander";
import type { z } from "zod";
import { addExamples, type CommandContext, terminalOf } from "../../context.ts";
import { EXIT } from "../../exit-codes.ts";
import { instant } from "../../format.ts";
import { addGatewayOptions, type GatewayOptions } from "../../options.ts";
import { printable, type Terminal } from "../../terminal.ts";
import { askPolicy, reportRefusal } from "./ask-policy.ts";
import { versionView } from "./views.ts";

export function addPolicyShow(group: Command, context: CommandContext): void {
  const command = group
    .command("show")
    .description("the texts of a version, each after a line that names it")
    .argument("<version>", "as `policy history` shows it");
  addGatewayOptions(command);
  addExamples(command, [
    ["pointsman policy show example@0123456789ab", "what was in force then"],
    [
      "pointsman policy show example@0123456789ab --json | jq -r '.texts[0].text' > policy.yaml",
      "the base alone, to a file",
    ],
  ]);
  command.action(async (version: string, options: GatewayOptions) =>
    context.end(await show(context, command, version, options)),
  );
}

async function show(
  context: CommandContext,
  command: Command,
  version: string,
  options: GatewayOptions,
): Promise<number> {
  const terminal = terminalOf(context, command);
  const path = `/admin/policy/versions/${encodeURIComponent(version)}`;
  const asked = await askPolicy(context, options, { path }, versionView);
  if (!asked.ok && asked.status === 404) {
    terminal.complain(asked.message, "See `pointsman policy history`.");
    return asked.exitCode;
  }
  if (!asked.ok) return reportRefusal(terminal, asked, []);
  if (terminal.json) terminal.printJson(asked.raw);
  else terminal.print(drawVersion(asked.view, terminal));
  return EXIT.success;
}

/** Headings are comments: what is printed is YAML again. */
function drawVersion(
  { version, activation, texts }: z.output<typeof versionView>,
  terminal: Terminal,
): string {
  const { at, actor, note } = activation;
  const why = note ? `: ${note}` : "";
  const lines = [
    terminal.paint("dim", printable(`# ${version}, since ${instant(at)} UTC, by ${actor}${why}`)),
  ];
  for (const { file, text } of texts) {
    lines.push(terminal.paint("dim", printable(`# ${file}`)));
    lines.push(
      ...text
        .trimEnd()
        .split(/\r\n|\r|\n/)
        .map(asLine),
    );
  }
  return lines.join("\n");
}

/** A tab is the one control character that a line of text may keep. */
function asLine(line: string): string {
  return line.split("\t").map(printable).join("\t");
}
