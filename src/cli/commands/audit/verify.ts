/** `pointsman audit verify`: whether the audit log is what was written. The gateway reads it; this says so. */
import type { Command } from "commander";
import { z } from "zod";
import { askGateway, reportFailure } from "../../ask.ts";
import { addExamples, type CommandContext, terminalOf } from "../../context.ts";
import { EXIT } from "../../exit-codes.ts";
import { addGatewayOptions, type GatewayOptions } from "../../options.ts";
import { printable } from "../../terminal.ts";

const verdict = z.union([
  z.object({
    ok: z.literal(true),
    entries: z.number(),
    head: z.object({ seq: z.number(), hash: z.string() }),
  }),
  z.object({ ok: z.literal(false), entries: z.number(), brokenAt: z.number(), reason: z.string() }),
]);

export function addAuditVerify(group: Command, context: CommandContext): void {
  const command = group
    .command("verify")
    .description(
      "check every link of the audit log; exit code 1 and the first broken one where it was changed",
    );
  addGatewayOptions(command, "admin");
  addExamples(command, [
    ["pointsman audit verify", "is the log whole?"],
    ["pointsman audit verify --json | jq -r .head.hash", "note it elsewhere: a cut end shows by it alone"],
  ]);
  command.action(async (options: GatewayOptions) => context.end(await verify(context, command, options)));
}

async function verify(context: CommandContext, command: Command, options: GatewayOptions): Promise<number> {
  const terminal = terminalOf(context, command);
  const asked = await askGateway(context, options, { path: "/admin/audit/verify" }, verdict);
  if (!asked.ok) return reportFailure(terminal, asked);
  const { view } = asked;
  if (terminal.json) terminal.printJson(asked.raw);
  else if (view.ok) {
    const words = `The audit log is whole: entries ${view.entries}, head ${view.head.hash}.`;
    terminal.print(terminal.paint("green", printable(words)));
  } else {
    const words = `The audit log is broken at entry ${view.brokenAt}; whole before it: ${view.entries}. ${view.reason}`;
    terminal.print(terminal.paint("red", printable(words)));
  }
  return view.ok ? EXIT.success : EXIT.notRight;
}
