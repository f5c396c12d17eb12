/** `rollout list`: what each arm got and how it did. Owns the figures; where decisions are kept is the store's. */
import type { Decision } from "../../core/decision.ts";
import type { NanoDollars } from "../../core/money.ts";
import type { Rollout, ShadowRollout, Stickiness } from "../../core/rollouts.ts";
import type { ConfigSnapshot, UseCase } from "../../core/snapshot.ts";
import type { DecisionStore } from "../../store/decision-store.ts";

/** Of the requests that an arm got. */
export interface ArmFigures {
  readonly requests: number;
  /** Percent of the rollout's requests, or of a shadow's live ones; null: there were none. */
  readonly share: number | null;
  readonly failed: number;
  readonly degraded: number;
  /** Milliseconds, of streamed answers; null: there were none. */
  readonly firstTokenP95Ms: number | null;
  readonly durationP95Ms: number | null;
  /** Of all requests whose cost is known. */
  readonly cost: NanoDollars;
  /** Requests whose cost is not. */
  readonly unpriced: number;
  /** Copies for a shadow that asked for JSON; of other arms always 0. */
  readonly formatAsked: number;
  /** How many of these got it. */
  readonly formatValid: number;
}

export interface ArmReport extends ArmFigures {
  readonly arm: string;
  /** Percent, as the policy has it; null: of a live answer beside a shadow. */
  readonly weight: number | null;
  /** Tried first; null: as routing says. */
  readonly model: string | null;
  /** `id@version` */
  readonly prompt: string | null;
}

export interface RolloutReport {
  readonly rollout: string;
  readonly kind: "canary" | "blue_green" | "shadow";
  readonly useCases: readonly string[];
  readonly condition: string | null;
  readonly sticky: Stickiness;
  readonly arms: readonly ArmReport[];
}

export interface RolloutList {
  readonly rollouts: readonly RolloutReport[];
  /** Decisions that were looked at, and the time of the first of them in epoch milliseconds. */
  readonly decisions: number;
  readonly since: number | null;
}

export interface ListPorts {
  readonly snapshot: ConfigSnapshot;
  readonly decisions: Pick<DecisionStore, "list">;
}

const PAGE = 500;

/** Over the newest `last` decisions, of whatever policy version: after a change shares need time to follow. */
export async function listRollouts({ snapshot, decisions }: ListPorts, last: number): Promise<RolloutList> {
  const seen = await newest(decisions, last);
  const useCases = [...new Set(snapshot.useCases.values())];
  const rollouts = [...new Set(useCases.flatMap((useCase) => useCase.rollouts))];
  const shadows = [...new Set(useCases.flatMap((useCase) => useCase.shadows))];
  return {
    rollouts: [
      ...rollouts.map((rollout) => reportOf(rollout, namesOf(useCases, "rollouts", rollout), seen)),
      ...shadows.map((shadow) => shadowReport(shadow, namesOf(useCases, "shadows", shadow), seen)),
    ],
    decisions: seen.length,
    since: seen.at(-1)?.at ?? null,
  };
}

async function newest(store: ListPorts["decisions"], last: number): Promise<readonly Decision[]> {
  const found: Decision[] = [];
  let before: string | null = null;
  do {
    const limit = Math.min(PAGE, last - found.length);
    const page = await store.list(before === null ? { limit } : { limit, before });
    found.push(...page.decisions);
    before = page.cursor;
  } while (before !== null && found.length < last);
  return found;
}

function namesOf(
  useCases: readonly UseCase[],
  list: "rollouts" | "shadows",
  one: Rollout | ShadowRollout,
): readonly string[] {
  return useCases
    .filter((useCase) => (useCase[list] as readonly unknown[]).includes(one))
    .map(({ id }) => id);
}

function reportOf(rollout: Rollout, useCases: readonly string[], seen: readonly Decision[]): RolloutReport {
  const own = seen.filter(
    ({ experiment, shadowOf }) => experiment?.rollout === rollout.name && shadowOf === undefined,
  );
  return {
    rollout: rollout.name,
    kind: rollout.kind,
    useCases,
    condition: rollout.source,
    sticky: rollout.sticky,
    arms: rollout.arms.map(({ name, weight, ladder, experiment }) => ({
      arm: name,
      weight,
      model: ladder?.rungs[0]?.model ?? null,
      prompt: experiment.prompt ?? null,
      ...figuresOf(
        own.filter((decision) => decision.experiment?.arm === name),
        own.length,
      ),
    })),
  };
}

/** The copies, and beside them the live answers to the same requests. */
function shadowReport(
  shadow: ShadowRollout,
  useCases: readonly string[],
  seen: readonly Decision[],
): RolloutReport {
  const copies = seen.filter(
    ({ experiment, shadowOf }) => experiment?.rollout === shadow.name && shadowOf !== undefined,
  );
  const copied = new Set(copies.map(({ shadowOf }) => shadowOf));
  const live = seen.filter(({ id }) => copied.has(id));
  const asked = seen.filter(
    ({ useCase, shadowOf }) => shadowOf === undefined && useCase !== null && useCases.includes(useCase),
  );
  return {
    rollout: shadow.name,
    kind: "shadow",
    useCases,
    condition: shadow.source,
    sticky: shadow.sticky,
    arms: [
      { arm: "live", weight: null, model: null, prompt: null, ...figuresOf(live, asked.length) },
      {
        arm: "candidate",
        weight: shadow.share,
        model: shadow.rungs?.[0]?.model ?? null,
        prompt: shadow.experiment.prompt ?? null,
        ...figuresOf(copies, asked.length),
      },
    ],
  };
}

function figuresOf(decisions: readonly Decision[], of: number): ArmFigures {
  const count = (test: (decision: Decision) => boolean) => decisions.filter(test).length;
  const priced = decisions.flatMap(({ cost }) => (cost === null ? [] : [cost]));
  return {
    requests: decisions.length,
    share: of === 0 ? null : (100 * decisions.length) / of,
    failed: count(({ outcome }) => outcome === "failed"),
    degraded: count(({ outcome }) => outcome === "degraded"),
    firstTokenP95Ms: p95(decisions.flatMap(({ firstTokenMs }) => firstTokenMs ?? [])),
    durationP95Ms: p95(decisions.map(({ durationMs }) => durationMs)),
    cost: priced.reduce((sum, cost) => sum + cost, 0),
    unpriced: decisions.length - priced.length,
    formatAsked: count(({ formatValid }) => formatValid !== undefined),
    formatValid: count(({ formatValid }) => formatValid === true),
  };
}

/** The nearest rank: what 19 of 20 did not exceed. */
function p95(values: readonly number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.ceil(sorted.length * 0.95) - 1] ?? null;
}
