/** `pointsman decisions tail`: records as they are written. Owns the loop; what is new, the gateway's cursor says. */
import type { Command } from "commander";
import { sleep } from "../../../core/clock.ts";
import { askGateway, type Query, reportFailure } from "../../ask.ts";
import { addExamples, type CommandContext, terminalOf } from "../../context.ts";
import { drawDecisionLine } from "../../draw-decisions.ts";
import { EXIT } from "../../exit-codes.ts";
import { type DecisionRecord, decisionPage, decisionView } from "../../gateway-answers.ts";
import { unexpectedAnswer } from "../../gateway-client.ts";
import { addGatewayOptions, countUpTo, type GatewayOptions } from "../../options.ts";
import type { Terminal } from "../../terminal.ts";
import { addFilters, type DecisionFilters, filterQuery } from "./filters.ts";

interface TailArguments extends GatewayOptions, DecisionFilters {
  readonly limit: number;
  readonly count?: number;
}

const PATH = "/admin/decisions";
const POLL_MS = 500;
const PAGE = 500;
/** Before every id: all that is written after nothing. */
const BEGINNING = "dec_";
/** A gateway that restarts is waited for this long. */
const PATIENCE_MS = 30_000;

export function addDecisionsTail(group: Command, context: CommandContext): void {
  const command = group
    .command("tail")
    .description("the latest records, then each new one as it is written, until Ctrl-C")
    .option("--limit <count>", "how many of the latest to begin with", countUpTo(PAGE), 10)
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
  const print = createPrinter(terminal, options.count ?? Number.POSITIVE_INFINITY);
  const latest = await ask(context, options, { limit: options.limit });
  if (!latest.ok) return signal?.aborted ? EXIT.success : reportFailure(terminal, latest);
  let ending = print(latest.view.decisions.toReversed());
  let cursor = latest.view.decisions[0]?.id ?? BEGINNING;
  let awaySince: number | null = null;
  let isBehind = false;
  while (ending === null) {
    if (!isBehind) await sleep(clock, POLL_MS, signal);
    if (signal?.aborted) return EXIT.success;
    const asked = await ask(context, options, { limit: PAGE, after: cursor });
    if (signal?.aborted) return EXIT.success;
    if (asked.ok) {
      const { decisions } = asked.view;
      ending = print(decisions);
      cursor = decisions.at(-1)?.id ?? cursor;
      awaySince = null;
      isBehind = asked.view.cursor !== null && decisions.length > 0;
    } else {
      if (awaySince === null) terminal.note("note: the gateway gives no answer; waiting for it.");
      awaySince ??= clock.now();
      isBehind = false;
      const mayReturn = asked.status === null || asked.status >= 500;
      if (!mayReturn || clock.now() - awaySince >= PATIENCE_MS) return reportFailure(terminal, asked);
    }
  }
  return ending;
}

function ask(context: CommandContext, options: TailArguments, query: Query) {
  return askGateway(
    context,
    options,
    { path: PATH, query: { ...query, ...filterQuery(options) } },
    decisionPage,
  );
}

/** Prints records until `most` were printed; then, or on one of another shape, gives the exit code. */
function createPrinter(terminal: Terminal, most: number) {
  let left = most;
  return (records: readonly DecisionRecord[]): number | null => {
    for (const record of records) {
      if (left === 0) break;
      if (!printRecord(record, terminal)) return reportFailure(terminal, unexpectedAnswer(PATH));
      left--;
    }
    return left === 0 ? EXIT.success : null;
  };
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
