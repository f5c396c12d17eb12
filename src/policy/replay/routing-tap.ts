/**
 * Notes what routing reads from outside the request: chance, the deployments' condition, flags of another system, what
 * was spent. With that on record the same policy routes the request the same way again. Changes nothing of what is
 * read.
 */

import type { Caller } from "../../core/caller.ts";
import type { Random } from "../../core/clock.ts";
import type { FlagDetails, FlagSource, FlagValue } from "../../core/flags.ts";
import type { HealthView } from "../../core/health.ts";
import type { NanoDollars } from "../../core/money.ts";
import type { RoutePlan } from "../../core/plan.ts";
import { type ModelRequest, requiredCapabilities } from "../../core/request.ts";
import type { PlannedRoute, RoutingFacts, SeenHealth } from "../../core/routing-facts.ts";
import type { EstimateRecording } from "../../core/settings.ts";
import { type RequestSpend, SPEND_SUMS, type SpendSum, type SpendView } from "../../core/spend.ts";
import type { Writable } from "../../core/writable.ts";
import { RequestEstimates } from "../conditions/rule-facts.ts";
import { overlong } from "../routing/first-measure.ts";
import { type RouteInput, refusalOf } from "../routing/plan.ts";
import { createDraws, type Draws, WORD } from "./draws.ts";

interface Outside {
  readonly health: HealthView;
  readonly flags: FlagSource | null;
  readonly random: Random;
  /** Null: nothing was spent by anybody. */
  readonly spend: SpendView | null;
  /** Whose request it is, for which use case, and when: epoch milliseconds. */
  readonly caller: Caller;
  readonly useCase: string;
  readonly now: number;
}

/** One a request. It is itself the health, the flags, the chance and the spending that routing is given. */
export class RoutingTap implements HealthView, RequestSpend {
  readonly estimates: RequestEstimates;
  readonly random: Random;
  readonly flags: FlagSource | null;
  readonly #outside: Outside;
  #draws: Draws | null = null;
  #health: Record<string, Writable<SeenHealth>> | null = null;
  #flags: Record<string, FlagValue> | null = null;
  #spend: Partial<Record<SpendSum, NanoDollars>> | null = null;
  #sealed = false;

  constructor(outside: Outside, request: ModelRequest) {
    this.#outside = outside;
    this.estimates = new RequestEstimates(request);
    this.random = () => this.#draw();
    this.flags = outside.flags === null ? null : { lookUp: (...asked) => this.#lookUp(...asked) };
  }

  healthy(id: string): boolean {
    const healthy = this.#outside.health.healthy(id);
    const seen = this.#seen(id);
    if (seen) seen.healthy = healthy;
    return healthy;
  }

  firstTokenMs(id: string): number {
    const firstTokenMs = this.#outside.health.firstTokenMs(id);
    const seen = this.#seen(id);
    if (seen) seen.firstTokenMs = firstTokenMs;
    return firstTokenMs;
  }

  inFlight(id: string): number {
    const inFlight = this.#outside.health.inFlight(id);
    const seen = this.#seen(id);
    if (seen) seen.inFlight = inFlight;
    return inFlight;
  }

  /** One request sees one sum, however often it is read and whatever ends meanwhile. */
  spent(sum: SpendSum): NanoDollars {
    const noted = this.#spend?.[sum];
    if (noted !== undefined) return noted;
    const { spend, caller, useCase, now } = this.#outside;
    const spender = { tenant: caller.tenant, keyId: caller.keyId, useCase };
    const spent = spend === null ? 0 : spend.spent(sum, spender, now);
    if (!this.#sealed) {
      this.#spend ??= {};
      this.#spend[sum] = spent;
    }
    return spent;
  }

  /**
   * From now on nothing is noted: whoever routes the request again does so for another reason. What was spent is
   * noted now where it is to be on every record: later it would be another sum.
   */
  seal(estimates: EstimateRecording): void {
    if (estimates === "always") for (const sum of SPEND_SUMS) this.spent(sum);
    this.#sealed = true;
  }

  /** What goes on record of the plan that was made of `input`, which was given this tap. */
  facts(input: RouteInput, plan: RoutePlan, estimates: EstimateRecording): RoutingFacts {
    const { request, useCase, caller, estimatedInputTokens, longestInputTokens } = input;
    const needs = requiredCapabilities(request);
    const facts: Writable<RoutingFacts> = {
      role: caller.role,
      inputTokens: estimatedInputTokens,
      messages: request.messages.length,
      planned: plannedRoute(plan, input),
    };
    if (request.target !== useCase.id) facts.target = request.target;
    if (request.operation !== "chat") facts.operation = request.operation;
    if (longestInputTokens !== undefined) facts.longestInputTokens = longestInputTokens;
    if (request.sampling.maxTokens !== undefined) facts.maxTokens = request.sampling.maxTokens;
    const { choices = 1 } = request.sampling;
    if (choices > 1) facts.choices = choices;
    if (needs.length > 0) facts.needs = needs;
    if (input.userDigest !== undefined) facts.user = input.userDigest;
    if (this.#draws !== null) facts.draw = this.#draws.first;
    if (this.#health !== null) facts.health = this.#health;
    if (this.#flags !== null) facts.flags = this.#flags;
    if (this.#spend !== null) facts.spend = this.#spend;
    if (estimates === "always") {
      this.estimates.complexity();
      this.estimates.language();
    }
    return Object.assign(facts, this.estimates.made());
  }

  #draw(): number {
    this.#draws ??= createDraws(Math.floor(this.#outside.random() * WORD));
    return this.#draws.next();
  }

  #seen(id: string): Writable<SeenHealth> | null {
    if (this.#sealed) return null;
    this.#health ??= Object.create(null) as Record<string, Writable<SeenHealth>>;
    let seen = this.#health[id];
    if (seen === undefined) {
      seen = {};
      this.#health[id] = seen;
    }
    return seen;
  }

  #lookUp(flag: string, like: FlagValue, caller: Caller, user: string | undefined): FlagDetails | null {
    const details = this.#outside.flags?.lookUp(flag, like, caller, user) ?? null;
    if (details !== null && !this.#sealed) {
      this.#flags ??= Object.create(null) as Record<string, FlagValue>;
      this.#flags[flag] = details.value;
    }
    return details;
  }
}

/** What `plan`, which `input` gave, would call first; of a plan that calls nobody as it stands, what is left. */
export function plannedRoute(plan: RoutePlan, input: RouteInput): PlannedRoute {
  const { rule, arm, rungs } = plan;
  if (overlong(plan, input)?.first === "shorten")
    return { rule, ...(arm && { arm: arm.label }), shortened: true };
  const rung = rungs[0];
  const deployment = rung?.candidates[0];
  const refusal = refusalOf(plan, input);
  return {
    rule,
    ...(arm && { arm: arm.label }),
    ...(!refusal &&
      rung &&
      deployment && { first: { rung: rung.kind, model: deployment.model.id, deployment: deployment.id } }),
    ...(refusal && { refused: refusal.code }),
  };
}
