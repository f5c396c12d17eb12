/** `pointsman policy activate`: a version that takes over by steps, is completed, or is given up. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { Command } from "commander";
import { addExamples, type CommandContext, terminalOf } from "../../context.ts";
import { EXIT } from "../../exit-codes.ts";
import { addGatewayOptions, type GatewayOptions } from "../../options.ts";
import { readText } from "../../read-text.ts";
import { printable, type Terminal } from "../../terminal.ts";
import { askPolicy, reportRefusal } from "./ask-policy.ts";
import { drawChange } from "./draw-change.ts";
import { drawStaging } from "./draw-staging.ts";
import { stagedView } from "./views.ts";

interface ActivateArguments extends GatewayOptions {
  readonly in?: string;
  readonly at?: string;
  readonly linear?: string;
  readonly now?: boolean;
  readonly abort?: boolean;
  readonly note?: string;
  readonly env?: string;
}

const PATH = "/admin/policy/activations";

export function addPolicyActivate(group: Command, context: CommandContext): void {
  const command = group
    .command("activate")
    .description("let a version take over by steps: some callers first, always the same ones, then all")
    .argument("[what]", "a version, as `policy history` shows it, or a file")
    .option("--in <duration>", "how long until the first step (default: it is taken now)")
    .option(
      "--at <time>",
      "instead: when it is, a date and a time with its zone, such as 2026-01-31T09:00:00Z",
    )
    .option("--linear <steps>", "percent that each step adds, and the time between two: 20%, or 20%/2m")
    .option("--now", "all of it at once; alone: the remaining steps of what is taking over")
    .option("--abort", "give all traffic back to the version before, at once")
    .option("--note <text>", "why, for the history")
    .option("--env <name>", "the file is the overlay of this environment");
  addGatewayOptions(command, "operator");
  addExamples(command, [
    ["pointsman policy activate new.yaml --linear 20%", "a fifth of the callers more every two minutes"],
    ["pointsman policy activate example@0123456789ab --in 10m --linear 25%/5m", "a version, later"],
    ["pointsman policy activate --now", "it looks good: everybody"],
    ["pointsman policy activate --abort", "it does not: back, at once"],
  ]);
  command.action(async (what: string | undefined, options: ActivateArguments) =>
    context.end(await activate(context, command, what, options)),
  );
}

async function activate(
  context: CommandContext,
  command: Command,
  what: string | undefined,
  options: ActivateArguments,
): Promise<number> {
  const terminal = terminalOf(context, command);
  const misuse = misuseOf(what, options);
  if (misuse !== null) {
    terminal.complain(misuse, "See `pointsman policy activate --help`.");
    return EXIT.usage;
  }
  const note = options.note === undefined ? {} : { note: options.note };
  if (what === undefined) {
    const path = `${PATH}/${options.abort ? "abort" : "complete"}`;
    return ask(context, terminal, options, path, note, []);
  }
  const { in: later, at, linear, env } = options;
  const schedule = {
    ...(later !== undefined && { in: later }),
    ...(at !== undefined && { at }),
    ...(linear !== undefined && { linear }),
  };
  const file = resolve(context.ports.cwd, what);
  if (!existsSync(file) && isVersion(what)) {
    return ask(context, terminal, options, PATH, { version: what, ...schedule, ...note }, []);
  }
  const read = await readText(file, what);
  if (!read.ok) {
    terminal.complain(read.message, read.fix);
    return EXIT.usage;
  }
  const { text } = read;
  const body = { text, file: what, ...(env !== undefined && { environment: env }), ...schedule, ...note };
  return ask(context, terminal, options, PATH, body, [{ file: what, text }]);
}

function misuseOf(what: string | undefined, options: ActivateArguments): string | null {
  const { now, abort, in: later, at, linear } = options;
  const scheduled = later !== undefined || at !== undefined || linear !== undefined;
  if (now && abort) return "--now and --abort are opposites.";
  if (scheduled && (now || abort)) return "A schedule goes with neither --now nor --abort.";
  if (what === undefined && !now && !abort) return "Say what: a version or a file; or --now, or --abort.";
  if (what !== undefined && abort) return "--abort gives up what is taking over, whatever it is.";
  return null;
}

/** `name@digits`, as the history shows it. */
function isVersion(what: string): boolean {
  return /^[^/\\]+@[0-9a-f]{12}$/.test(what);
}

async function ask(
  context: CommandContext,
  terminal: Terminal,
  options: ActivateArguments,
  path: string,
  body: Readonly<Record<string, string>>,
  sources: readonly { readonly file: string; readonly text: string }[],
): Promise<number> {
  const asked = await askPolicy(context, options, { path, body }, stagedView);
  if (!asked.ok) return reportRefusal(terminal, asked, sources);
  if (terminal.json) {
    terminal.printJson(asked.raw);
    return EXIT.success;
  }
  const { view } = asked;
  if (options.abort) {
    // A part of the callers had it at the most: nothing of the policy in force has changed.
    const { version, previousVersion } = view;
    terminal.print(printable(`${previousVersion} is given up; all requests are ${version}'s.`));
    return EXIT.success;
  }
  const head = view.staging ? `${view.version} takes over by steps.` : `${view.version} is in force.`;
  terminal.print(drawChange(head, view, terminal, sources));
  if (view.staging) terminal.print(drawStaging(view.staging).join("\n"));
  return EXIT.success;
}
