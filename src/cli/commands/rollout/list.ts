/** `pointsman rollout list`: each arm's weight, and how it did lately. */
import type { Command } from "commander";
import { z } from "zod";
import { askGateway, reportFailure } from "../../ask.ts";
import { addExamples, type CommandContext, terminalOf } from "../../context.ts";
import { EXIT } from "../../exit-codes.ts";
import { counted, dollars, span } from "../../format.ts";
import { addGatewayOptions, countUpTo, type GatewayOptions } from "../../options.ts";
import type { Cell, Column, Terminal } from "../../terminal.ts";

const arm = z.object({
  arm: z.string(),
  weight: z.number().nullable(),
  model: z.string().nullable(),
  prompt: z.string().nullable(),
  requests: z.number(),
  share: z.number().nullable(),
  failed: z.number(),
  degraded: z.number(),
  firstTokenP95Ms: z.number().nullable(),
  cost: z.number(),
  formatAsked: z.number(),
  formatValid: z.number(),
});

const listView = z.object({
  rollouts: z.array(
    z.object({
      rollout: z.string(),
      kind: z.string(),
      useCases: z.array(z.string()),
      arms: z.array(arm),
    }),
  ),
  decisions: z.number(),
});
type List = z.output<typeof listView>;

const COLUMNS: readonly Column[] = [
  { title: "ROLLOUT" },
  { title: "KIND" },
  { title: "USE CASES" },
  { title: "ARM" },
  { title: "CHANGES" },
  { title: "WEIGHT", align: "right" },
  { title: "SEEN", align: "right" },
  { title: "REQUESTS", align: "right" },
  { title: "FAILED", align: "right" },
  { title: "DEGRADED", align: "right" },
  { title: "P95 FIRST TOKEN", align: "right" },
  { title: "COST USD", align: "right" },
  { title: "VALID JSON", align: "right" },
];
const NOTHING = "-";

interface ListOptions extends GatewayOptions {
  readonly last: number;
}

export function addRolloutList(group: Command, context: CommandContext): void {
  const command = group
    .command("list")
    .description("arms with their weights, the share they got, failures, latency and cost")
    .option("--last <count>", "over this many of the newest decisions", countUpTo(10_000), 1000);
  addGatewayOptions(command);
  addExamples(command, [
    ["pointsman rollout list", "how do the arms compare?"],
    [
      "pointsman rollout list --json | jq '.rollouts[].arms[] | {arm, failed, requests}'",
      "for a script that decides",
    ],
  ]);
  command.action(async (options: ListOptions) => context.end(await list(context, command, options)));
}

async function list(context: CommandContext, command: Command, options: ListOptions): Promise<number> {
  const terminal = terminalOf(context, command);
  const question = { path: "/admin/rollouts", query: { last: options.last } };
  const asked = await askGateway(context, options, question, listView);
  if (!asked.ok) return reportFailure(terminal, asked);
  if (terminal.json) terminal.printJson(asked.raw);
  else terminal.print(drawList(asked.view, terminal));
  return EXIT.success;
}

function drawList({ rollouts, decisions }: List, terminal: Terminal): string {
  if (rollouts.length === 0) return "The policy has no rollouts.";
  const rows = rollouts.flatMap(({ rollout, kind, useCases, arms }) =>
    arms.map((each, index): Cell[] => {
      const [name, what, where] = index === 0 ? [rollout, kind, useCases.join(", ")] : ["", "", ""];
      return [name, what, where, ...cellsOf(each)];
    }),
  );
  const over =
    decisions === 0 ? "Nothing was asked yet." : `Over the last ${counted(decisions, "decision")}.`;
  return `${terminal.table(COLUMNS, rows)}\n${over}`;
}

function cellsOf(each: z.output<typeof arm>): readonly Cell[] {
  const { weight, share, firstTokenP95Ms, requests, failed, degraded } = each;
  const changes = [each.model, each.prompt].filter((change) => change !== null).join(", ");
  return [
    each.arm,
    changes || NOTHING,
    weight === null ? NOTHING : `${weight} %`,
    share === null ? NOTHING : `${share.toFixed(1)} %`,
    String(requests),
    failed === 0 ? "0" : { text: `${failed} (${percent(failed, requests)})`, style: "red" },
    degraded === 0 ? "0" : { text: `${degraded} (${percent(degraded, requests)})`, style: "yellow" },
    firstTokenP95Ms === null ? NOTHING : span(firstTokenP95Ms),
    requests === 0 ? NOTHING : dollars(each.cost),
    each.formatAsked === 0 ? NOTHING : percent(each.formatValid, each.formatAsked),
  ];
}

function percent(part: number, whole: number): string {
  return `${((100 * part) / whole).toFixed(1)} %`;
}
