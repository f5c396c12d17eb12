/**
 * A request of the past, routed by another policy with the engine that serves traffic. Owns how a record becomes
 * the engine's input, and when it cannot; compares nothing.
 */
import { bareRequest } from "../../core/bare-request.ts";
import type { Deployment } from "../../core/deployment.ts";
import type { FlagSource } from "../../core/flags.ts";
import type { HealthView } from "../../core/health.ts";
import type { RoutePlan } from "../../core/plan.ts";
import type { ContentPart, Message, ModelRequest } from "../../core/request.ts";
import type { PlannedRoute, RoutingFacts } from "../../core/routing-facts.ts";
import type { ConfigSnapshot } from "../../core/snapshot.ts";
import type { RequestSpend, SpendSum } from "../../core/spend.ts";
import { callerNamed } from "../caller-named.ts";
import type { Estimates } from "../conditions/rule-facts.ts";
import { COMPLEXITY_VERSION } from "../estimates/complexity.ts";
import { BASIS, hashText, mix } from "../rollouts/rendezvous.ts";
import { draftRoute, planRoute, type RouteInput, resolveUseCase } from "../routing/plan.ts";
import { createDraws } from "./draws.ts";
import type { PastRequest } from "./past-request.ts";
import { plannedRoute } from "./routing-tap.ts";

export type ReplayedRoute =
  | {
      readonly result: "routed";
      readonly plan: PlannedRoute;
      /** Those that chance, latency or load could have put first just as well. */
      readonly peers: readonly Deployment[];
    }
  /** The policy has no such use case, or not for this key. */
  | { readonly result: "refused"; readonly code: string }
  /** This policy's answer hangs on what the record does not have. */
  | { readonly result: "lacks"; readonly why: Lacking };

/**
 * What a rule reads, or the messages of a request that is shortened first. `other_complexity`: a score of another version
 * of the estimate, which no threshold of today's means.
 */
type Lacking = "no_complexity" | "other_complexity" | "no_language" | "no_spend" | "no_messages";

export interface Replayer {
  /** Pure, and some microseconds. */
  route(past: PastRequest): ReplayedRoute;
}

/** A policy to route past requests by. Its keys decide who a key is; a key that it has not is who it was. */
export function createReplayer(snapshot: ConfigSnapshot): Replayer {
  return { route: (past) => routePast(past, snapshot) };
}

function routePast(past: PastRequest, snapshot: ConfigSnapshot): ReplayedRoute {
  const { facts } = past;
  const { keyId, tenant, tier } = past;
  const caller = callerNamed({ key: keyId }, snapshot, { keyId, tenant, tier, role: facts.role });
  const useCase = resolveUseCase(snapshot, facts.target ?? past.useCase, caller);
  if (!useCase.ok) return { result: "refused", code: useCase.fault.code };
  const recorded = new RecordedSignals(facts);
  const draws = createDraws(facts.draw ?? mix(hashText(past.id, BASIS)));
  const input: RouteInput = {
    snapshot,
    useCase: useCase.value,
    request: requestOf(past),
    caller,
    health: healthOf(facts),
    now: past.at,
    estimatedInputTokens: facts.inputTokens,
    random: () => draws.next(),
    flags: flagsOf(facts),
    estimates: recorded,
    spend: recorded,
    ...(facts.longestInputTokens !== undefined && { longestInputTokens: facts.longestInputTokens }),
    ...(facts.user !== undefined && { userDigest: facts.user }),
    ...(past.withoutCredential && { withoutCredential: past.withoutCredential }),
  };
  const planned = planRoute(input);
  if (recorded.lacking !== null) return { result: "lacks", why: recorded.lacking };
  // As traffic does: who would have been tried, where nobody is left, is asked anew.
  const plan = planned.ok ? planned.value : draftRoute(input);
  const route = plannedRoute(plan, input);
  if (route.shortened) return { result: "lacks", why: "no_messages" };
  return { result: "routed", plan: route, peers: peersOf(plan) };
}

/**
 * Whose order in the first rung is none of the policy's own. Those of one model cost the same: `lowest_cost` leaves their
 * order to weights as the others do.
 */
function peersOf({ rungs }: RoutePlan): readonly Deployment[] {
  const [first] = rungs;
  return first === undefined || first.selection === "sticky" ? [] : first.candidates;
}

class RecordedSignals implements Estimates, RequestSpend {
  lacking: Lacking | null = null;
  readonly #facts: RoutingFacts;

  constructor(facts: RoutingFacts) {
    this.#facts = facts;
  }

  complexity(): number {
    const { complexity, complexityVersion } = this.#facts;
    if (complexity === undefined) this.lacking ??= "no_complexity";
    else if (complexityVersion !== COMPLEXITY_VERSION) this.lacking ??= "other_complexity";
    return complexity ?? 0;
  }

  language(): string {
    if (this.#facts.language === undefined) this.lacking ??= "no_language";
    return this.#facts.language ?? "und";
  }

  /** As it was then, of the tenant that the key had. */
  spent(sum: SpendSum): number {
    const spent = this.#facts.spend?.[sum];
    if (spent === undefined) this.lacking ??= "no_spend";
    return spent ?? 0;
  }
}

/** What routing did not look at then counts as it does in explain: healthy, idle, no token seen. */
function healthOf({ health = {} }: RoutingFacts): HealthView {
  const seen = (id: string) => (Object.hasOwn(health, id) ? health[id] : undefined);
  return {
    healthy: (id) => seen(id)?.healthy ?? true,
    firstTokenMs: (id) => seen(id)?.firstTokenMs ?? 0,
    inFlight: (id) => seen(id)?.inFlight ?? 0,
  };
}

function flagsOf({ flags }: RoutingFacts): FlagSource | null {
  if (flags === undefined) return null;
  return {
    lookUp(name) {
      const value = Object.hasOwn(flags, name) ? flags[name] : undefined;
      return value === undefined ? null : { value, variant: null, reason: "CACHED" };
    },
  };
}

const NOTHING: Message = { role: "user", content: [] };
const IMAGE: ContentPart = { type: "image", source: { kind: "base64", mediaType: "image/png", data: "" } };
const DOCUMENT: ContentPart = {
  type: "document",
  source: { kind: "text", mediaType: "text/plain", text: "" },
};
const TOOL = { name: "tool", parameters: {} };

/** A request with the same needs and no content. */
function requestOf({ useCase, contract, stream, facts }: PastRequest): ModelRequest {
  const { target = useCase, operation = "chat", messages, maxTokens, choices = 2, needs = [] } = facts;
  const media: ContentPart[] = [];
  if (needs.includes("vision")) media.push(IMAGE);
  if (needs.includes("documents")) media.push(DOCUMENT);
  const list = new Array<Message>(messages).fill(NOTHING);
  if (media.length > 0) list[0] = { role: "user", content: media };
  return bareRequest({
    operation,
    target,
    contract,
    messages: list,
    tools: needs.includes("tools") ? [TOOL] : [],
    sampling: {
      ...(maxTokens !== undefined && { maxTokens }),
      ...(needs.includes("multiple_choices") && { choices }),
    },
    responseFormat: formatOf(needs),
    ...(operation === "embed" && { embedding: { inputs: [] } }),
    stream,
  });
}

function formatOf(needs: readonly string[]): ModelRequest["responseFormat"] {
  if (needs.includes("json_schema")) return { type: "json_schema", name: "past", schema: {}, strict: false };
  return { type: needs.includes("json_mode") ? "json" : "text" };
}
