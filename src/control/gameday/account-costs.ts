/** What the drill's requests cost, from the gateway's own records. Owns the comparison with the primary alone. */
import { z } from "zod";
import type { Usage } from "../../core/events.ts";
import { costOf, type Prices } from "../../core/money.ts";

const usageSchema = z.object({
  inputTokens: z.number(),
  cacheReadTokens: z.number(),
  cacheWriteTokens: z.number(),
  cacheWrite1hTokens: z.number().exactOptional(),
  outputTokens: z.number(),
  reasoningTokens: z.number(),
}) satisfies z.ZodType<Omit<Usage, "raw">>;

const decisionSchema = z.object({
  id: z.string(),
  outcome: z.string(),
  model: z.string().nullable(),
  cost: z.number().nullable(),
  attempts: z.array(
    z.object({
      rung: z.string(),
      model: z.string(),
      deployment: z.string(),
      result: z.string(),
      skipped: z.string().optional(),
      usage: usageSchema.optional(),
      fault: z.object({ kind: z.string() }).optional(),
    }),
  ),
});
type DecisionView = z.output<typeof decisionSchema>;

const pageSchema = z.object({ decisions: z.array(z.unknown()), cursor: z.string().nullable() });

/** Before every id: all that is written after nothing. */
const BEGINNING = "dec_";

/** Sums over the records seen so far. Money in nano-dollars. */
export class CostAccount {
  records = 0;
  cost = 0;
  /** What the answered requests would have cost, had the primary answered them all. */
  primaryAlone = 0;
  /** Records whose cost nobody knows, because a model has no price. */
  unpriced = 0;
  /** Calls by deployment, what they met, and why others were not made, as the gateway counts them. */
  readonly calls = new Map<string, number>();
  readonly faults = new Map<string, number>();
  readonly skipped = new Map<string, number>();
  /** Where the next page begins. */
  cursor = BEGINNING;
  readonly #prices: ReadonlyMap<string, Prices>;

  constructor(prices: ReadonlyMap<string, Prices>) {
    this.#prices = prices;
  }

  /** Takes in one page; whether there is another one now. */
  see(page: unknown): boolean {
    const read = pageSchema.safeParse(page);
    if (!read.success) return false;
    for (const record of read.data.decisions) {
      const decision = decisionSchema.safeParse(record);
      if (decision.success) this.#take(decision.data);
    }
    return read.data.cursor !== null;
  }

  #take(decision: DecisionView): void {
    this.records++;
    this.cursor = decision.id;
    for (const { deployment, skipped, fault } of decision.attempts) {
      if (skipped !== undefined) increase(this.skipped, skipped);
      else increase(this.calls, deployment);
      if (fault) increase(this.faults, fault.kind);
    }
    const alone = primaryCost(decision, this.#prices);
    if (decision.cost === null || alone === null) {
      this.unpriced++;
      return;
    }
    this.cost += decision.cost;
    this.primaryAlone += alone;
  }
}

function increase(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

/** The answer's own tokens at the price of the primary; 0 where no model answered, null without a price. */
function primaryCost(decision: DecisionView, prices: ReadonlyMap<string, Prices>): number | null {
  const usage = decision.attempts.findLast(({ result }) => result === "ok")?.usage;
  if (decision.outcome !== "answered" || !usage) return 0;
  const primary = decision.attempts.find(({ rung }) => rung === "primary")?.model ?? decision.model;
  const known = primary === null ? undefined : prices.get(primary);
  return known ? costOf(usage, known) : null;
}
