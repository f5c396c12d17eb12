/** `pointsman simulate`: simulated providers alone. Owns the options; the server is started by a port. */
import { resolve } from "node:path";
import type { Command } from "commander";
import { addExamples, type CommandContext, terminalOf } from "../context.ts";
import { host, port } from "../options.ts";
import { checkScenario, serveAt } from "./serve.ts";

interface SimulateArguments {
  readonly scenario?: string;
  readonly host: string;
  readonly port: number;
}

export function addSimulate(program: Command, context: CommandContext): void {
  const command = program
    .command("simulate")
    .description("serve simulated providers alone, for tests and game days")
    .option("--scenario <file>", "what they do, and when they fail (default: the calm example)")
    .option("--host <host>", "address to listen on", host, "127.0.0.1")
    .option("--port <port>", "port to listen on, 0 for any free one", port, 8090);
  addExamples(command, [
    ["pointsman simulate --port 8090", "providers that never fail"],
    [
      "pointsman simulate --scenario examples/scenarios/region-outage.yaml",
      "providers that fail on a schedule",
    ],
  ]);
  command.action(async (options: SimulateArguments) =>
    context.end(await simulate(context, command, options)),
  );
}

async function simulate(
  context: CommandContext,
  command: Command,
  options: SimulateArguments,
): Promise<number> {
  const { ports } = context;
  const terminal = terminalOf(context, command);
  const { scenario = null } = options;
  if (scenario !== null) {
    const refused = await checkScenario(ports, terminal, scenario);
    if (refused !== null) return refused;
  }
  const resolved = scenario === null ? null : resolve(ports.cwd, scenario);
  return serveAt(terminal, options, () =>
    ports.simulate({ ...options, scenario: resolved, json: terminal.json }),
  );
}
