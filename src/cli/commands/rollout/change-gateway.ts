/** A rollout or a model alias changed in a running gateway, which does it: in its store, or as an order over a text from elsewhere. */
import { z } from "zod";
import type { CommandContext } from "../../context.ts";
import { EXIT } from "../../exit-codes.ts";
import type { Terminal } from "../../terminal.ts";
import { printable } from "../../terminal.ts";
import { askPolicy, reportRefusal } from "../policy/ask-policy.ts";
import type { PolicyOptions } from "./verb.ts";

/** A verb as the gateway takes it. */
export type GatewayVerb =
  | {
      readonly rollout: string;
      readonly verb: "set" | "promote" | "abort" | "release";
      readonly body: Readonly<Record<string, unknown>>;
    }
  | {
      readonly alias: string;
      readonly verb: "set" | "release";
      readonly body: Readonly<Record<string, unknown>>;
    };

const changedView = z.object({
  result: z.string(),
  where: z.string(),
  file: z.string(),
  changes: z.array(z.string()),
  summary: z.array(z.string()),
  version: z.string(),
});

/** The exit code. */
export async function changeGateway(
  context: CommandContext,
  terminal: Terminal,
  { dryRun = false, note, ...options }: PolicyOptions,
  there: GatewayVerb,
): Promise<number> {
  const { verb, body } = there;
  const [section, name, release] =
    "alias" in there
      ? ["model-aliases", there.alias, "policy alias release"]
      : ["rollouts", there.rollout, "rollout release"];
  const path = `/admin/${section}/${encodeURIComponent(name)}/${verb}`;
  const sent = { ...body, ...(note !== undefined && { note }), ...(dryRun && { dry_run: true }) };
  const asked = await askPolicy(context, options, { path, body: sent }, changedView);
  if (!asked.ok) return reportRefusal(terminal, asked, []);
  if (terminal.json) {
    terminal.printJson(asked.raw);
    return EXIT.success;
  }
  const { result, where, file, changes, version } = asked.view;
  const heads: Readonly<Record<string, string>> = {
    applied: headOf(where, file, verb),
    valid: where === "store" ? `Would change ${file}:` : `Would say over ${file}, which stays as it is:`,
    unchanged: `Nothing to change: ${name} is so already.`,
  };
  const lines = [heads[result] ?? result, ...changes.map((change) => `  ${change}`)];
  if (result === "applied") lines.push(`${version} is in force.`);
  if (result === "applied" && where !== "store" && verb !== "release") {
    const what = "alias" in there ? "alias" : "rollout";
    lines.push(`It holds until the text of this ${what} changes, or \`pointsman ${release}\`.`);
  }
  terminal.print(lines.map(printable).join("\n"));
  return EXIT.success;
}

function headOf(where: string, file: string, verb: string): string {
  if (where === "store") return `Changed ${file}:`;
  return verb === "release"
    ? `Took the order back; ${file} counts again:`
    : `Laid an order over ${file}, which stays as it is:`;
}
