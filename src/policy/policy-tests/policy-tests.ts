/**
 * The policy's own tests: its promises, kept against the engine that serves traffic. Owns what a broken
 * promise is called; routing decides what becomes of each request.
 */

import type { Deployment } from "../../core/deployment.ts";
import type { OverflowLabel } from "../../core/plan.ts";
import type { ConfigSnapshot, UseCase } from "../../core/snapshot.ts";
import type { Steps } from "../../core/steps.ts";
import type { PolicyDocument } from "../document/document.ts";
import type { PolicyTest } from "../document/tests.ts";
import { estimateTokens } from "../estimates/estimate-tokens.ts";
import { explainSignals } from "../explain/explain.ts";
import type { Path, Report } from "../finding.ts";
import { type Foreseen, foreseeByEstimate } from "../overflow/foresee.ts";
import { DEFAULT_RULE, type RouteInput, resolveUseCase } from "../routing/plan.ts";
import { suggestion } from "../suggest.ts";
import { armed } from "./armed.ts";
import { candidatesOf, ladderMatches, modelNamed } from "./test-ladder.ts";
import { callerOfTest, healthOfTest, requestOfTest, spendOfTest } from "./test-request.ts";

export interface PolicyTestCounts {
  readonly total: number;
  readonly passed: number;
  /** Names of those that failed, in the order of the policy. */
  readonly failed: readonly string[];
}

const FIX = "Mend the rule or the expectation; `pointsman explain` shows each step of the decision.";

/**
 * Runs every test of `document` against `snapshot`, which was compiled from it. Each broken expectation is
 * an error of `report`. A credential that this machine lacks refuses nothing: a test is about the policy.
 */
export function* policyTestSteps(
  document: PolicyDocument,
  snapshot: ConfigSnapshot,
  report: Report,
): Steps<PolicyTestCounts> {
  const failed: string[] = [];
  const names = new Set<string>();
  const world: World = { document, snapshot, armed: new Map(), report };
  for (const [index, test] of document.tests.entries()) {
    yield;
    const path = ["tests", index];
    const before = report.findings.length;
    if (names.has(test.name)) {
      const message = `Another test is called "${test.name}".`;
      report.error("duplicate_test", [...path, "name"], message, "Give each its own name.");
    }
    names.add(test.name);
    if (namesExist(test, path, world)) runTest(test, path, world);
    if (report.findings.length > before) failed.push(test.name);
  }
  const total = document.tests.length;
  return { total, passed: total - failed.length, failed };
}

interface World {
  readonly document: PolicyDocument;
  readonly snapshot: ConfigSnapshot;
  readonly armed: Map<UseCase, UseCase>;
  readonly report: Report;
}

function runTest(test: PolicyTest, path: Path, world: World): void {
  const { expect, request: asked } = test;
  const request = requestOfTest(asked);
  const caller = callerOfTest(asked, world.snapshot);
  const fail = (at: Path, wanted: string, came: string) => {
    const message = `The test "${test.name}" expects ${wanted}; ${came}.`;
    world.report.error("failed_test", [...path, ...at], message, FIX);
  };
  const resolved = resolveUseCase(world.snapshot, request.target, caller);
  if (!resolved.ok) {
    const { code, message } = resolved.fault;
    if (expect.error !== code)
      fail(
        ["request", "use_case"],
        wantedError(expect),
        `the error is ${code}: ${message.replace(/\.$/, "")}`,
      );
    return;
  }
  const input: RouteInput = {
    snapshot: world.snapshot,
    useCase: armed(resolved.value, world.armed),
    request,
    caller,
    health: healthOfTest(asked),
    spend: spendOfTest(asked),
    now: Date.parse(asked.at),
    estimatedInputTokens: asked.input_tokens ?? estimateTokens(request),
    // As explain does: the middle of every weighted choice.
    random: () => 0.5,
  };
  const foreseen = foreseeByEstimate(input);
  const error = foreseen.fault?.code ?? null;
  if (error !== (expect.error ?? null)) {
    const at = expect.error === undefined ? [] : ["expect", "error"];
    const came = error === null ? "the request is served" : `the error is ${error}`;
    fail(at, wantedError(expect), came);
  }
  checkPlan(test, foreseen, world, fail);
  checkOverflow(test, foreseen, fail);
}

function wantedError({ error }: PolicyTest["expect"]): string {
  return error === undefined ? "no error" : `the error ${error}`;
}

type Fail = (at: Path, wanted: string, came: string) => void;

function checkPlan(
  { expect }: PolicyTest,
  { plan, route, overflow }: Foreseen,
  world: World,
  fail: Fail,
): void {
  if (expect.rule !== undefined && plan.rule !== expect.rule) {
    const because = describeSignals(route);
    fail(["expect", "rule"], `the rule ${expect.rule}`, `the rule is ${plan.rule}${because}`);
  }
  const candidates = candidatesOf(plan);
  if (expect.ladder !== undefined && !ladderMatches(expect.ladder, candidates, world.snapshot)) {
    fail(["expect", "ladder"], `the ladder ${inBrackets(expect.ladder)}`, `it is ${describe(candidates)}`);
  }
  const [first] = candidates;
  if (
    expect.primary !== undefined &&
    first?.id !== expect.primary &&
    first?.model.id !== modelNamed(expect.primary, world.snapshot)
  ) {
    const came = first === undefined ? "nothing is tried" : `it is ${first.id} of ${first.model.id}`;
    fail(["expect", "primary"], `${expect.primary} to be tried first`, came);
  }
  // What is shortened was refused before, as it was sent.
  const refusals = [...plan.refusals, ...(overflow?.plan.refusals ?? [])];
  for (const [deployment, constraint] of Object.entries(expect.refused ?? {})) {
    const refusal = refusals.find((one) => one.deployment === deployment);
    if (refusal?.constraint === constraint) continue;
    const came =
      refusal === undefined
        ? "it is not refused"
        : `${refusal.constraint} refuses it: ${plain(refusal.reason)}`;
    fail(["expect", "refused", deployment], `${constraint} to refuse ${deployment}`, came);
  }
}

function checkOverflow(
  { expect: { overflow: wanted } }: PolicyTest,
  { overflow }: Foreseen,
  fail: Fail,
): void {
  if (wanted === undefined) return;
  const came = outcomeOf(overflow);
  if (came.how !== wanted.how) {
    fail(["expect", "overflow", "how"], `the overflow ${wanted.how}`, came.words);
  } else if (wanted.dropped !== undefined && wanted.dropped !== came.dropped) {
    const messages = wanted.dropped === 1 ? "message" : "messages";
    const left = came.dropped === 1 ? "1 is" : `${came.dropped} are`;
    fail(["expect", "overflow", "dropped"], `${wanted.dropped} ${messages} to be left out`, left);
  }
}

interface Outcome {
  /** Null: nothing is done. */
  readonly how: OverflowLabel | null;
  readonly dropped: number;
  readonly words: string;
}

function outcomeOf(overflow: Foreseen["overflow"]): Outcome {
  const nothing = { how: null, dropped: 0 };
  if (overflow === null) return { ...nothing, words: "it is not too long where its ladder begins" };
  const { fitted } = overflow;
  switch (fitted.result) {
    case "shortened":
      return { how: fitted.how, dropped: fitted.short.dropped.length, words: `it is ${fitted.how}` };
    case "larger_model":
      return { how: fitted.result, dropped: 0, words: "a larger model gets it whole" };
    default:
      return { ...nothing, words: "nothing helps" };
  }
}

/** What the rules saw of the text, where they look at it. */
function describeSignals(input: RouteInput): string {
  const { complexity, language } = explainSignals(input);
  const seen: string[] = [];
  if (complexity !== null) seen.push(`complexity ${complexity}`);
  if (language !== null) seen.push(`language ${language}`);
  return seen.length === 0 ? "" : ` (${seen.join(", ")})`;
}

function describe(candidates: readonly Deployment[]): string {
  return candidates.length === 0 ? "empty" : inBrackets(candidates.map(({ id }) => id));
}

function inBrackets(names: readonly string[]): string {
  return `[${names.join(", ")}]`;
}

function plain(reason: string): string {
  return reason.replace(/\.$/, "");
}

/** Whether every name of the test exists; a test of nothing would hold for ever. */
function namesExist({ request, expect }: PolicyTest, path: Path, world: World): boolean {
  const { document, snapshot, report } = world;
  const deployments = [...snapshot.deployments.keys()];
  const either = [...deployments, ...snapshot.models.keys(), ...snapshot.modelAliases.keys()];
  const rules = [...document.routes.map(({ name }) => name), DEFAULT_RULE];
  const before = report.findings.length;
  const check = (name: string, known: readonly string[], kind: string, at: Path, key = false) => {
    if (known.includes(name)) return;
    const message = `There is no ${kind} "${name}".`;
    const fix = suggestion(name, known, "Name one that exists.");
    report.error(`unknown_${kind.split(" ")[0]}`, [...path, ...at], message, fix, { key });
  };
  if (expect.rule !== undefined) check(expect.rule, rules, "route", ["expect", "rule"]);
  if (expect.primary !== undefined)
    check(expect.primary, either, "deployment or model", ["expect", "primary"]);
  for (const [index, name] of (expect.ladder ?? []).entries()) {
    check(name, either, "deployment or model", ["expect", "ladder", index]);
  }
  for (const field of ["healthy", "first_token_ms"] as const) {
    for (const name of Object.keys(request[field])) {
      check(name, deployments, "deployment", ["request", field, name], true);
    }
  }
  for (const name of Object.keys(expect.refused ?? {})) {
    check(name, deployments, "deployment", ["expect", "refused", name], true);
  }
  return report.findings.length === before;
}
