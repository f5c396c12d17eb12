/** `pointsman policy replicas`: which gateways there are, and whether they serve one version. */
import type { Command } from "commander";
import type { z } from "zod";
import { askGateway, reportFailure } from "../../ask.ts";
import { addExamples, type CommandContext, terminalOf } from "../../context.ts";
import { EXIT } from "../../exit-codes.ts";
import { instant, span } from "../../format.ts";
import { addGatewayOptions, type GatewayOptions } from "../../options.ts";
import type { Cell, Column, Terminal } from "../../terminal.ts";
import { replicasView } from "./views.ts";

type Replicas = z.output<typeof replicasView>;
type Replica = Replicas["replicas"][number];

const COLUMNS: readonly Column[] = [
  { title: "GATEWAY" },
  { title: "ADDRESS" },
  { title: "VERSION" },
  { title: "TAKING OVER" },
  { title: "STARTED UTC" },
  { title: "SOURCE" },
  { title: "LAST POLL", align: "right" },
  { title: "NOTES" },
];
const NOTHING = "-";

const KNOWS: Readonly<Record<string, string>> = {
  alone:
    "This gateway shares no Redis (POINTSMAN_REDIS_URL): others, if there are any, are not seen from here.",
  unreachable:
    "The Redis that the gateways share cannot be used now, or could not be a moment ago: others may be there unseen.",
};

export function addPolicyReplicas(group: Command, context: CommandContext): void {
  const command = group
    .command("replicas")
    .description(
      "the gateways that share a Redis and what each serves; exit code 0 when all serve one version, 1 while they " +
        "differ or refuse a text, 4 while nobody can tell",
    );
  addGatewayOptions(command);
  addExamples(command, [
    ["pointsman policy replicas", "has every replica taken the change up?"],
    [
      "timeout 120 sh -c 'until pointsman policy replicas >/dev/null; do sleep 1; done'",
      "a pipeline waits for it, two minutes at the most",
    ],
    ["pointsman policy replicas --json | jq .converged", "true, false, or null where nobody can tell"],
  ]);
  command.action(async (options: GatewayOptions) => context.end(await replicas(context, command, options)));
}

async function replicas(context: CommandContext, command: Command, options: GatewayOptions): Promise<number> {
  const terminal = terminalOf(context, command);
  const asked = await askGateway(context, options, { path: "/admin/policy/replicas" }, replicasView);
  if (!asked.ok) return reportFailure(terminal, asked);
  if (terminal.json) terminal.printJson(asked.raw);
  else terminal.print(draw(asked.view, terminal));
  const { converged } = asked.view;
  // One that refused it serves the old text, as all of them may: that is no change taken up.
  if (converged === false || refusals(asked.view) > 0) return EXIT.notRight;
  return converged === null ? EXIT.unknown : EXIT.success;
}

function refusals({ replicas: found }: Replicas): number {
  return found.filter(({ refused }) => refused).length;
}

function draw(view: Replicas, terminal: Terminal): string {
  const { replicas: found, knows, converged } = view;
  const rows = terminal.table(COLUMNS, found.map(cellsOf));
  const refused = refusals(view);
  const why = `A newer text was refused by ${refused} of ${found.length}: \`pointsman policy status\` says why.`;
  const table = refused === 0 ? rows : `${rows}\n${terminal.paint("red", why)}`;
  const known = knows === "shared" ? table : `${table}\n${KNOWS[knows] ?? knows}`;
  if (converged === null) return known;
  if (converged) return `${known}\n${terminal.paint("green", "Converged: all of them serve one version.")}`;
  return `${known}\n${terminal.paint("red", "Not converged: they serve different versions, or shares of them.")}`;
}

function cellsOf(one: Replica): readonly Cell[] {
  const { staging, source, postedAt } = one;
  const notes = [
    ...(one.self ? ["asked"] : []),
    ...(one.refused ? ["has refused a newer text"] : []),
    ...(one.pinned === null ? [] : ["pinned"]),
    ...one.overrides,
  ];
  const lastPoll = source?.lastPollAt ?? null;
  return [
    one.id,
    one.address ?? NOTHING,
    { text: one.version ?? NOTHING, style: "bold" },
    staging ? `${staging.version} ${staging.share} %` : NOTHING,
    instant(one.startedAt),
    source === null ? NOTHING : source.ok ? source.kind : { text: `${source.kind}, silent`, style: "red" },
    lastPoll === null ? NOTHING : `${span(Math.max(0, postedAt - lastPoll))} before`,
    notes.join("; "),
  ];
}
