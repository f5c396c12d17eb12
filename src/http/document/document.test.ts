/** The OpenAPI document and what serves it must not part. */
import { beforeAll, describe, expect, test } from "bun:test";
import { fakeDesk } from "../../control/policy/fake-desk.ts";
import { CONTRACT_FIELDS } from "../../core/contract-words.ts";
import { FAULTS, type FaultKind, fault } from "../../core/faults.ts";
import { isRecord } from "../../core/json.ts";
import type { WireId } from "../../core/request.ts";
import { authenticate } from "../../gateway/authenticate.ts";
import type { Exchange } from "../../gateway/exchange.ts";
import { HINT_PREFIX, readHeaders } from "../../gateway/read-headers.ts";
import { labelledResponse } from "../../gateway/response-headers.ts";
import { BASE_POLICY, FAKE_CALLER, snapshotOf } from "../../policy/fake-policy.ts";
import { type AnyWire, loadEveryWire, loadedWire } from "../../providers/wire-registry.ts";
import { fakeControlApp } from "../fake-control.ts";
import { createInferenceRoutes, INFERENCE_ROUTES } from "../inference-routes.ts";
import { ROUTES } from "../routes.ts";
import { WIRE_DOCS } from "./dialects.ts";
import { ANSWER_HEADERS, CONTRACT_HEADERS, KEY_SCHEMES } from "./headers.ts";
import { REFUSALS, UNHEARD } from "./refusals.ts";

interface Operation {
  readonly security?: readonly object[];
  readonly requestBody: { readonly content: Readonly<Record<string, { readonly schema: unknown }>> };
  readonly responses: Readonly<Record<string, { readonly content?: object }>>;
}

interface Served {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

const WIRE_IDS = Object.keys(WIRE_DOCS) as WireId[];
const KINDS = Object.keys(FAULTS) as FaultKind[];

let served: Served;
beforeAll(async () => {
  await loadEveryWire();
  const answered = await fakeControlApp(fakeDesk())(new Request("http://localhost/openapi.json"));
  served = (await answered.json()) as Served;
});

function posted(path: string): Operation {
  const operation = served.paths[path]?.post;
  if (!operation) throw new Error(`POST ${path} is not described.`);
  return operation;
}

describe("the document", () => {
  test("has every row of both tables of routes, and nothing else", () => {
    const rows = [...INFERENCE_ROUTES.map(({ path }) => `POST ${path}`), ...ROUTES.map(methodAndPath)];
    const described = Object.entries(served.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(described.toSorted()).toEqual(rows.toSorted());
  });

  test("names paths of inference as they are served", () => {
    const find = createInferenceRoutes(loadedWire);
    for (const { path, wire } of INFERENCE_ROUTES) {
      expect(find(path.replace("{model}", "chat"))).toMatchObject({ wire: { id: wire } });
    }
  });

  test("refers to nothing that it does not have", () => {
    for (const ref of refsIn(served)) {
      const [, , kind = "", name = ""] = ref.split("/");
      expect([ref, Object.hasOwn(served.components[kind] ?? {}, name)]).toEqual([ref, true]);
    }
  });

  test.each([
    ["/v1/chat/completions", ["application/json", "text/event-stream"]],
    ["/v1/embeddings", ["application/json"]],
    ["/v1/messages/count_tokens", ["application/json"]],
    ["/model/{model}/converse", ["application/json"]],
    ["/model/{model}/converse-stream", ["application/vnd.amazon.eventstream"]],
    ["/v1beta/models/{model}:streamGenerateContent", ["text/event-stream", "application/json"]],
  ])("%s answers whole, as a stream, or both: %j", (path, types) => {
    expect(Object.keys(posted(path).responses["200"]?.content ?? {})).toEqual(types);
  });

  test("asks for the use case where the body names it, and has our own schema where there is one", () => {
    const bodyOf = (path: string) => posted(path).requestBody.content["application/json"]?.schema;
    for (const { path, wire, reference } of INFERENCE_ROUTES) {
      const field = reference === undefined ? "use_case" : "model";
      const required = (bodyOf(path) as { required?: readonly string[] }).required ?? [];
      expect([path, required]).toEqual([path, path.includes("{model}") ? [] : [field]]);
      if (required.length === 0) continue;
      const parsed = loadedWire(wire).parseRequest({}, { contract: {}, strict: false });
      expect(parsed).toMatchObject({ ok: false, fault: { kind: "invalid", param: field } });
    }
    expect(bodyOf("/v1/invoke")).toMatchObject({ additionalProperties: false, properties: { messages: {} } });
  });

  test("says that a key is needed, in whichever header", () => {
    const snapshot = snapshotOf(BASE_POLICY);
    for (const { path } of INFERENCE_ROUTES) expect(posted(path).security?.length).toBeGreaterThan(3);
    for (const scheme of Object.values(KEY_SCHEMES)) {
      const sent = "name" in scheme ? { [scheme.name]: "wrong" } : { authorization: "Bearer wrong" };
      const refused = authenticate(readHeaders(new Headers(sent)), snapshot);
      expect(refused).toMatchObject({ ok: false, fault: { code: "invalid_api_key" } });
    }
  });
});

describe("headers", () => {
  test("of the contract are those that are read", () => {
    const read = CONTRACT_FIELDS.map((field) => HINT_PREFIX + field.replaceAll("_", "-"));
    expect(Object.keys(CONTRACT_HEADERS).toSorted()).toEqual(read.toSorted());
  });

  test.each(WIRE_IDS)(
    "of answers and of clients' requests on %s are those that are told and passed on",
    (id) => {
      const { dialect, requestHeaders } = WIRE_DOCS[id];
      const wire = loadedWire(id);
      expect([...requestHeaders]).toEqual([...wire.passedHeaders]);
      const { name, value } = dialect.asksForEvents ?? { name: "alt", value: "sse" };
      const asked = wire.asQueried?.(`${name}=${value}`) ?? wire;
      expect(dialect.framing.contentType).toBe(asked.framing.contentType);
      const known = ["content-type", ...Object.keys(ANSWER_HEADERS), ...dialect.responseHeaders];
      expect(known).toEqual(expect.arrayContaining([...fullyLabelled(wire).headers.keys()]));
    },
  );
});

describe("refusals", () => {
  test("have every status that a caller can hear", () => {
    const heard = KINDS.filter((kind) => !UNHEARD.includes(kind)).map((kind) => FAULTS[kind].status);
    expect(REFUSALS.map(({ status }) => status).toSorted()).toEqual([...new Set<number>(heard)].toSorted());
  });

  test.each(WIRE_IDS)("on %s have the shape that the document gives them", (id) => {
    const { error } = WIRE_DOCS[id].dialect;
    for (const kind of KINDS) {
      const why = fault(kind, "a_code", "What to do.", { param: "model", retryAfterMs: 1 });
      const { body } = loadedWire(id).renderFault(why, "req_1");
      expect(error.parse(body)).toEqual(body);
    }
  });
});

function methodAndPath({ method, path }: (typeof ROUTES)[number]): string {
  return `${method} ${path}`;
}

function refsIn(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(refsIn);
  if (!isRecord(value)) return [];
  const own = typeof value.$ref === "string" ? [value.$ref] : [];
  return [...own, ...Object.values(value).flatMap(refsIn)];
}

/** With everything that an answer can say. */
function fullyLabelled(wire: AnyWire): Response {
  const exchange = {
    wire,
    requestId: "req_1",
    decisionId: "dec_1",
    caller: FAKE_CALLER,
    plan: { useCase: "chat", arm: { label: "try/candidate" } },
    warnings: ["seed"],
    cacheUse: "hit",
    overflow: { how: "truncated" },
  } as unknown as Exchange;
  const who = { model: "m", provider: "p", region: "r" };
  const how = { rung: "degraded", attempts: 1, cost: 1, degraded: "partial", simulated: true } as const;
  return labelledResponse(exchange, { ...who, ...how }, "application/json", 200, "{}");
}
