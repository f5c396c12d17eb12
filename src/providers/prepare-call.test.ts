import { beforeAll, describe, expect, test } from "bun:test";
import type { Deployment } from "../core/deployment.ts";
import type { ModelRequest } from "../core/request.ts";
import { BASE_POLICY, FAKE_REQUEST, snapshotOf } from "../policy/fake-policy.ts";
import { limitSent } from "./limit-sent.ts";
import { prepareCall, withinLimits } from "./prepare-call.ts";
import { loadWire } from "./wire-registry.ts";

const [FIRST] = snapshotOf(BASE_POLICY).deployments.values();
if (FIRST === undefined) throw new Error("no deployment");
const DEPLOYMENT: Deployment = FIRST;
const MODEL = { ...DEPLOYMENT.model, maxOutputTokens: 4096 };

beforeAll(async () => {
  await loadWire(DEPLOYMENT.wire);
});

describe("the limits of a request", () => {
  const asking = (maxTokens: number, strict: boolean): ModelRequest => ({
    ...FAKE_REQUEST,
    strict,
    sampling: { maxTokens },
  });

  test("are laid over it, and told of", () => {
    expect(withinLimits(asking(500, false), 100, MODEL, null)).toMatchObject({
      ok: true,
      value: { request: { sampling: { maxTokens: 100 } }, warning: { control: "max_tokens" } },
    });
  });

  test("leave one as it is that is within them", () => {
    const request = asking(50, true);
    const limited = withinLimits(request, 100, MODEL, null);
    expect(limited).toEqual({ ok: true, value: { request, warning: null } });
    expect(limited.ok && limited.value.request).toBe(request);
  });

  test("refuse a strict one beyond the model's before it is sent", () => {
    expect(withinLimits(asking(9000, true), null, MODEL, null)).toMatchObject({
      ok: false,
      fault: { code: "unsupported_control", unsent: true },
    });
  });
});

describe("a limit that cannot be sent", () => {
  const TEMPLATE = { request: { in: "{{prompt}}" }, text: "/text" };
  const openai = { unsupported: new Set(["max_tokens", "max_completion_tokens"]) };
  const sagemaker = { type: "sagemaker", url: "http://127.0.0.1:9", region: "us-east-1", template: TEMPLATE };
  const SERVERS: readonly (readonly [string, object])[] = [
    ["Chat Completions", { ...openai, wire: "openai-chat" }],
    ["Responses", { unsupported: new Set(["max_output_tokens"]), wire: "openai-responses" }],
    ["Converse", { unsupported: new Set(["maxTokens"]), wire: "bedrock-converse" }],
    ["a template", { endpoint: sagemaker, wire: "openai-chat" }],
  ];
  const prepared = async (change: object, sampling: object, cap: number | null, ceiling: number | null) => {
    const origin = { ...FAKE_REQUEST.origin, wire: "native" } as const;
    const limited = withinLimits({ ...FAKE_REQUEST, strict: true, sampling, origin }, cap, MODEL, ceiling);
    if (!limited.ok) throw new Error(limited.fault.message);
    return prepareCall(limited.value.request, { ...DEPLOYMENT, model: MODEL, ...change } as Deployment);
  };

  test.each(SERVERS)("to %s is no loss to a strict caller who stated none", async (_name, change) => {
    for (const [cap, ceiling] of [[null, 2000] as const, [500, null] as const]) {
      const call = await prepared(change, {}, cap, ceiling);
      if (!call.ok) throw new Error(call.fault.message);
      expect(call.value.warnings).toEqual([]);
      expect(limitSent(call.value.lowered)).toBeNull();
    }
  });

  test.each(SERVERS)("to %s is one to whoever stated it", async (_name, change) => {
    for (const cap of [null, 500]) {
      expect(await prepared(change, { maxTokens: 900 }, cap, null)).toMatchObject({
        ok: false,
        fault: { code: "unsupported_control", param: expect.stringMatching(/max_?(?:\w+_)?tokens/i) },
      });
    }
  });

  test("is told of where it is the ceiling's and can be", async () => {
    expect(await prepared({}, {}, null, 2000)).toMatchObject({
      ok: true,
      value: { warnings: [{ control: "max_tokens", message: expect.stringContaining("2000 tokens") }] },
    });
  });
});

describe("a call", () => {
  test("is prepared at once where its wire is at hand", () => {
    expect(prepareCall(FAKE_REQUEST, DEPLOYMENT)).toMatchObject({
      ok: true,
      value: { wire: { id: DEPLOYMENT.wire }, target: { modelId: DEPLOYMENT.modelId }, warnings: [] },
    });
  });

  test("from a wider dialect is brought within the bounds of this one, and tells so", () => {
    const name = "x".repeat(100);
    const request: ModelRequest = {
      ...FAKE_REQUEST,
      tools: [{ name, parameters: { type: "object" } }],
      origin: { ...FAKE_REQUEST.origin, wire: "anthropic-messages" },
    };
    expect(prepareCall(request, DEPLOYMENT)).toMatchObject({
      ok: true,
      value: {
        lowered: { body: { tools: [{ function: { name: expect.stringMatching(/^x{55}_[0-9a-f]{8}$/) } }] } },
        warnings: [{ control: "tools" }],
      },
    });
    expect(prepareCall({ ...request, strict: true }, DEPLOYMENT)).toMatchObject({
      ok: false,
      fault: { code: "unsupported_control", param: "tools", unsent: true },
    });
  });

  test("is refused as unsent where its content is another provider's own", () => {
    const opaque = { type: "opaque", wire: "gemini", value: { type: "video" } } as const;
    const request: ModelRequest = {
      ...FAKE_REQUEST,
      messages: [{ role: "user", content: [opaque] }],
      origin: { ...FAKE_REQUEST.origin, wire: "gemini" },
    };
    expect(prepareCall(request, DEPLOYMENT)).toMatchObject({
      ok: false,
      fault: { code: "unsupported_content", unsent: true },
    });
  });

  test("for vectors is refused where no wire has them", () => {
    const request: ModelRequest = { ...FAKE_REQUEST, operation: "embed" };
    expect(prepareCall(request, { ...DEPLOYMENT, embeddingWire: null })).toMatchObject({
      ok: false,
      fault: { code: "unknown_wire", unsent: true },
    });
  });
});
