/** `pointsman policy status`: the policy in force, and a newer text that was refused. */
import type { Command } from "commander";
import type { z } from "zod";
import { aliasOfSubject } from "../../../control/alias/open-alias.ts";
import { askGateway, reportFailure } from "../../ask.ts";
import { addExamples, type CommandContext, terminalOf } from "../../context.ts";
import { EXIT } from "../../exit-codes.ts";
import { counted, instant } from "../../format.ts";
import { addGatewayOptions, type GatewayOptions } from "../../options.ts";
import { printable, type Terminal } from "../../terminal.ts";
import { drawStaging } from "./draw-staging.ts";
import { statusView } from "./views.ts";

type Status = z.output<typeof statusView>;
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
  const asked = await askGateway(context, options, { path: "/admin/policy" }, statusView);
  if (!asked.ok) return reportFailure(terminal, asked);
  if (terminal.json) terminal.printJson(asked.raw);
  else terminal.print(drawStatus(asked.view, terminal));
  return asked.view.refused === null ? EXIT.success : EXIT.notRight;
}

function drawStatus(status: Status, terminal: Terminal): string {
  const { version, environment, activatedAt, files, warnings, refused } = status;
  const since = activatedAt === null ? "-" : `${instant(activatedAt)} UTC`;
  const lines = [
    `In force     ${terminal.paint("bold", printable(version ?? "nothing"))}`,
    `Since        ${since}`,
    `Environment  ${printable(environment ?? "none")}`,
    `Files        ${printable(files.join(" + ") || "-")}`,
    ...(status.staging ? drawStaging(status.staging).map((line) => terminal.paint("yellow", line)) : []),
    ...drawWatch(status).map(printable),
    ...status.overrides.map(({ rollout, verb, values, actor, at }) => {
      const alias = aliasOfSubject(rollout);
      const what = alias === null ? rollout : `alias ${alias}`;
      const words = `Order        ${what}: ${values.join(", ")} (${verb} by ${actor} at ${instant(at)} UTC)`;
      const release = alias === null ? "rollout release" : "policy alias release";
      return terminal.paint("yellow", printable(`${words}; \`${release}\` ends it`));
    }),
    ...drawSource(status, terminal),
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

/** Whether the newest version fails more requests than the one before it. */
function drawWatch({ watch }: Status): readonly string[] {
  if (!watch) return [];
  const { newer, older, version, previousVersion } = watch;
  const sides = [
    `${newer.errors} of ${newer.requests} (${version})`,
    `${older.errors} of ${older.requests} (${previousVersion})`,
  ];
  return [`Watched      failed or degraded: ${sides.join(", before it ")}`];
}

/** Where the policy comes from, and a rollback that holds its present text back. */
function drawSource({ source, pinned }: Status, terminal: Terminal): readonly string[] {
  const lines: string[] = [];
  if (source?.ok) lines.push(`Source       ${printable(`${source.kind}, answers`)}`);
  else if (source) {
    const since =
      source.lastOkAt === null ? "never answered" : `silent since ${instant(source.lastOkAt)} UTC`;
    lines.push(
      terminal.paint("red", printable(`Source       ${source.kind}, ${since}: ${source.lastError?.message}`)),
    );
  }
  if (pinned) {
    const why = pinned.note ? `: ${pinned.note}` : "";
    const words = `Pinned       by ${pinned.actor} at ${instant(pinned.at)} UTC${why}; \`policy unpin\` ends it`;
    lines.push(terminal.paint("yellow", printable(words)));
    if (pinned.kept === false) {
      const told = "             not on the disk yet, which does not take it: a restart would undo it";
      lines.push(terminal.paint("red", told));
    }
  }
  return lines;
}

function drawFinding(finding: StatusFinding, terminal: Terminal): string {
  const { file, line, column, severity, code, message, fix } = finding;
  const mark = terminal.paint(severity === "error" ? "red" : "yellow", printable(severity));
  return `${printable(`${file}:${line}:${column}`)} ${mark} ${printable(`${code} ${message}`)}\n  fix: ${printable(fix)}`;
}
