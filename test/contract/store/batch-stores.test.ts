/** Both drivers under the contracts of files and batches. */
import { FakeClock } from "../../../src/core/fake-clock.ts";
import { createMemoryStore } from "../../../src/store/memory/memory-store.ts";
import { openSqliteStore } from "../../../src/store/sqlite/sqlite-store.ts";
import { createScratch } from "../../scratch.ts";
import { batchContract } from "./batch-contract.ts";
import { fileContract } from "./file-contract.ts";

const scratch = createScratch();
let files = 0;
const openSqlite = async () =>
  openSqliteStore({ path: scratch.path(`${files++}/pointsman.db`), clock: new FakeClock() });
const openMemory = async () => createMemoryStore();

fileContract("memory", openMemory);
fileContract("sqlite", openSqlite);
batchContract("memory", openMemory);
batchContract("sqlite", openSqlite);
