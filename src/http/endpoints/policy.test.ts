import { beforeEach, describe, expect, test } from "bun:test";
import type { AuditTrail } from "../../control/audit/audit-trail.ts";
import { fakeTrail } from "../../control/audit/fake-trail.ts";
import { type FakeDesk, fakeDesk, inFile, policyWith } from "../../control/policy/fake-desk.ts";
import { pushPolicy } from "../../control/policy/push.ts";
import { createMemoryStore } from "../../store/memory/memory-store.ts";
import { BASE_DOCUMENT } from "../../store/policy-heads.ts";
import { fakeControlApp } from "../fake-control.ts";
import { findRoute } from "../routes.ts";

interface Answer {
  readonly status: number;
  readonly etag: string | null;
  // biome-ignore lint/suspicious/noExplicitAny: a body of any endpoint, read by one assertion each
  readonly body: any;
}

interface Interface {
  readonly fake: FakeDesk;
  readonly audit: AuditTrail;
  ask(method: string, path: string, init?: RequestInit): Promise<Answer>;
}

function open(options: Parameters<typeof fakeDesk>[0]): Interface {
  const fake = fakeDesk(options);
  const store = createMemoryStore();
  const audit = fakeTrail(store.audit, fake.clock);
  const app = fakeControlApp(fake, { audit });
  return {
    fake,
    audit,
    async ask(method, path, init = {}) {
      const response = await app(new Request(`http://gateway${path}`, { ...init, method }));
      return { status: response.status, etag: response.headers.get("etag"), body: await response.json() };
    },
  };
}

const json = (body: unknown): RequestInit => ({
  body: JSON.stringify(body),
  headers: { "content-type": "application/json" },
});
const yaml = (text: string, headers: Record<string, string> = {}): RequestInit => ({
  body: text,
  headers: { "content-type": "application/yaml", ...headers },
});

describe("where the policy lives in the store", () => {
  let gateway: Interface;
  beforeEach(async () => {
    gateway = open({ store: true });
    const { desk, look, clock } = gateway.fake;
    const documents = { [BASE_DOCUMENT]: policyWith(1) };
    await desk.heads?.write({ revision: 1, at: 0, actor: "seed", note: null, documents });
    await look();
    await clock.advance(1_000);
  });
  const versionOf = ({ fake }: Interface) => fake.control.snapshot().version;

  test("GET tells the version as an ETag, the source and that nothing is pinned", async () => {
    const { etag, body } = await gateway.ask("GET", "/admin/policy");
    expect(etag).toBe(`"${versionOf(gateway)}"`);
    expect(body).toMatchObject({ source: { kind: "store", ok: true }, pinned: null });
  });

  test("PUT of YAML as it is", async () => {
    const before = versionOf(gateway);
    const put = await gateway.ask(
      "PUT",
      "/admin/policy?note=why",
      yaml(policyWith(2), { "if-match": `"${before}"` }),
    );
    expect(put).toMatchObject({
      status: 200,
      etag: `"${versionOf(gateway)}"`,
      body: { result: "activated", previousVersion: before, changes: ["chat: max_attempts 1 → 2"] },
    });
    const history = await gateway.ask("GET", "/admin/policy/history?limit=1");
    expect(history.body.activations[0]).toMatchObject({ actor: "ops-1", note: "why" });
    expect(history.body.cursor).toBe(history.body.activations[0].id);
    const older = await gateway.ask("GET", `/admin/policy/history?before=${history.body.cursor}`);
    expect(older.body).toMatchObject({ activations: [{ actor: "start" }], cursor: null });
  });

  test("PUT of JSON around it; a dry run changes nothing", async () => {
    const body = json({ text: policyWith(2), note: "cheaper" });
    const dry = await gateway.ask("PUT", "/admin/policy?dry_run=true", body);
    expect(dry.body).toMatchObject({ result: "valid", changes: ["chat: max_attempts 1 → 2"] });
    expect((await gateway.ask("GET", "/admin/policy/history")).body.activations).toHaveLength(1);
    const put = await gateway.ask("PUT", "/admin/policy", body);
    expect(put.body.version).toBe(dry.body.version);
  });

  test("PUT onto another version than the one stated: 412 with the present one", async () => {
    const put = await gateway.ask("PUT", "/admin/policy", yaml(policyWith(2), { "if-match": '"test@old"' }));
    expect(put.status).toBe(412);
    expect(put.body.error).toMatchObject({ type: "precondition_failed", code: "version_changed" });
    expect(put.body.error.message).toContain(versionOf(gateway));
    const any = await gateway.ask("PUT", "/admin/policy", yaml(policyWith(2), { "if-match": "*" }));
    expect(any.status).toBe(200);
  });

  test("PUT of a broken policy: 400 with every finding", async () => {
    const put = await gateway.ask(
      "PUT",
      "/admin/policy",
      yaml(policyWith(2).replace("primary: large", "primary: lrge")),
    );
    expect(put).toMatchObject({
      status: 400,
      body: {
        error: { type: "invalid", code: "policy_refused" },
        findings: [{ code: "unknown_model", file: "store:policy.yaml", line: expect.any(Number) }],
        request_id: "req_1",
      },
    });
  });

  test("PUT of a text with a name: what is said of it is by that name, also in the history", async () => {
    const named = { text: policyWith(2).replace("primary: large", "primary: lrge"), file: "mine.yaml" };
    const findings = [{ code: "unknown_model", file: "mine.yaml" }];
    expect(await gateway.ask("PUT", "/admin/policy?dry_run=true", json(named))).toMatchObject({
      body: { findings },
    });
    expect(await gateway.ask("PUT", "/admin/policy", json(named))).toMatchObject({ body: { findings } });
    const history = await gateway.ask("GET", "/admin/policy/history");
    expect(history.body.activations[0]).toMatchObject({
      result: "refused",
      source: "mine.yaml",
      findings: [expect.stringMatching(/^mine\.yaml:/)],
    });
  });

  test.each([
    ["nothing", yaml(""), "empty_policy"],
    ["no UTF-8", { body: new Uint8Array([0xff, 0xfe]), headers: {} }, "invalid_utf8"],
    ["JSON without a text", json({ policy: "version: 1" }), "invalid_value"],
    ["broken JSON", { body: "{", headers: { "content-type": "application/json" } }, "invalid_json"],
    ["another environment's overlay", json({ text: "a: 1", environment: "dev" }), "other_environment"],
  ])("PUT of %s is a 400", async (_name, init, code) => {
    expect(await gateway.ask("PUT", "/admin/policy", init)).toMatchObject({
      status: 400,
      body: { error: { code } },
    });
  });

  test("a body without an end is read to its limit", async () => {
    const endless = new ReadableStream({
      pull(controller) {
        controller.enqueue(new Uint8Array(1024 * 1024).fill(0x20));
      },
    });
    const put = await gateway.ask("PUT", "/admin/policy", { body: endless, duplex: "half" } as RequestInit);
    expect(put).toMatchObject({ status: 413, body: { error: { code: "policy_too_large" } } });
  });

  test("a body that does not come to its end is refused within the time that others have", async () => {
    const stalled = new ReadableStream({ pull: () => new Promise(() => {}) });
    const put = gateway.ask("PUT", "/admin/policy", { body: stalled, duplex: "half" } as RequestInit);
    await gateway.fake.clock.advance(30_000);
    expect(await put).toMatchObject({ status: 400, body: { error: { code: "body_timeout" } } });
    const cut = new ReadableStream({ pull: (controller) => controller.error(new Error("gone")) });
    const half = await gateway.ask("PUT", "/admin/policy", { body: cut, duplex: "half" } as RequestInit);
    expect(half).toMatchObject({ status: 400, body: { error: { code: "body_cut" } } });
  });

  test("rollback and its refusals", async () => {
    const first = versionOf(gateway);
    const none = await gateway.ask("POST", "/admin/policy/rollback", json({}));
    expect(none).toMatchObject({ status: 409, body: { error: { code: "no_earlier_version" } } });
    await gateway.ask("PUT", "/admin/policy", yaml(policyWith(2)));
    await gateway.fake.clock.advance(1_000);
    const unknown = await gateway.ask("POST", "/admin/policy/rollback", json({ version: "test@nope" }));
    expect(unknown).toMatchObject({ status: 404, body: { error: { code: "unknown_version" } } });
    const back = await gateway.ask("POST", "/admin/policy/rollback", json({ note: "INC-1" }));
    expect(back).toMatchObject({ status: 200, body: { result: "activated", version: first, pinned: false } });
    const again = await gateway.ask("POST", "/admin/policy/rollback", json({ version: first }));
    expect(again).toMatchObject({ status: 409, body: { error: { code: "already_in_force" } } });
    expect(await gateway.ask("POST", "/admin/policy/unpin", json({}))).toMatchObject({
      status: 409,
      body: { error: { code: "not_pinned" } },
    });
  });

  test("a version of another environment is not put in force, and it is said what to do", async () => {
    const { fake } = gateway;
    const dev = fakeDesk({ store: true, environment: "dev", beside: fake });
    await dev.look();
    await dev.clock.advance(1_000);
    const overlay = { text: "use_cases: { chat: { max_attempts: 9 } }\n", environment: "dev" };
    const wish = { ...overlay, note: null, ifVersion: null, dryRun: false, actor: "ops" };
    await pushPolicy(dev.desk, wish);
    const version = dev.control.snapshot().version;
    const answers = [
      await gateway.ask("POST", "/admin/policy/rollback", json({ version })),
      await gateway.ask("POST", "/admin/policy/activations", json({ version })),
    ];
    for (const { status, body } of answers) {
      expect({ status, code: body.error.code }).toEqual({ status: 409, code: "foreign_environment" });
      expect(body.error.message).toContain(`in the environment dev alone, and this gateway runs in none`);
      expect(body.error.message).toContain(`/admin/policy/versions/${version}`);
    }
    expect((await gateway.ask("GET", `/admin/policy/versions/${version}`)).status).toBe(200);
  });

  test("a version's texts, and two versions compared", async () => {
    const first = versionOf(gateway);
    await gateway.ask("PUT", "/admin/policy", yaml(policyWith(2)));
    const shown = await gateway.ask("GET", `/admin/policy/versions/${encodeURIComponent(first)}`);
    expect(shown.body.texts).toEqual([{ file: "store:policy.yaml", text: policyWith(1) }]);
    expect((await gateway.ask("GET", "/admin/policy/versions/test@nope")).status).toBe(404);
    const diff = (from: unknown, to: unknown) =>
      gateway.ask("POST", "/admin/policy/diff", json({ from, to }));
    const expected = { changes: ["chat: max_attempts 1 → 2"], paths: ["use_cases.chat.max_attempts: 1 → 2"] };
    expect((await diff(first, "current")).body).toEqual(expected);
    expect((await diff({ texts: inFile(policyWith(1)) }, "current")).body).toEqual(expected);
    expect(await diff(first, "test@nope")).toMatchObject({ status: 404 });
    expect(await diff({ texts: inFile("version: [") }, "current")).toMatchObject({
      status: 400,
      body: { error: { code: "policy_invalid" }, findings: [{ file: "policy.yaml" }] },
    });
  });
});

describe("where the policy lives elsewhere", () => {
  test("PUT says where, rollback pins, unpin follows again", async () => {
    const gateway = open({});
    const { control, clock } = gateway.fake;
    await control.offer(inFile(policyWith(1)), "start");
    await clock.advance(1_000);
    await control.offer(inFile(policyWith(2)), "file");
    const put = await gateway.ask("PUT", "/admin/policy", yaml(policyWith(3)));
    expect(put).toMatchObject({ status: 409, body: { error: { code: "policy_elsewhere" } } });
    expect(put.body.error.message).toContain("policy.yaml");
    const back = await gateway.ask("POST", "/admin/policy/rollback", json({ note: "INC-1" }));
    expect(back.body).toMatchObject({ result: "activated", pinned: true });
    const status = await gateway.ask("GET", "/admin/policy");
    expect(status.body.pinned).toMatchObject({ version: back.body.version, actor: "ops-1", note: "INC-1" });
    expect(status.body.pinned.sources).toBeUndefined();
    expect((await gateway.ask("POST", "/admin/policy/unpin", json({}))).status).toBe(200);
    expect((await gateway.ask("GET", "/admin/policy")).body.pinned).toBeNull();
  });
});

describe("the audit log", () => {
  const record = (n: number) => ({
    at: n,
    actor: "ops",
    action: "policy.pushed",
    subject: `v${n}`,
    details: {},
  });

  test("pages, either way, and whether it is whole", async () => {
    const gateway = open({});
    for (let n = 1; n <= 5; n++) await gateway.audit.write(record(n));
    const seqs = ({ body }: Answer) => body.entries.map(({ seq }: { seq: number }) => seq);
    const newest = await gateway.ask("GET", "/admin/audit?limit=2");
    expect(seqs(newest)).toEqual([5, 4]);
    expect(newest.body.cursor).toBe(4);
    expect(seqs(await gateway.ask("GET", "/admin/audit?limit=9&before=4"))).toEqual([3, 2, 1]);
    const oldest = await gateway.ask("GET", "/admin/audit?limit=2&after=0");
    expect(seqs(oldest)).toEqual([1, 2]);
    expect(oldest.body.cursor).toBe(2);
    expect((await gateway.ask("GET", "/admin/audit?after=1&before=3")).status).toBe(400);
    const verdict = await gateway.ask("GET", "/admin/audit/verify");
    expect(verdict.body).toMatchObject({ ok: true, entries: 5, head: { seq: 5 } });
  });
});

test.each([
  ["PUT", "/admin/policy", "operator"],
  ["POST", "/admin/policy/rollback", "operator"],
  ["POST", "/admin/policy/unpin", "operator"],
  ["POST", "/admin/policy/diff", "viewer"],
  ["GET", "/admin/policy/versions/example@1", "viewer"],
  ["GET", "/admin/policy/history", "viewer"],
  ["GET", "/admin/audit", "admin"],
  ["GET", "/admin/audit/verify", "admin"],
])("%s %s asks for the role %s", (method, path, access) => {
  expect(findRoute(method, path)).toMatchObject({ kind: "found", row: { access } });
});
