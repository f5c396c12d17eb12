/** The memory store under the contract, and what only it does: forget the oldest. */
import { expect, test } from "bun:test";
import { createMemoryStore } from "../../../src/store/memory/memory-store.ts";
import { aDecision, decisionId, decisions, recordsOf } from "./decision-fixture.ts";
import { storeContract } from "./store-contract.ts";

storeContract("memory", async () => createMemoryStore());

test("a full memory store forgets what was written first", async () => {
  const store = createMemoryStore({ capacity: 3 });
  await store.decisions.append(recordsOf(decisions(1, 6)));
  await store.decisions.append(recordsOf([aDecision(0)]));
  const page = await store.decisions.list({ limit: 10 });
  expect(page.decisions.map((decision) => decision.id)).toEqual([0, 5, 4].map(decisionId));
  expect(await store.decisions.get(decisionId(2))).toBeNull();
});
