import { describe, expect, test } from "bun:test";
import { fakeTrail } from "../../control/audit/fake-trail.ts";
import { FakeClock } from "../../core/fake-clock.ts";
import { createMemoryStore } from "../../store/memory/memory-store.ts";
import type { RouteRow } from "../routes.ts";
import { withAudit } from "./audit.ts";

const ROW: RouteRow = { method: "POST", path: "/admin/things/{id}", access: "operator", purpose: "an act" };

function setUp(row: RouteRow) {
  const store = createMemoryStore();
  const clock = new FakeClock(5);
  const audit = fakeTrail(store.audit, clock);
  const caller = { keyId: "ops-1", tenant: "t", tier: "standard", role: "operator", useCases: null } as const;
  const answer = withAudit(row, audit, async () => new Response("done", { status: 202 }));
  const context = { req: { path: "/admin/things/7", raw: new Request("http://gateway/admin/things/7") } };
  return { store, answer: () => answer(context as Parameters<typeof answer>[0], caller) };
}

describe("an act of an operator", () => {
  test("is written down before its answer leaves, with who, what and how it ended", async () => {
    const { store, answer } = setUp(ROW);
    expect((await answer()).status).toBe(202);
    const [row] = await store.audit.list(1);
    expect(JSON.parse(row?.entry ?? "null")).toMatchObject({
      at: 5,
      actor: "ops-1",
      action: "POST /admin/things/{id}",
      subject: "/admin/things/7",
      details: { status: 202 },
    });
  });

  test.each<[string, Partial<RouteRow>]>([
    ["reading", { method: "GET" }],
    ["a caller's request", { access: "caller" }],
    ["a viewer's question", { access: "viewer" }],
    ["an act that writes its own entry", { auditsItself: true }],
  ])("%s is not", async (_name, changes) => {
    const { store, answer } = setUp({ ...ROW, ...changes });
    expect((await answer()).status).toBe(202);
    expect(await store.audit.list(1)).toEqual([]);
  });
});
