/** Policies and requests that the measures share. */
import { bareRequest } from "../../src/core/bare-request.ts";
import type { ModelRequest } from "../../src/core/request.ts";
import type { ConfigSnapshot } from "../../src/core/snapshot.ts";
import { compilePolicy } from "../../src/policy/compile/compile.ts";
import { parsePolicy } from "../../src/policy/reading/load.ts";

/** `count` rules over `useCases` use cases, every second a table; none of them matches the bench's caller. */
export function rulesPolicy(count: number, useCases: number): string {
  const ids = Array.from({ length: useCases }, (_, i) => `u${i}`);
  const ladder = "ladder: { primary: small }";
  const rules = Array.from({ length: count }, (_, i) => {
    const head = `  - { name: r${i}, use_case: u${i % useCases},`;
    return i % 2 === 0
      ? `${head} match: { tenant: t${i}, input_tokens: "> 10" }, ${ladder} }`
      : `${head} when: 'caller.tenant == "t${i}" && signals.input_tokens > 10', ${ladder} }`;
  });
  return `version: 1
name: rules
providers: { sim: { kind: simulator } }
models:
  large: { context_window: 128000, max_output_tokens: 4096, prices: { input: 2.5, output: 10 } }
  small: { context_window: 128000, max_output_tokens: 4096, prices: { input: 0.15, output: 0.6 } }
deployments:
  large-us: { model: large, provider: sim, model_id: l, region: us-east-1 }
  large-eu: { model: large, provider: sim, model_id: l, region: eu-west-1 }
  small-us: { model: small, provider: sim, model_id: s, region: us-east-1 }
use_cases:
${ids.map((id) => `  ${id}: { ladder: { primary: large@us-east-1, fallback: [small] } }`).join("\n")}
routes:
${rules.join("\n")}
`;
}

export function compiled(text: string): ConfigSnapshot {
  const { document, locate, findings } = parsePolicy([{ file: "rules.yaml", text }]);
  if (document === null) throw new Error(findings[0]?.message);
  const { snapshot, findings: more } = compilePolicy(document, locate, {
    environment: null,
    credential: () => ({ type: "none" }),
    keyHash: () => null,
    simulatorUrl: "http://127.0.0.1:9",
  });
  if (snapshot === null) throw new Error(more[0]?.message);
  return snapshot;
}

export function asking(target: string, text: string): ModelRequest {
  return bareRequest({
    target,
    messages: [{ role: "user", content: [{ type: "text", text }] }],
    origin: { wire: "openai-chat", body: {}, rewritten: new Set() },
  });
}
