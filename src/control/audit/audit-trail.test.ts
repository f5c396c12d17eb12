import { expect, test } from "bun:test";
import { FakeClock } from "../../core/fake-clock.ts";
import type { AuditRecord } from "../../store/audit-store.ts";
import { createMemoryStore } from "../../store/memory.ts";
import { createAuditTrail } from "./audit-trail.ts";

const RECORD = { actor: "ops", action: "policy.pushed", subject: "v1", details: {} };

test("what is written is told to a second witness, with its hash", async () => {
  const witnessed: string[] = [];
  const { audit: store } = createMemoryStore();
  const trail = createAuditTrail({
    store,
    clock: new FakeClock(7),
    onWritten: ({ seq, hash }) => void witnessed.push(`${seq} ${hash}`),
    onFailed: () => {},
  });
  await trail.note(RECORD);
  const verdict = await trail.verify();
  expect(verdict.ok && witnessed).toEqual([`1 ${verdict.ok ? verdict.head.hash : ""}`]);
  expect(JSON.parse((await trail.list(1))[0]?.entry ?? "null")).toMatchObject({ ...RECORD, at: 7 });
});

test("a log that cannot be written fails no act, and somebody is told", async () => {
  const store = createMemoryStore();
  await store.close();
  const lost: AuditRecord[] = [];
  const trail = createAuditTrail({
    store: store.audit,
    clock: new FakeClock(7),
    onWritten: () => {},
    onFailed: (record) => void lost.push(record),
  });
  await trail.note(RECORD);
  expect(lost).toEqual([{ ...RECORD, at: 7 }]);
});
