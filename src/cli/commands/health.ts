/** `pointsman health`: circuits, cooldowns and latencies of every deployment, as the gateway knows them. */
import type { Command } from "commander";
import { askGateway, reportFailure } from "../ask.ts";
import { addExamples, type CommandContext, terminalOf } from "../context.ts";
import { EXIT } from "../exit-codes.ts";
import { instant, span } from "../format.ts";
import { type HealthRow, healthView, type QueueView } from "../gateway-answers.ts";
import { addGatewayOptions, type GatewayOptions } from "../options.ts";
import type { Cell, Column, Style } from "../terminal.ts";
import { addHealthForceOpen, addHealthReset } from "./health-orders.ts";

const COLUMNS: readonly Column[] = [
  { title: "DEPLOYMENT" },
  { title: "MODEL" },
  { title: "REGION" },
  { title: "CIRCUIT" },
  { title: "IN FLIGHT", align: "right" },
  { title: "FIRST TOKEN", align: "right" },
  { title: "P95", align: "right" },
  { title: "FAILED", align: "right" },
  { title: "NOTE" },
];

const STATE_STYLES: Readonly<Record<string, Style>> = { closed: "green", "half-open": "yellow", open: "red" };

export function addHealth(program: Command, context: CommandContext): void {
  const command = program
    .command("health")
    .description("show each deployment's circuit, cooldown and latency; exit code 1 when one is left alone");
  addGatewayOptions(command);
  addExamples(command, [
    ["pointsman health", "is a region in trouble?"],
    ['pointsman health force-open large-us --for 10m --reason "their maintenance"', "take a deployment out"],
    ["pointsman health --json | jq '.deployments[] | select(.state != \"closed\")'", "what is left alone"],
  ]);
  command.action(async (options: GatewayOptions) => context.end(await health(context, command, options)));
  addHealthReset(command, context);
  addHealthForceOpen(command, context);
}

async function health(context: CommandContext, command: Command, options: GatewayOptions): Promise<number> {
  const terminal = terminalOf(context, command);
  const asked = await askGateway(context, options, { path: "/admin/health" }, healthView);
  if (!asked.ok) return reportFailure(terminal, asked);
  const { at: now = context.ports.clock.now(), deployments, queue } = asked.view;
  if (terminal.json) terminal.printJson(asked.raw);
  else {
    terminal.print(
      terminal.table(
        COLUMNS,
        deployments.map((row) => cellsOf(row, now)),
      ),
    );
    if (queue) terminal.print(`\nQueue of jobs: ${queueLine(queue)}`);
  }
  const isLeftAlone = (row: HealthRow) => row.state !== "closed" || row.cooldownUntil !== null;
  return deployments.some(isLeftAlone) ? EXIT.notRight : EXIT.success;
}

function queueLine({ depth, problem }: QueueView): string {
  if (depth === null) return problem ?? "unknown";
  const { ready, delayed, inHand, dead } = depth;
  return `${ready} waiting, ${delayed} delayed, ${inHand} in hand, ${dead} dead`;
}

function cellsOf(row: HealthRow, now: number): Cell[] {
  return [
    row.deployment,
    row.model,
    row.region,
    { text: row.state, style: STATE_STYLES[row.state] ?? "bold" },
    String(row.inFlight),
    milliseconds(row.firstTokenMs),
    milliseconds(row.firstTokenP95Ms),
    row.state === "closed" ? `${row.failures}/${row.calls}` : "-",
    noteOf(row, now),
  ];
}

function milliseconds(ms: number | null): string {
  return ms === null ? "-" : `${Math.round(ms)} ms`;
}

function noteOf({ reason, nextProbeAt, cooldownUntil, lastProbe }: HealthRow, now: number): string {
  const notes: string[] = [];
  const isDue = nextProbeAt !== null && nextProbeAt <= now;
  if (reason === "forced") notes.push(forcedNote(nextProbeAt, isDue));
  else if (reason !== null) notes.push(`opened by ${reason.replaceAll("_", " ")}`);
  if (isDue) notes.push("probing");
  else if (nextProbeAt !== null && reason !== "forced") notes.push(`probe in ${span(nextProbeAt - now)}`);
  if (cooldownUntil !== null) notes.push(`cooling down for ${span(Math.max(0, cooldownUntil - now))}`);
  if (lastProbe && !lastProbe.ok) {
    notes.push(
      `probe failed ${span(Math.max(0, now - lastProbe.at))} ago (${lastProbe.code ?? "no answer"})`,
    );
  }
  return notes.join(", ");
}

function forcedNote(nextProbeAt: number | null, isDue: boolean): string {
  if (nextProbeAt === null) return "forced open until it is reset";
  return isDue ? "was forced open" : `forced open until ${instant(nextProbeAt)} UTC, then probed`;
}
