/** `pointsman policy status`: the policy in force, and a newer text that was refused. */
import type { Command } from "commander";
import type { z } from "zod";
import { askGateway, reportFailure } from "../../ask.ts";
import { addExamples, type CommandContext, terminalOf } from "../../context.ts";
import { EXIT } from "../../exit-codes.ts";
import { counted, instant } from "../../format.ts";
import { policyStatusView } from "../../gateway-answers.ts";
import { addGatewayOptions, type GatewayOptions } from "../../options.ts";
import { printable, type Terminal } from "../../terminal.ts";

type Status = z.output<typeof policyStatusView>;
type StatusFinding = Status["warnings"][number];

export function addPolicyStatus(group: Command, context: CommandContext): void {
  const command = group
    .command("status")
    .description("the version in force; exit code 1 when a newer text was refused and waits for its fix");
  addGatewayOptions(command);
  addExamples(command, [
    ["pointsman policy status", "is my edit live?"],
    ["pointsman policy status --json | jq -r .version", "the version, for a deployment script"],
  ]);
  command.action(async (options: GatewayOptions) => context.end(await status(context, command, options)));
}

async function status(context: CommandContext, command: Command, options: GatewayOptions): Promise<number> {
  const terminal = terminalOf(context, command);
  const asked = await askGateway(context, options, { path: "/admin/policy" }, policyStatusView);
  if (!asked.ok) return reportFailure(terminal, asked);
  if (terminal.json) terminal.printJson(asked.raw);
  else terminal.print(drawStatus(asked.view, terminal));
  return asked.view.refused === null ? EXIT.success : EXIT.notRight;
}

function drawStatus(
  { version, environment, activatedAt, files, warnings, refused }: Status,
  terminal: Terminal,
) {
  const since = activatedAt === null ? "-" : `${instant(activatedAt)} UTC`;
  const lines = [
    `In force     ${terminal.paint("bold", printable(version ?? "nothing"))}`,
    `Since        ${since}`,
    `Environment  ${printable(environment ?? "none")}`,
    `Files        ${printable(files.join(" + ") || "-")}`,
    ...warnings.map((finding) => drawFinding(finding, terminal)),
  ];
  if (refused !== null) {
    const errors = counted(refused.findings.length, "finding");
    lines.push(
      "",
      terminal.paint("red", `A newer text was refused at ${instant(refused.at)} UTC, ${errors}:`),
    );
    lines.push(...refused.findings.map((finding) => drawFinding(finding, terminal)));
  }
  return lines.join("\n");
}

function drawFinding(finding: StatusFinding, terminal: Terminal): string {
  const { file, line, column, severity, code, message, fix } = finding;
  const mark = terminal.paint(severity === "error" ? "red" : "yellow", printable(severity));
  return `${printable(`${file}:${line}:${column}`)} ${mark} ${printable(`${code} ${message}`)}\n  fix: ${printable(fix)}`;
}
