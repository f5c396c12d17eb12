import { beforeEach, describe, expect, test } from "bun:test";
import { fakeDesk, inFile, policyWith } from "../control/policy/fake-desk.ts";
import { fakeControlApp } from "./fake-control.ts";

interface Operation {
  readonly requestBody?: { readonly required?: boolean; readonly content: Readonly<Record<string, unknown>> };
  readonly parameters?: readonly { readonly in: string; readonly name: string }[];
  readonly responses: Readonly<Record<string, unknown>>;
}

type Methods = Readonly<Record<string, Operation>>;

let app: ReturnType<typeof fakeControlApp>;
beforeEach(async () => {
  const fake = fakeDesk();
  await fake.control.offer(inFile(policyWith(1)), "start");
  app = fakeControlApp(fake);
});

async function operation(method: string, path: string): Promise<Operation> {
  const answered = await app(new Request("http://localhost/openapi.json"));
  const { paths } = (await answered.json()) as { paths: Readonly<Record<string, Methods>> };
  const found = paths[path]?.[method];
  if (!found) throw new Error(`${method} ${path} is not described.`);
  return found;
}

describe("the document", () => {
  test("names the refusals that come before an endpoint, where they can come", async () => {
    const statuses = async (method: string, path: string) =>
      Object.keys((await operation(method, path)).responses);
    expect(await statuses("get", "/admin/policy/history")).toEqual(["200", "400", "401", "403", "503"]);
    expect(await statuses("get", "/v1/models")).toEqual(["200", "400", "401", "503"]);
    expect(await statuses("get", "/healthz")).toEqual(["200"]);
  });

  test("describes what is read by hand: the policy as YAML or JSON, and the version it is to replace", async () => {
    const { requestBody, parameters } = await operation("put", "/admin/policy");
    expect(requestBody).toMatchObject({ required: true });
    expect(Object.keys(requestBody?.content ?? {})).toEqual(["application/yaml", "application/json"]);
    expect(parameters).toContainEqual(expect.objectContaining({ in: "header", name: "if-match" }));
  });

  test("asks for a body where something has to be said, and nowhere else", async () => {
    const required = async (path: string) => (await operation("post", path)).requestBody?.required ?? false;
    expect(await required("/admin/policy/rollback")).toBeFalse();
    expect(await required("/admin/policy/activations/abort")).toBeFalse();
    expect(await required("/admin/policy/activations")).toBeTrue();
    expect(await required("/admin/explain")).toBeTrue();
  });
});

test("no body at all is an empty one where nothing has to be said", async () => {
  const post = (path: string) => app(new Request(`http://localhost${path}`, { method: "POST" }));
  const answered = await post("/admin/policy/unpin");
  expect([answered.status, await answered.json()]).toMatchObject([409, { error: { code: "not_pinned" } }]);
  expect((await post("/admin/policy/diff")).status).toBe(400);
});

test("a key that the policy has lost since the guard looked is refused, and asks nothing of what is open", async () => {
  const without = fakeControlApp(fakeDesk(), { callerOf: () => null });
  const ask = async (path: string) => without(new Request(`http://localhost${path}`));
  const refused = await ask("/admin/decisions");
  expect([refused.status, await refused.json()]).toMatchObject([401, { error: { code: "invalid_api_key" } }]);
  expect((await ask("/healthz")).status).toBe(200);
});

test.each(["/v1/models/", "/admin/decisions/"])("%s has nothing", async (path) => {
  const answered = await app(new Request(`http://localhost${path}`, { method: "GET" }));
  expect([answered.status, await answered.json()]).toMatchObject([404, { error: { code: "unknown_path" } }]);
});
