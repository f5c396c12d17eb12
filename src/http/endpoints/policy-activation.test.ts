/** Activations by steps, rollouts' verbs and replicas, over the control interface. */
import { describe, expect, test } from "bun:test";
import { fakeDesk, inFile, policyWith } from "../../control/policy/fake-desk.ts";
import { createOverrideBook } from "../../control/rollout/override-book.ts";
import { fakeControlApp } from "../fake-control.ts";
import { findRoute } from "../routes.ts";

const CANARY = "rollouts:\n  - { name: try, canary: { candidate: small, weight: 5 } }\n";

async function open() {
  const book = createOverrideBook({
    kept: null,
    origin: "gw_1",
    now: () => fake.clock.now(),
    save: async () => {},
    onEnded: () => {},
  });
  const fake = fakeDesk({ overlay: book });
  const app = fakeControlApp(fake, {
    desk: { ...fake.desk, overrides: book, audit: async () => {} },
  });
  await fake.control.offer(inFile(policyWith(1) + CANARY), "start");
  return {
    fake,
    async ask(method: string, path: string, body?: unknown) {
      const init = body === undefined ? {} : { body: JSON.stringify(body) };
      const response = await app(new Request(`http://gateway${path}`, { method, ...init }));
      // biome-ignore lint/suspicious/noExplicitAny: a body of any endpoint, read by one assertion each
      return { status: response.status, body: (await response.json()) as any };
    },
  };
}

const BEGIN = "/admin/policy/activations";

describe("an activation by steps", () => {
  test("is begun, seen, refused a second time, completed", async () => {
    const { ask, fake } = await open();
    const body = { text: policyWith(2) + CANARY, in: "10m", linear: "20%/2m", note: "slowly" };
    const begun = await ask("POST", BEGIN, body);
    expect(begun).toMatchObject({
      status: 200,
      body: {
        result: "staged",
        changes: ["chat: max_attempts 1 → 2"],
        staging: { actor: "ops-1", note: "slowly" },
      },
    });
    expect(begun.body.staging.startsAt).toBe(fake.clock.now() + 600_000);
    expect(begun.body.staging.endsAt).toBe(fake.clock.now() + 600_000 + 4 * 120_000);
    const seen = await ask("GET", "/admin/policy");
    expect(seen.body.staging).toMatchObject({ stage: { phase: "waiting", share: 0, next: { share: 20 } } });
    const again = await ask("POST", BEGIN, body);
    expect(again).toMatchObject({ status: 409, body: { error: { code: "activation_running" } } });
    expect(again.body.error.message).toContain("begun by ops-1");
    const done = await ask("POST", `${BEGIN}/complete`, {});
    expect(done).toMatchObject({ status: 200, body: { result: "activated" } });
    const late = await ask("POST", `${BEGIN}/abort`, {});
    expect(late).toMatchObject({ status: 409, body: { error: { code: "no_activation" } } });
  });

  test("at a stated time, and aborted", async () => {
    const { ask, fake } = await open();
    const at = new Date(fake.clock.now() + 5_000).toISOString();
    expect((await ask("POST", BEGIN, { text: policyWith(2), at })).body.staging.startsAt).toBe(
      Date.parse(at),
    );
    expect(await ask("POST", `${BEGIN}/abort`, { note: "no" })).toMatchObject({ status: 200 });
    expect((await ask("GET", "/admin/policy")).body.staging).toBeNull();
  });

  test.each([
    [{}, "version"],
    [{ version: "a@1", text: "x" }, "version"],
    [{ version: "a@1", in: "soon" }, "10m"],
    [{ version: "a@1", in: "31d" }, "30d"],
    [{ version: "a@1", in: "1m", at: "2026-01-01" }, "not both"],
    [{ version: "a@1", at: "tomorrow" }, "a time with its zone"],
    [{ version: "a@1", linear: "0.5%" }, "20%"],
    [{ version: "a@1", linear: "101%" }, "20%"],
    [{ version: "a@1", linear: "20%/0s" }, "1s"],
    [{ version: "a@1", linear: "a fifth" }, "20%/2m"],
    [{ version: "a@1", schedule: 5 }, "schedule"],
  ])("%p is refused", async (body, part) => {
    const { ask, fake } = await open();
    const refused = await ask("POST", BEGIN, body);
    expect(refused.status).toBe(400);
    expect(refused.body.error.message).toContain(part);
    expect(fake.control.status().staging).toBeNull();
  });

  test("what is not valid, not known or in force already begins nothing", async () => {
    const { ask, fake } = await open();
    const broken = await ask("POST", BEGIN, { text: "version: [", file: "new.yaml" });
    expect(broken).toMatchObject({ status: 400, body: { findings: [{ file: "new.yaml" }] } });
    expect((await ask("POST", BEGIN, { version: "test@nope" })).status).toBe(404);
    const { version } = fake.control.snapshot();
    const same = await ask("POST", BEGIN, { version });
    expect(same).toMatchObject({ status: 409, body: { error: { code: "already_in_force" } } });
    const foreign = await ask("POST", BEGIN, { text: policyWith(2), environment: "prod" });
    expect(foreign).toMatchObject({ status: 400, body: { error: { code: "other_environment" } } });
  });
});

describe("verbs on rollouts", () => {
  test("set, promote, abort, release; the list shows the order", async () => {
    const { ask } = await open();
    const set = await ask("POST", "/admin/rollouts/try/set", { weight: 25, note: "so far so good" });
    expect(set).toMatchObject({
      status: 200,
      body: { result: "applied", where: "override", changes: ["rollouts[0].canary.weight: 5 → 25"] },
    });
    const list = await ask("GET", "/admin/rollouts");
    expect(list.body.rollouts[0]).toMatchObject({
      rollout: "try",
      override: { verb: "set", actor: "ops-1", note: "so far so good" },
    });
    const dry = await ask("POST", "/admin/rollouts/try/promote", { dry_run: true });
    expect(dry.body).toMatchObject({ result: "valid", changes: ["rollouts[0].canary.weight: 25 → 100"] });
    expect((await ask("POST", "/admin/rollouts/try/abort", {})).body.result).toBe("applied");
    expect((await ask("POST", "/admin/rollouts/try/abort", {})).body.result).toBe("unchanged");
    expect((await ask("POST", "/admin/rollouts/try/release", {})).body.result).toBe("applied");
    expect((await ask("GET", "/admin/policy")).body.overrides).toEqual([]);
  });

  test.each([
    ["/admin/rollouts/tri/abort", {}, 404, "unknown_rollout"],
    ["/admin/rollouts/try/set", {}, 400, "invalid_value"],
    ["/admin/rollouts/try/set", { weight: 101 }, 400, "invalid_value"],
    ["/admin/rollouts/try/set", { weight: 5, arm: "brief" }, 400, "unknown_arm"],
    ["/admin/rollouts/try/abort", { force: true }, 400, "invalid_value"],
  ])("%s %p is refused", async (path, body, status, code) => {
    const { ask } = await open();
    expect(await ask("POST", path, body)).toMatchObject({ status, body: { error: { code } } });
  });
});

test("replicas", async () => {
  const { ask } = await open();
  expect(await ask("GET", "/admin/policy/replicas")).toMatchObject({ status: 200, body: { knows: "alone" } });
});

test.each([
  ["POST", BEGIN, "operator"],
  ["POST", `${BEGIN}/complete`, "operator"],
  ["POST", `${BEGIN}/abort`, "operator"],
  ["POST", "/admin/rollouts/try/set", "operator"],
  ["POST", "/admin/rollouts/try/abort", "operator"],
  ["POST", "/admin/rollouts/try/promote", "operator"],
  ["POST", "/admin/rollouts/try/release", "operator"],
  ["GET", "/admin/policy/replicas", "viewer"],
])("%s %s asks for the role %s", (method, path, access) => {
  expect(findRoute(method, path)).toMatchObject({ kind: "found", row: { access } });
});
