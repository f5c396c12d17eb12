/**
 * What the verbs of rollouts and model aliases share: their options, and how a change is told. Changes nothing itself.
 */
import type { Command } from "commander";
import { aliasOfSubject } from "../../../control/alias/open-alias.ts";
import type { PartChange } from "../../../control/policy/edit/open-part.ts";
import type { Fault, Result } from "../../../core/faults.ts";
import type { PolicyText } from "../../../policy/reading/load.ts";
import { EXIT } from "../../exit-codes.ts";
import { DEFAULT_POLICY } from "../../local-policy.ts";
import { addGatewayOptions, type GatewayOptions } from "../../options.ts";
import type { Terminal } from "../../terminal.ts";

export interface PolicyOptions extends GatewayOptions {
  readonly policy?: string;
  readonly env?: string;
  readonly note?: string;
  readonly dryRun?: boolean;
}

export type Verb = (sources: readonly PolicyText[]) => Result<PartChange>;

export function addPolicyOptions(command: Command): Command {
  command
    .option(
      "--policy <file>",
      `the policy's file here (default: ${DEFAULT_POLICY}, else the gateway is asked)`,
    )
    .option("--env <name>", "with the overlay of an environment")
    .option("--note <text>", "why, for the history of a gateway")
    .option("--dry-run", "say what would change, change nothing");
  return addGatewayOptions(command, "operator");
}

const FIXES: Readonly<Record<string, string>> = {
  unknown_rollout: "`pointsman rollout list` shows them.",
  unknown_arm: "`pointsman rollout list` shows them.",
  unknown_alias: "`pointsman policy alias list` shows those of a gateway.",
  note_needed: 'Add --note "…".',
};

/** Says why the verb did nothing. */
export function reportFault(terminal: Terminal, { code, message }: Fault): number {
  terminal.complain(message, FIXES[code] ?? "Nothing has changed.");
  return EXIT.notRight;
}

export type Applied = "applied" | "dry_run" | "unchanged";

/** The change in one piece: for people, or as JSON. */
export function reportChange(
  terminal: Terminal,
  { subject, file, changes }: PartChange,
  result: Applied,
  after: string,
): void {
  const alias = aliasOfSubject(subject);
  if (terminal.json) {
    terminal.printJson({ result, ...(alias === null ? { rollout: subject } : { alias }), file, changes });
    return;
  }
  const lines = changes.map((change) => `  ${change}`);
  const head = {
    applied: `Changed ${file}:`,
    dry_run: `Would change ${file}:`,
    unchanged: `Nothing to change: ${alias ?? subject} is so already.`,
  }[result];
  terminal.print([head, ...lines, ...(after === "" ? [] : [after])].join("\n"));
}
