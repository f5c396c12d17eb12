import { expect, test } from "bun:test";
import { FakeClock } from "../../core/fake-clock.ts";
import type { AuditRecord } from "../../store/audit-store.ts";
import { createMemoryStore } from "../../store/memory/memory-store.ts";
import { createAuditTrail } from "./audit-trail.ts";

const RECORD = { actor: "ops", action: "policy.pushed", subject: "v1", details: {} };

test("what is written is told to a second witness, with its hash", async () => {
  const witnessed: string[] = [];
  const { audit: store } = createMemoryStore();
  const trail = createAuditTrail({
    store,
    clock: new FakeClock(7),
    onWritten: ({ seq, hash }) => void witnessed.push(`${seq} ${hash}`),
    onLate: () => {},
    onLost: () => {},
  });
  await trail.note(RECORD);
  const verdict = await trail.verify();
  expect(verdict.ok && witnessed).toEqual([`1 ${verdict.ok ? verdict.head.hash : ""}`]);
  expect(JSON.parse((await trail.list(1))[0]?.entry ?? "null")).toMatchObject({ ...RECORD, at: 7 });
});

test("a store that does not take an entry fails no act, is told of, and has the entry when it is back", async () => {
  const { audit: store } = createMemoryStore();
  const clock = new FakeClock(7);
  const told: unknown[] = [];
  let isFull = true;
  const trail = createAuditTrail({
    store: {
      ...store,
      append: (record) => (isFull ? Promise.reject(new Error("full")) : store.append(record)),
    },
    clock,
    onWritten: ({ seq, at }) => void told.push({ seq, at }),
    onLate: (record) => void told.push(record),
    onLost: () => {},
  });
  await trail.note(RECORD);
  expect(told).toEqual([{ ...RECORD, at: 7 }]);
  isFull = false;
  await clock.advance(1000);
  expect(told.slice(1)).toEqual([{ seq: 1, at: 7 }]);
});

test("what could not be written by the end is told as lost", async () => {
  const store = createMemoryStore();
  await store.close();
  const lost: AuditRecord[] = [];
  const trail = createAuditTrail({
    store: store.audit,
    clock: new FakeClock(7),
    onWritten: () => {},
    onLate: () => {},
    onLost: (record) => void lost.push(record),
  });
  await trail.note(RECORD);
  await trail.close();
  expect(lost).toEqual([{ ...RECORD, at: 7 }]);
});
