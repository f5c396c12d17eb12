/** `pointsman policy push`: a policy written into the gateway's own store. */
import { resolve } from "node:path";
import type { Command } from "commander";
import { addExamples, type CommandContext, terminalOf } from "../../context.ts";
import { EXIT } from "../../exit-codes.ts";
import { addGatewayOptions, type GatewayOptions } from "../../options.ts";
import { readText } from "../../read-text.ts";
import { askPolicy, reportRefusal } from "./ask-policy.ts";
import { drawChange } from "./draw-change.ts";
import { changeView } from "./views.ts";

interface PushArguments extends GatewayOptions {
  readonly note?: string;
  readonly dryRun?: boolean;
  readonly supersede?: boolean;
  readonly ifVersion?: string;
  readonly env?: string;
}

export function addPolicyPush(group: Command, context: CommandContext): void {
  const command = group
    .command("push")
    .description("write a policy into the gateway's store and put it in force (--policy store:)")
    .argument("<file>", "the policy")
    .option("--note <text>", "why, for the history")
    .option("--dry-run", "say what would come of it, change nothing")
    .option("--supersede", "put an end to an activation by steps that is under way")
    .option("--if-version <version>", "only when this is still the version in force; exit code 1 otherwise")
    .option("--env <name>", "the file is the overlay of this environment");
  addGatewayOptions(command, "operator");
  addExamples(command, [
    ["pointsman policy push policy.yaml --dry-run", "what would change?"],
    ['pointsman policy push policy.yaml --note "cheaper fallback"', "change it, and say why"],
  ]);
  command.action(async (file: string, options: PushArguments) =>
    context.end(await push(context, command, file, options)),
  );
}

async function push(
  context: CommandContext,
  command: Command,
  file: string,
  options: PushArguments,
): Promise<number> {
  const terminal = terminalOf(context, command);
  const read = await readText(resolve(context.ports.cwd, file), file);
  if (!read.ok) {
    terminal.complain(read.message, read.fix);
    return EXIT.usage;
  }
  const { note, dryRun = false, supersede = false, ifVersion, env } = options;
  const query = [...(dryRun ? ["dry_run=true"] : []), ...(supersede ? ["supersede=true"] : [])].join("&");
  const asked = await askPolicy(
    context,
    options,
    {
      method: "PUT",
      path: query === "" ? "/admin/policy" : `/admin/policy?${query}`,
      headers: ifVersion === undefined ? {} : { "if-match": `"${ifVersion}"` },
      body: {
        text: read.text,
        file,
        ...(env !== undefined && { environment: env }),
        ...(note !== undefined && { note }),
      },
    },
    changeView,
  );
  const sources = [{ file, text: read.text }];
  if (!asked.ok) return reportRefusal(terminal, asked, sources);
  if (terminal.json) {
    terminal.printJson(asked.raw);
    return EXIT.success;
  }
  const { view } = asked;
  terminal.print(drawChange(headline(view.result, view.version), view, terminal, sources));
  return EXIT.success;
}

function headline(result: string, version: string): string {
  if (result === "valid") return `It is valid and would be ${version}; nothing has changed.`;
  if (result === "unchanged") return `${version} is in force already.`;
  return `${version} is in force.`;
}
