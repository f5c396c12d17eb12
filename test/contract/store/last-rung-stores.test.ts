/** Both drivers under the contracts of kept answers and tickets. */
import { expect, test } from "bun:test";
import { FakeClock } from "../../../src/core/fake-clock.ts";
import { createMemoryStore } from "../../../src/store/memory/memory-store.ts";
import { openSqliteStore } from "../../../src/store/sqlite/sqlite-store.ts";
import { createScratch } from "../../scratch.ts";
import { answerContract } from "./answer-contract.ts";
import { ticketContract } from "./ticket-contract.ts";

const scratch = createScratch();
let files = 0;
const openAt = (path: string) => openSqliteStore({ path, clock: new FakeClock() });
const openSqlite = async () => openAt(scratch.path(`${files++}/pointsman.db`));
const openMemory = async () => createMemoryStore();

answerContract("memory", openMemory);
answerContract("sqlite", openSqlite);
ticketContract("memory", openMemory);
ticketContract("sqlite", openSqlite);

test("answers and tickets are there after a restart", async () => {
  const path = scratch.path("restart/pointsman.db");
  const first = openAt(path);
  const answer = { tenant: "a", key: "k", useCase: "c", storedAt: 1, expiresAt: 9, document: "{}" };
  await first.answers.put([answer]);
  const ticket = { id: "tkt_1", at: 1, tenant: "a", useCase: "c", queue: "q", prompt: "p" };
  await first.tickets.create({ ...ticket, requestId: "r", decisionId: "d" }, 1);
  await first.close();
  const second = openAt(path);
  expect(await second.answers.load(2, { count: 10, chars: 100 })).toEqual([answer]);
  expect(await second.tickets.get("tkt_1", 2)).toMatchObject({ status: "open", prompt: "p" });
  await second.close();
});
