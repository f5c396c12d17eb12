/**
 * `pointsman explain`: what would happen to a request, and why. Owns how the question is put together; the
 * answer comes from the engine that serves traffic, here or in a running gateway.
 */
import { type Command, Option } from "commander";
import { type ExplainQuestion, explainRequest } from "../../control/explain/explain-request.ts";
import { ROLES, type Role } from "../../core/caller.ts";
import type { HealthView } from "../../core/health.ts";
import type { ConfigSnapshot } from "../../core/snapshot.ts";
import { askGateway, reportFailure } from "../ask.ts";
import { complainOfFindings } from "../complain-of-findings.ts";
import { addExamples, type CommandContext, terminalOf } from "../context.ts";
import { drawExplanation } from "../draw-explanation.ts";
import { EXIT } from "../exit-codes.ts";
import { type ExplanationView, explanationView } from "../gateway-answers.ts";
import { compileLocalPolicy, DEFAULT_POLICY } from "../local-policy.ts";
import { addGatewayOptions, countUpTo, type GatewayOptions } from "../options.ts";
import type { Terminal } from "../terminal.ts";
import { moment } from "./decisions/export.ts";
import { readBody } from "./explain-body.ts";
import { explainReplay } from "./explain-replay.ts";

interface ExplainArguments extends GatewayOptions {
  readonly policy: string;
  readonly env?: string;
  readonly useCase?: string;
  readonly body?: string;
  readonly tier?: string;
  readonly tenant?: string;
  readonly role?: Role;
  readonly key?: string;
  readonly stream?: boolean;
  readonly arm?: string;
  readonly replay?: string | true;
  readonly since?: string;
  readonly until?: string;
  readonly limit?: number;
  readonly failOnChange?: boolean;
  readonly failOnRefusal?: boolean;
}

/** Nothing is called here, so nothing is known to be ill. */
const ALL_HEALTHY: HealthView = { healthy: () => true, firstTokenMs: () => 0, inFlight: () => 0 };

export function addExplain(program: Command, context: CommandContext): void {
  const command = program
    .command("explain")
    .description("show the rule, the refusals and the ladder of a request, without calling a model")
    .argument("[prompt]", 'what the user says, or the text to embed (default: "Hello.")')
    .option("--policy <file>", "the policy", DEFAULT_POLICY)
    .option("--env <name>", "with the overlay of an environment")
    .option("--use-case <id>", "the use case or alias (default: the policy's only one)")
    .option("--body <file>", "a whole Chat Completions or Embeddings body as JSON; - reads standard input")
    .option("--tier <tier>", "tier of the key that would ask (default: the named key's, else standard)")
    .option("--tenant <tenant>", "its tenant (default: the named key's, else default)")
    .addOption(new Option("--role <role>", "its role (default: the named key's, else caller)").choices(ROLES))
    .option(
      "--key <id>",
      "its public id, never the key itself; it may ask for what the policy lets it (default: explain)",
    )
    .option("--arm <rollout/arm>", "as if it were in this arm, whatever weights and conditions say")
    .option("--stream", "as a streaming request")
    .option("--replay [file]", "past requests instead: records of `decisions export`; - reads standard input")
    .option(
      "--since <when>",
      "with --replay alone: the gateway's own records from then on, such as 24h",
      moment,
    )
    .option("--until <when>", "and before then (default: now)", moment)
    .option("--limit <count>", "of the gateway's own records (default: 10000)", countUpTo(100_000))
    .option("--fail-on-change", "with --replay: end with 1 where a request would go elsewhere")
    .option("--fail-on-refusal", "with --replay: end with 1 where a request would be refused that was not");
  addGatewayOptions(command).addHelpText(
    "after",
    "\nWithout --url the policy file is read and every deployment counts as healthy; with --url the running\n" +
      "gateway answers from its policy in force and what it knows of its deployments.",
  );
  addExamples(command, [
    [
      "pointsman explain --replay decisions.jsonl --policy candidate.yaml --fail-on-refusal",
      "which past requests would this policy have routed differently, and at what cost?",
    ],
    ["pointsman explain --replay --since 24h --policy candidate.yaml", "the records of the running gateway"],
    ['pointsman explain "Where is my parcel?" --use-case support-chat', "which ladder serves this?"],
    ['pointsman explain "Hey" --use-case support-chat --tier free', "and for a key of the free tier?"],
    [
      "pointsman explain --body request.json --url http://127.0.0.1:8080 --json",
      "as the gateway sees it now",
    ],
  ]);
  command.action(async (prompt: string | undefined, options: ExplainArguments) =>
    context.end(await explain(context, command, prompt, options)),
  );
}

async function explain(
  context: CommandContext,
  command: Command,
  prompt: string | undefined,
  options: ExplainArguments,
): Promise<number> {
  const terminal = terminalOf(context, command);
  const { replay } = options;
  if (replay !== undefined) return explainReplay(context, terminal, { ...options, replay });
  const local = options.url === undefined ? await loadSnapshot(context, terminal, options) : null;
  if (local !== null && !local.ok) return local.exitCode;
  const useCases = local === null ? null : useCaseNames(local.snapshot);
  const body = await readBody(context.ports, { ...options, prompt, useCases });
  if (!body.ok) {
    terminal.complain(body.message, body.fix);
    return EXIT.usage;
  }
  const { key, tenant, tier, role, arm } = options;
  const question: ExplainQuestion = { body: body.body, caller: { key, tenant, tier, role }, arm };
  return local === null
    ? explainRemotely(context, terminal, options, question)
    : explainLocally(context, terminal, local.snapshot, question);
}

type Loaded =
  | { readonly ok: true; readonly snapshot: ConfigSnapshot }
  | { readonly ok: false; readonly exitCode: number };

async function loadSnapshot(
  { ports }: CommandContext,
  terminal: Terminal,
  { policy, env }: ExplainArguments,
): Promise<Loaded> {
  const read = await compileLocalPolicy(ports, policy, env ?? null);
  if (!read.ok) {
    terminal.complain(read.message, read.fix);
    return { ok: false, exitCode: EXIT.usage };
  }
  const { built, findings } = read.compiled;
  if (built) return { ok: true, snapshot: built.snapshot };
  complainOfFindings(terminal, `${policy} is not valid`, findings, read.sources, " Mend it first.");
  return { ok: false, exitCode: EXIT.notRight };
}

/** Without aliases. */
function useCaseNames(snapshot: ConfigSnapshot): readonly string[] {
  return [...new Set([...snapshot.useCases.values()].map((useCase) => useCase.id))];
}

async function explainLocally(
  { ports }: CommandContext,
  terminal: Terminal,
  snapshot: ConfigSnapshot,
  question: ExplainQuestion,
): Promise<number> {
  const explained = await explainRequest(question, {
    snapshot,
    health: ALL_HEALTHY,
    clock: ports.clock,
  });
  if (explained.ok) return show(terminal, explained.value, explained.value);
  const { kind, code, message, param } = explained.fault;
  if (terminal.json) terminal.printJson({ error: { type: kind, code, message, param: param ?? null } });
  terminal.complain(`The request would be refused: ${message}`, "Change the request, or the policy.");
  return EXIT.notRight;
}

async function explainRemotely(
  context: CommandContext,
  terminal: Terminal,
  options: ExplainArguments,
  { body, caller, arm }: ExplainQuestion,
): Promise<number> {
  const question = { path: "/admin/explain", body: { request: body, caller, arm } };
  const asked = await askGateway(context, options, question, explanationView);
  if (asked.ok) return show(terminal, asked.raw, asked.view);
  const exitCode = reportFailure(terminal, asked);
  // The gateway did answer: the request, not the gateway, is at fault, as it would be without --url.
  return asked.status === 400 ? EXIT.notRight : exitCode;
}

function show(terminal: Terminal, raw: unknown, view: ExplanationView): number {
  if (terminal.json) terminal.printJson(raw);
  else terminal.print(drawExplanation(view, terminal));
  return view.fault === null ? EXIT.success : EXIT.notRight;
}
