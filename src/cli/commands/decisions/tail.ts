/** `pointsman decisions tail`: records as they are written. Owns the loop; what is new is the follower's. */
import type { Command } from "commander";
import { sleep } from "../../../core/clock.ts";
import { askGateway, reportFailure } from "../../ask.ts";
import { addExamples, type CommandContext, terminalOf } from "../../context.ts";
import { drawDecisionLine } from "../../draw-decisions.ts";
import { EXIT } from "../../exit-codes.ts";
import { type DecisionRecord, decisionPage, decisionView } from "../../gateway-answers.ts";
import { unexpectedAnswer } from "../../gateway-client.ts";
import { addGatewayOptions, countUpTo, type GatewayOptions } from "../../options.ts";
import type { Terminal } from "../../terminal.ts";
import { addFilters, type DecisionFilters, filterQuery } from "./filters.ts";
import { Follower, OVERLAP } from "./follower.ts";

interface TailArguments extends GatewayOptions, DecisionFilters {
  readonly limit: number;
  readonly count?: number;
}

const PATH = "/admin/decisions";
const POLL_MS = 500;
/** A full page means that more is waiting: ask on at once. Larger than the overlap, so each asks further. */
const PAGE = 500;
/** A gateway that restarts is waited for this long. */
const PATIENCE_MS = 30_000;

export function addDecisionsTail(group: Command, context: CommandContext): void {
  const command = group
    .command("tail")
    .description("the latest records, then each new one as it is written, until Ctrl-C")
    .option("--limit <count>", "how many of the latest to begin with", countUpTo(OVERLAP), 10)
    .option("--count <count>", "end after this many lines", countUpTo(1_000_000));
  addGatewayOptions(addFilters(command));
  addExamples(command, [
    ["pointsman decisions tail", "watch requests as they end"],
    ["pointsman decisions tail --outcome degraded", "only those that no model answered"],
    ["pointsman decisions tail --count 100 --json > sample.jsonl", "a hundred records as JSON lines"],
  ]);
  command.action(async (options: TailArguments) => context.end(await tail(context, command, options)));
}

async function tail(context: CommandContext, command: Command, options: TailArguments): Promise<number> {
  const { clock, signal } = context.ports;
  const terminal = terminalOf(context, command);
  const follower = new Follower();
  let left = options.count ?? Number.POSITIVE_INFINITY;
  let isFirst = true;
  let silentSince: number | null = null;
  while (!signal?.aborted) {
    const { cursor } = follower;
    const query = cursor === undefined ? { limit: isFirst ? OVERLAP : PAGE } : { limit: PAGE, after: cursor };
    const question = { path: PATH, query: { ...query, ...filterQuery(options) } };
    const asked = await askGateway(context, options, question, decisionPage);
    if (signal?.aborted) break;
    if (!asked.ok) {
      const isAway = asked.status === null || asked.status >= 500;
      if (isFirst || !isAway) return reportFailure(terminal, asked);
      if (silentSince === null) terminal.note("note: the gateway is away; waiting for it.");
      silentSince ??= clock.now();
      if (clock.now() - silentSince >= PATIENCE_MS) return reportFailure(terminal, asked);
    } else {
      silentSince = null;
      const { decisions } = asked.view;
      const fresh = follower.take(cursor === undefined ? decisions.toReversed() : decisions, clock.now());
      const wanted = isFirst ? fresh.slice(-options.limit) : fresh;
      isFirst = false;
      for (const record of wanted.slice(0, left)) {
        if (!printRecord(record, terminal)) return reportFailure(terminal, unexpectedAnswer(PATH));
      }
      left -= wanted.length;
      if (left <= 0) return EXIT.success;
      if (fresh.length > 0 && decisions.length === PAGE) continue;
    }
    await sleep(clock, POLL_MS, signal);
  }
  return EXIT.success;
}

/** False where the record has another shape. */
function printRecord(record: DecisionRecord, terminal: Terminal): boolean {
  if (terminal.json) {
    terminal.printJsonLine(record);
    return true;
  }
  const view = decisionView.safeParse(record);
  if (view.success) terminal.print(drawDecisionLine(view.data, terminal));
  return view.success;
}
