/** `pointsman audit tail`: entries as they are written. Owns the loop; what is new, the sequence says. */
import type { Command } from "commander";
import { sleep } from "../../../core/clock.ts";
import { askGateway, reportFailure } from "../../ask.ts";
import { addExamples, type CommandContext, terminalOf } from "../../context.ts";
import { EXIT } from "../../exit-codes.ts";
import { addGatewayOptions, countUpTo, type GatewayOptions } from "../../options.ts";
import { printable, type Terminal } from "../../terminal.ts";
import { AUDIT_PATH, type AuditView, auditCells, auditPage } from "./draw-entry.ts";

interface TailArguments extends GatewayOptions {
  readonly limit: number;
  readonly count?: number;
}

const POLL_MS = 1_000;
const PAGE = 499;
/** A gateway that restarts is waited for this long. */
const PATIENCE_MS = 30_000;

export function addAuditTail(group: Command, context: CommandContext): void {
  const command = group
    .command("tail")
    .description("the latest entries, then each new one as it is written, until Ctrl-C")
    .option("--limit <count>", "how many of the latest to begin with", countUpTo(PAGE), 10)
    .option("--count <count>", "end after this many lines", countUpTo(1_000_000));
  addGatewayOptions(command, "admin");
  addExamples(command, [
    ["pointsman audit tail", "watch what is done"],
    ["pointsman audit tail --json >> audit.jsonl", "a copy elsewhere, as JSON lines"],
  ]);
  command.action(async (options: TailArguments) => context.end(await tail(context, command, options)));
}

async function tail(context: CommandContext, command: Command, options: TailArguments): Promise<number> {
  const { clock, signal } = context.ports;
  const terminal = terminalOf(context, command);
  let left = options.count ?? Number.POSITIVE_INFINITY;
  let last: number | null = null;
  let awaySince: number | null = null;
  for (;;) {
    const query = last === null ? { limit: options.limit } : { limit: PAGE, after: last };
    const asked = await askGateway(context, options, { path: AUDIT_PATH, query }, auditPage);
    if (signal?.aborted) return EXIT.success;
    if (asked.ok) {
      // The first page is newest first.
      const fresh: readonly AuditView[] =
        last === null ? asked.view.entries.toReversed() : asked.view.entries;
      for (const entry of fresh.slice(0, left)) printEntry(entry, terminal);
      left -= Math.min(left, fresh.length);
      last = fresh.at(-1)?.seq ?? last ?? 0;
      awaySince = null;
      if (left === 0) return EXIT.success;
      if (asked.view.cursor !== null && query.after !== undefined) continue;
    } else {
      const isFirst = last === null;
      const mayReturn = asked.status === null || asked.status >= 500;
      if (awaySince === null && !isFirst) terminal.note("note: the gateway gives no answer; waiting for it.");
      awaySince ??= clock.now();
      if (isFirst || !mayReturn || clock.now() - awaySince >= PATIENCE_MS)
        return reportFailure(terminal, asked);
    }
    await sleep(clock, POLL_MS, signal);
    if (signal?.aborted) return EXIT.success;
  }
}

function printEntry(entry: AuditView, terminal: Terminal): void {
  if (terminal.json) {
    terminal.printJsonLine(entry);
    return;
  }
  const cells = auditCells(entry).map((cell) =>
    typeof cell === "string" ? printable(cell) : terminal.paint(cell.style, printable(cell.text)),
  );
  terminal.print(cells.join("  ").trimEnd());
}
