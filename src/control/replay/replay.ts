/**
 * Past requests under another policy: what would go elsewhere, what would be refused, what it would cost.
 * Owns the counts; holds no record, so that a million of them need no more room than ten.
 */
import { costOf, formatUsd, type NanoDollars } from "../../core/money.ts";
import type { ConfigSnapshot } from "../../core/snapshot.ts";
import { keyNamed } from "../../policy/caller-named.ts";
import { type PastRequest, readPast } from "../../policy/replay/past-request.ts";
import { createReplayer, type Replayer } from "../../policy/replay/replay-route.ts";
import { type Difference, differenceOf, type Routed, summaryOf, summaryOfRouted } from "./compare-routes.ts";
import { CostLedger } from "./cost-ledger.ts";
import type { ReplayReport, RouteSummary } from "./report.ts";

/** Groups that are told apart; requests beyond them are counted alone. */
const MAX_GROUPS = 1_000;
const MAX_VERSIONS = 100;
const EXAMPLES = 3;

interface Group {
  readonly useCase: string;
  readonly before: RouteSummary;
  readonly after: RouteSummary;
  readonly examples: string[];
  readonly cost: CostLedger;
  count: number;
}

export class Replay {
  readonly #snapshot: ConfigSnapshot;
  readonly #replayer: Replayer;
  readonly #groups = new Map<string, Group>();
  readonly #reasons = new Map<string, number>();
  readonly #versions = new Map<string, number>();
  readonly #cost = new CostLedger();
  readonly #outcomes: Record<Difference, number> = { none: 0, redrawn: 0, changed: 0 };
  #records = 0;
  #newlyRefused = 0;
  #noLongerRefused = 0;
  #ungrouped = 0;
  #unknownKeys = 0;
  #notCalled = 0;
  #notCalledCost = 0;
  #from: number | null = null;
  #to: number | null = null;

  /** `snapshot`: of the candidate. */
  constructor(snapshot: ConfigSnapshot) {
    this.#snapshot = snapshot;
    this.#replayer = createReplayer(snapshot);
  }

  /** One record as it was exported; whatever else it is, is counted as not replayable. */
  add(record: unknown): void {
    this.#records++;
    const read = readPast(record);
    if (read.ok) this.#replay(read.past);
    else this.#pass(read.why);
  }

  #replay(past: PastRequest): void {
    const routed = this.#replayer.route(past);
    if (routed.result === "lacks") {
      this.#pass(routed.why);
      return;
    }
    const difference = differenceOf(past.facts.planned, routed);
    this.#outcomes[difference]++;
    this.#note(past);
    const group = difference === "changed" ? this.#group(past, routed) : null;
    this.#price(past, difference === "changed" ? routed : null, group);
  }

  /** A line that is no JSON. */
  addBroken(why: "not_json" | "too_long"): void {
    this.#records++;
    this.#pass(why);
  }

  report(): ReplayReport {
    const { none, redrawn, changed } = this.#outcomes;
    const groups = [...this.#groups.values()].sort((a, b) => b.count - a.count);
    const versions = [...this.#versions].sort((a, b) => b[1] - a[1]);
    return {
      policyVersion: this.#snapshot.version,
      records: this.#records,
      replayed: none + redrawn + changed,
      unchanged: none,
      redrawn,
      changed,
      newlyRefused: this.#newlyRefused,
      noLongerRefused: this.#noLongerRefused,
      notReplayable: Object.fromEntries(this.#reasons),
      from: this.#from,
      to: this.#to,
      madeBy: versions.map(([policyVersion, count]) => ({ policyVersion, count })),
      unknownKeys: this.#unknownKeys,
      groups: groups.map(({ cost, ...group }) => ({ ...group, cost: cost.comparison() })),
      ungrouped: this.#ungrouped,
      cost: this.#cost.comparison(),
      notCalled: { count: this.#notCalled, beforeUsd: formatUsd(this.#notCalledCost) },
    };
  }

  #pass(why: string): void {
    this.#reasons.set(why, (this.#reasons.get(why) ?? 0) + 1);
  }

  #note({ at, policyVersion, keyId }: PastRequest): void {
    this.#from = Math.min(this.#from ?? at, at);
    this.#to = Math.max(this.#to ?? at, at);
    const named = this.#versions.size < MAX_VERSIONS || this.#versions.has(policyVersion);
    const version = named ? policyVersion : "other";
    this.#versions.set(version, (this.#versions.get(version) ?? 0) + 1);
    if (keyNamed(keyId, this.#snapshot) === undefined) this.#unknownKeys++;
  }

  /** Null where there is no room for another one. */
  #group({ id, useCase, facts }: PastRequest, routed: Routed): Group | null {
    const before = summaryOf(facts.planned);
    const after = summaryOfRouted(routed);
    if (after.result === "refused" && before.result !== "refused") this.#newlyRefused++;
    if (after.result !== "refused" && before.result === "refused") this.#noLongerRefused++;
    const name = JSON.stringify([useCase, before, after]);
    let group = this.#groups.get(name);
    if (group === undefined) {
      if (this.#groups.size === MAX_GROUPS) {
        this.#ungrouped++;
        return null;
      }
      group = { useCase, before, after, examples: [], cost: new CostLedger(), count: 0 };
      this.#groups.set(name, group);
    }
    group.count++;
    if (group.examples.length < EXAMPLES) group.examples.push(id);
    return group;
  }

  /**
   * The tokens that were used then, at the candidate's prices: of the model that answered where the request goes
   * where it went, of the model that would be called first where it goes elsewhere (`moved`).
   */
  #price({ answer }: PastRequest, moved: Routed | null, group: Group | null): void {
    if (answer === null) return;
    const first = moved?.result === "routed" ? moved.plan.first : undefined;
    if (moved !== null && first === undefined) {
      this.#notCalled++;
      this.#notCalledCost += answer.cost ?? 0;
      return;
    }
    const prices = this.#snapshot.models.get(first?.model ?? answer.model)?.prices;
    const after: NanoDollars | null = prices === undefined ? null : costOf(answer.usage, prices);
    this.#cost.add(answer.cost, after);
    group?.cost.add(answer.cost, after);
  }
}
