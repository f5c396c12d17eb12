/** Both drivers under the contract of operators' orders, and what only a file does: last, and be shared. */
import { expect, test } from "bun:test";
import { FakeClock } from "../../../src/core/fake-clock.ts";
import { createMemoryStore } from "../../../src/store/memory/memory-store.ts";
import { openSqliteStore } from "../../../src/store/sqlite/sqlite-store.ts";
import { createScratch } from "../../scratch.ts";
import { anOrder, circuitOrderContract } from "./circuit-order-contract.ts";

const scratch = createScratch();
let files = 0;
const freshPath = () => scratch.path(`${files++}/pointsman.db`);
const openPath = (path: string) => openSqliteStore({ path, clock: new FakeClock() });

circuitOrderContract("memory", async () => createMemoryStore());
circuitOrderContract("sqlite", async () => openPath(freshPath()));

test("orders are there after closing and opening again, and for another process meanwhile", async () => {
  const path = freshPath();
  const [one, two] = [openPath(path), openPath(path)];
  await one.circuitOrders.put(null, anOrder(1));
  await two.circuitOrders.put(null, anOrder(2, { deployment: "large-eu" }));
  expect(await one.circuitOrders.list(null)).toHaveLength(2);
  await one.close();
  await two.close();
  const again = openPath(path);
  expect(await again.circuitOrders.list(null)).toHaveLength(2);
  await again.close();
});
