import { describe, expect, test } from "bun:test";
import { fakeDesk, inFile, policyWith } from "../control/policy/fake-desk.ts";
import { BASE_DOCUMENT } from "../store/policy-heads.ts";
import { fakeControlApp } from "./fake-control.ts";
import { unknownParameter } from "./query-parameters.ts";
import { ROUTES } from "./routes.ts";

describe("a query parameter that is not known", () => {
  test("does no act: a dry run that is misspelt is none", async () => {
    const fake = fakeDesk({ store: true });
    const documents = { [BASE_DOCUMENT]: policyWith(1) };
    await fake.desk.heads?.write({ revision: 1, at: 0, actor: "seed", note: null, documents });
    await fake.look();
    const before = fake.control.snapshot().version;
    const app = fakeControlApp(fake);
    const push = (query: string) =>
      app(
        new Request(`http://gateway/admin/policy?${query}`, {
          method: "PUT",
          headers: { "content-type": "application/yaml" },
          body: policyWith(2),
        }),
      );
    const refused = await push("dryrun=true");
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({
      error: {
        code: "unknown_parameter",
        param: "dryrun",
        message:
          'There is no query parameter "dryrun" here. Did you mean "dry_run"? It takes dry_run, supersede, file, environment, note.',
      },
    });
    expect(fake.control.snapshot().version).toBe(before);
    expect((await push("dry_run=true")).status).toBe(200);
    expect(fake.control.snapshot().version).toBe(before);
  });

  test("a filter that is misspelt does not list everything; nor is one taken where there are none", async () => {
    const fake = fakeDesk();
    await fake.control.offer(inFile(policyWith(1)), "start");
    const app = fakeControlApp(fake);
    const get = async (path: string) => (await app(new Request(`http://gateway${path}`))).status;
    expect(await get("/admin/decisions?outcom=failed")).toBe(400);
    expect(await get("/admin/decisions?outcome=failed")).toBe(200);
    expect(await get("/admin/decisions?limit=5&limit=5&Outcome=failed")).toBe(400);
    expect(await get("/admin/policy?verbose=1")).toBe(400);
    expect(await get("/admin/policy?")).toBe(200);
  });
});

describe("which endpoints are strict", () => {
  const isStrict = (path: string) => unknownParameter(path, ["limit"], ["limit", "surprise"]) !== null;
  test("those of operators, and of jobs, files and batches", () => {
    const lenient = ROUTES.map(({ path }) => path).filter((path) => !isStrict(path));
    expect(lenient).toEqual([
      "/v1/models",
      "/v1/models/{id}",
      "/healthz",
      "/readyz",
      "/openapi.json",
      "/metrics",
      "/schema/policy.json",
      "/schema/scenario.json",
    ]);
  });

  test("what official clients add to every request is theirs, but not at endpoints of operators", () => {
    const sent = ["api-version", "beta", "limit"];
    expect(unknownParameter("/v1/files", ["limit"], sent)).toBeNull();
    expect(unknownParameter("/v1/batches/{id}/cancel", [], ["api-version"])).toBeNull();
    expect(unknownParameter("/admin/decisions", ["limit"], sent)).toMatchObject({
      param: "api-version",
    });
  });

  test("a name that nothing is near to is told with what there is", () => {
    expect(unknownParameter("/admin/health", [], ["x".repeat(500)])).toMatchObject({
      message: `There is no query parameter "${"x".repeat(100)}" here. It takes none.`,
    });
  });
});
