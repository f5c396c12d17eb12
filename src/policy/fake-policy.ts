/** A small policy, callers and requests for tests. Owns nothing that serves. */
import { bareRequest } from "../core/bare-request.ts";
import type { Caller } from "../core/caller.ts";
import { seededRandom } from "../core/clock.ts";
import type { HealthView } from "../core/health.ts";
import type { ModelRequest } from "../core/request.ts";
import type { ConfigSnapshot } from "../core/snapshot.ts";
import { type CompilePorts, compilePolicy } from "./compile/compile.ts";
import type { Finding } from "./finding.ts";
import { parsePolicy } from "./reading/load.ts";
import { type RouteInput, resolveUseCase } from "./routing/plan.ts";

export const BASE_POLICY = `version: 1
name: test
providers:
  sim: { kind: simulator }
models:
  large: { context_window: 1000, max_output_tokens: 500, capabilities: [tools, vision], safety_level: high, prices: { input: 3, output: 15 } }
  small: { context_window: 100, max_output_tokens: 50, prices: { input: 1, output: 2 } }
deployments:
  large-us: { model: large, provider: sim, model_id: l, region: us-east-1 }
  large-eu: { model: large, provider: sim, model_id: l, region: eu-west-1 }
  small-us: { model: small, provider: sim, model_id: s, region: us-west-2 }
use_cases:
  chat:
    max_output_tokens: 40
    ladder:
      primary: large@us-east-1
      fallback: [small]
      degraded: [{ busy: { message: Later. } }]
`;

export const FAKE_PORTS: CompilePorts = {
  environment: null,
  credential: ({ env = "?" }) => ({ type: "missing", where: `environment variable ${env}` }),
  keyHash: () => null,
  simulatorUrl: "http://127.0.0.1:9999",
};

/** Every finding of the base and its overlays, and the snapshot when there is no error. */
export function compileTexts(...texts: readonly string[]): {
  readonly snapshot: ConfigSnapshot | null;
  readonly findings: readonly Finding[];
} {
  const sources = texts.map((text, index) => ({
    file: index === 0 ? "policy.yaml" : `overlay-${index}.yaml`,
    text,
  }));
  const parsed = parsePolicy(sources);
  if (parsed.document === null) return { snapshot: null, findings: parsed.findings };
  const compiled = compilePolicy(parsed.document, parsed.locate, FAKE_PORTS);
  return { snapshot: compiled.snapshot, findings: [...parsed.findings, ...compiled.findings] };
}

/** The snapshot of a policy that must be valid. */
export function snapshotOf(...texts: readonly string[]): ConfigSnapshot {
  const { snapshot, findings } = compileTexts(...texts);
  if (snapshot === null) throw new Error(findings.map((finding) => finding.message).join("\n"));
  return snapshot;
}

export const FAKE_CALLER: Caller = {
  keyId: "key-1",
  tenant: "acme",
  tier: "premium",
  role: "caller",
  useCases: null,
};

export const FAKE_REQUEST: ModelRequest = bareRequest({
  target: "chat",
  messages: [{ role: "user", content: [{ type: "text", text: "Hello" }] }],
  origin: { wire: "openai-chat", body: {}, rewritten: new Set() },
});

export const FAKE_HEALTH: HealthView = { healthy: () => true, firstTokenMs: () => 0, inFlight: () => 0 };

/** What routing is asked, for the use case `chat` unless `change` names another target. */
export function routeInput(snapshot: ConfigSnapshot, change: Partial<RouteInput> = {}): RouteInput {
  const caller = change.caller ?? FAKE_CALLER;
  const useCase = resolveUseCase(snapshot, change.request?.target ?? "chat", caller);
  if (!useCase.ok) throw new Error(useCase.fault.message);
  return {
    snapshot,
    useCase: useCase.value,
    request: FAKE_REQUEST,
    caller,
    health: FAKE_HEALTH,
    now: Date.UTC(2026, 5, 1, 13, 30),
    estimatedInputTokens: 10,
    random: seededRandom(1),
    ...change,
  };
}
