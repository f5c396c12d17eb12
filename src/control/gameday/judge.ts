/** The figures of a drill against what must hold. Owns each comparison and its name; measures nothing. */
import type { PreparedDrill } from "./prepared-drill.ts";

/** The figures that a verdict looks at, named as in the report. */
export interface Figures {
  readonly requests: number;
  readonly unsent: number;
  readonly availability: number;
  readonly degraded_share: number;
  readonly truncated_as_complete: number;
  readonly wrong_answers: number;
  readonly hung: number;
  readonly unexplained: number;
  readonly late: number;
  readonly by_use_case: Readonly<
    Record<string, { readonly requests: number; readonly availability: number }>
  >;
  readonly p50_ms: number | null;
  readonly p99_ms: number | null;
  readonly first_token_p99_ms: number | null;
  readonly amplification: number;
  readonly upstream_calls: Readonly<Record<string, number>>;
  readonly faults_struck: Readonly<Record<string, number>>;
  readonly extra_cost: number | null;
  readonly opened_s: number | null;
  readonly recovered_s: number | null;
}

export interface Check {
  /** As the drill's file names it: `availability`, `use_cases.support-chat.availability`. */
  readonly name: string;
  readonly pass: boolean;
  readonly wanted: string;
  /** Null: it could not be measured, which does not pass. */
  readonly measured: number | null;
}

export function judge(drill: PreparedDrill, figures: Figures): readonly Check[] {
  const { slo } = drill;
  const checks: Check[] = [];
  const most = (name: string, limit: number | null | undefined, measured: number | null): void => {
    if (limit === null || limit === undefined) return;
    checks.push({ name, pass: measured !== null && measured <= limit, wanted: `≤ ${limit}`, measured });
  };
  const least = (name: string, limit: number | undefined, measured: number | null): void => {
    if (limit === undefined) return;
    checks.push({ name, pass: measured !== null && measured >= limit, wanted: `≥ ${limit}`, measured });
  };
  const total = Object.values(figures.upstream_calls).reduce((sum, calls) => sum + calls, 0);

  least("requests", 1, figures.requests);
  most("unsent", 0, figures.unsent);
  least("availability", slo.availability, figures.availability);
  for (const [useCase, { availability }] of Object.entries(slo.use_cases ?? {})) {
    const measured = figures.by_use_case[useCase]?.availability ?? null;
    least(`use_cases.${useCase}.availability`, availability, measured);
  }
  most("degraded_share", slo.degraded_share, figures.degraded_share);
  most("truncated_as_complete", slo.truncated_as_complete, figures.truncated_as_complete);
  most("wrong_answers", slo.wrong_answers, figures.wrong_answers);
  most("hung", slo.hung, figures.hung);
  most("unexplained", slo.unexplained, figures.unexplained);
  most("late", slo.late, figures.late);
  most("p50_ms", slo.p50_ms, figures.p50_ms);
  most("p99_ms", slo.p99_ms, figures.p99_ms);
  most("first_token_p99_ms", slo.first_token_p99_ms, figures.first_token_p99_ms);
  most("amplification", slo.amplification, figures.amplification);
  most("extra_cost", slo.extra_cost, figures.extra_cost);
  for (const [deployment, limit] of Object.entries(slo.upstream_share ?? {})) {
    const share = (figures.upstream_calls[deployment] ?? 0) / total;
    most(`upstream_share.${deployment}`, limit, total === 0 ? null : share);
  }
  most("open_within", inSeconds(drill.openWithinMs), figures.opened_s);
  most("recover_within", inSeconds(drill.recoverWithinMs), figures.recovered_s);
  if (drill.faults.length > 0) {
    // A drill whose faults struck nobody has rehearsed nothing.
    const struck = Object.values(figures.faults_struck).reduce((sum, count) => sum + count, 0);
    least("faults_struck", 1, struck);
  }
  return checks;
}

function inSeconds(ms: number | null): number | null {
  return ms === null ? null : ms / 1000;
}
