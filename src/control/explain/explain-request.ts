/** Explain for a request as a caller would send it: the same parsing, the same engine, no model called. */
import type { Caller, Role } from "../../core/caller.ts";
import type { Clock } from "../../core/clock.ts";
import { ok, type Result } from "../../core/faults.ts";
import type { HealthView } from "../../core/health.ts";
import type { ConfigSnapshot } from "../../core/snapshot.ts";
import { type Explanation, explainRoute } from "../../policy/explain.ts";
import { measureRequest } from "../../policy/measure-request.ts";
import { resolveUseCase } from "../../policy/plan.ts";
import type { AnyWire } from "../../providers/wire-registry.ts";

export interface ExplainQuestion {
  /** A body in the dialect of `wire`. */
  readonly body: unknown;
  /** Who would ask; absent fields take these: tenant `default`, tier `standard`, role `caller`. */
  readonly caller?:
    | {
        readonly key?: string | undefined;
        readonly tenant?: string | undefined;
        readonly tier?: string | undefined;
        readonly role?: Role | undefined;
      }
    | undefined;
}

export interface ExplainPorts {
  readonly snapshot: ConfigSnapshot;
  readonly wire: AnyWire;
  readonly health: HealthView;
  readonly clock: Clock;
}

/** Faults: those that the request itself would meet before a model was called. */
export async function explainRequest(
  question: ExplainQuestion,
  ports: ExplainPorts,
): Promise<Result<Explanation>> {
  const parsed = ports.wire.parseRequest(question.body, { contract: {}, strict: false });
  if (!parsed.ok) return parsed;
  const request = parsed.value;
  const { key, tenant, tier, role } = question.caller ?? {};
  const caller: Caller = {
    keyId: key ?? "explain",
    tenant: tenant ?? "default",
    tier: tier ?? "standard",
    role: role ?? "caller",
    useCases: null,
  };
  const useCase = resolveUseCase(ports.snapshot, request.target, caller);
  if (!useCase.ok) return useCase;
  return ok(
    explainRoute({
      snapshot: ports.snapshot,
      useCase: useCase.value,
      request,
      caller,
      health: ports.health,
      now: ports.clock.now(),
      estimatedInputTokens: await measureRequest(request, useCase.value),
      // The middle of every weighted choice: explain shows one ladder, the same each time.
      random: () => 0.5,
    }),
  );
}
