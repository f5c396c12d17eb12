/** One change of a rollout, made in a file here or by a running gateway. Owns which it is; what changes is the verb's. */
import type { Command } from "commander";
import { type CommandContext, terminalOf } from "../../context.ts";
import { EXIT } from "../../exit-codes.ts";
import { DEFAULT_POLICY } from "../../local-policy.ts";
import { changeFile, readLocal } from "./change-file.ts";
import { changeGateway, type GatewayVerb } from "./change-gateway.ts";
import type { PolicyOptions, Verb } from "./verb.ts";

/** The exit code. A gateway that is named is asked; else the file is changed, and the gateway asked where there is none. */
export async function changePolicy(
  context: CommandContext,
  command: Command,
  options: PolicyOptions,
  verb: Verb,
  there: GatewayVerb,
): Promise<number> {
  const terminal = terminalOf(context, command);
  const isGatewayNamed = options.url !== undefined || Boolean(context.ports.env.POINTSMAN_URL);
  if (isGatewayNamed && options.policy === undefined) {
    return changeGateway(context, terminal, options, there);
  }
  const file = options.policy ?? DEFAULT_POLICY;
  const read = await readLocal(context.ports, file, options.env ?? null);
  if (read.ok) return changeFile(terminal, options, read.sources, verb);
  if (read.isMissing && options.policy === undefined) return changeGateway(context, terminal, options, there);
  terminal.complain(read.message, read.fix);
  return EXIT.usage;
}
