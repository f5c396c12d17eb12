/** A test's request as routing is asked it. Owns what a test leaves unsaid. */
import { bareRequest } from "../../core/bare-request.ts";
import type { Caller } from "../../core/caller.ts";
import type { Contract } from "../../core/contract.ts";
import type { HealthView } from "../../core/health.ts";
import { usdToNano } from "../../core/money.ts";
import type { ContentPart, Message, ModelRequest } from "../../core/request.ts";
import type { ConfigSnapshot } from "../../core/snapshot.ts";
import type { RequestSpend, SpendSum } from "../../core/spend.ts";
import { callerNamed, nobody } from "../caller-named.ts";
import type { PolicyTest } from "../document/tests.ts";

type Asked = PolicyTest["request"];

const DEFAULT_TEXT = "Hello.";

/** The request; nothing of it came over a wire. */
export function requestOfTest(asked: Asked): ModelRequest {
  const isEmbedding = asked.operation === "embed";
  const request = bareRequest({
    operation: asked.operation,
    target: asked.use_case,
    contract: contractOf(asked),
    messages: isEmbedding ? [] : messagesOf(asked),
    tools: asked.tools.map((name) => ({ name, parameters: {} })),
    sampling: asked.max_tokens === undefined ? {} : { maxTokens: asked.max_tokens },
    responseFormat: formatOf(asked),
    stream: asked.stream,
  });
  return isEmbedding ? { ...request, embedding: { inputs: [asked.text ?? DEFAULT_TEXT] } } : request;
}

/** A test that names a key is of what the policy says of it. */
export function callerOfTest({ caller }: Asked, snapshot: ConfigSnapshot): Caller {
  return callerNamed(caller, snapshot, nobody("test"));
}

export function healthOfTest({ healthy, first_token_ms: firstTokenMs }: Asked): HealthView {
  return {
    healthy: (id) => !Object.hasOwn(healthy, id) || healthy[id] === true,
    firstTokenMs: (id) => (Object.hasOwn(firstTokenMs, id) ? (firstTokenMs[id] ?? 0) : 0),
    inFlight: () => 0,
  };
}

/** What was spent today was spent in this month, too. */
export function spendOfTest(asked: Asked): RequestSpend {
  const sums: Readonly<Record<SpendSum, number | undefined>> = {
    tenant_today: asked.spend_tenant_today,
    tenant_month: asked.spend_tenant_month ?? asked.spend_tenant_today,
    key_today: asked.spend_key_today,
    key_month: asked.spend_key_month ?? asked.spend_key_today,
    use_case_today: asked.spend_use_case_today,
    use_case_month: asked.spend_use_case_month ?? asked.spend_use_case_today,
  };
  return { spent: (sum) => usdToNano(sums[sum] ?? 0) };
}

function contractOf(asked: Asked): Contract {
  return {
    ...(asked.task_type !== undefined && { taskType: asked.task_type }),
    ...(asked.latency_tier !== undefined && { latencyTier: asked.latency_tier }),
    ...(asked.safety_level !== undefined && { safetyLevel: asked.safety_level }),
    ...(asked.context_window !== undefined && { contextWindow: asked.context_window }),
    ...(asked.residency !== undefined && { residency: asked.residency }),
  };
}

/** Images stand in the last message, as a caller would add them to a question. */
function messagesOf(asked: Asked): readonly Message[] {
  const written = asked.messages ?? [{ role: "user" as const, text: asked.text ?? DEFAULT_TEXT }];
  return written.map(({ role, text }, index) => {
    const content: ContentPart[] = [{ type: "text", text }];
    const images = index === written.length - 1 ? asked.images : 0;
    for (let i = 0; i < images; i++) {
      content.push({ type: "image", source: { kind: "base64", mediaType: "image/png", data: "" } });
    }
    return { role, content };
  });
}

function formatOf({ response_format: format }: Asked): ModelRequest["responseFormat"] {
  return format === "json_schema"
    ? { type: "json_schema", name: "test", schema: { type: "object" }, strict: false }
    : { type: format };
}
