/** What is acknowledged stays, whoever kills the process and whoever else writes. Real processes, real files. */
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { seededRandom } from "../../../src/core/clock.ts";
import { FakeClock } from "../../../src/core/fake-clock.ts";
import { openSqliteStore } from "../../../src/store/sqlite/sqlite-store.ts";
import { createScratch } from "../../scratch.ts";
import { decisionId, decisions, recordsOf } from "./decision-fixture.ts";
import { storedDecisions } from "./stored-decisions.ts";

const CHILD = new URL("./appending-child.ts", import.meta.url).pathname;
const scratch = createScratch();

function startChild(path: string, from: number, batches: number, size: number) {
  return Bun.spawn([process.execPath, CHILD, path, String(from), String(batches), String(size)], {
    stdout: "pipe",
    stderr: "inherit",
  });
}

/** The numbers that `output` acknowledges; a last line that was cut acknowledges nothing. */
function acknowledged(output: string): number[] {
  return output
    .split("\n")
    .slice(0, -1)
    .flatMap((line) => {
      const [first = 0, next = 0] = line.split(" ").map(Number);
      return Array.from({ length: next - first }, (_, i) => first + i);
    });
}

function storedIds(path: string): Set<unknown> {
  const database = new Database(path);
  try {
    expect(database.query("PRAGMA integrity_check").all()).toEqual([{ integrity_check: "ok" }]);
    return new Set(storedDecisions(database));
  } finally {
    database.close();
  }
}

/** Reads the child's output and kills it as soon as `enough` lines have come; all that it still said counts. */
async function killAfter(child: ReturnType<typeof startChild>, enough: number): Promise<string> {
  let output = "";
  for await (const chunk of child.stdout) {
    output += new TextDecoder().decode(chunk);
    if (output.split("\n").length > enough) child.kill("SIGKILL");
  }
  await child.exited;
  return output;
}

test("kill -9 at any moment loses no acknowledged record, and the file is whole", async () => {
  const path = scratch.path("killed.db");
  const random = seededRandom(20_261_120);
  const promised: number[] = [];
  for (let round = 0; round < 4; round++) {
    const child = startChild(path, round * 1_000_000, 800, 50);
    const output = await killAfter(child, 1 + Math.floor(random() * 120));
    expect(child.signalCode).toBe("SIGKILL");
    promised.push(...acknowledged(output));
    const stored = storedIds(path);
    expect(promised.filter((n) => !stored.has(decisionId(n)))).toEqual([]);
  }
  expect(promised.length).toBeGreaterThanOrEqual(4 * 50);
  const store = openSqliteStore({ path, clock: new FakeClock() });
  await store.decisions.append(recordsOf(decisions(9_000_000, 9_000_001)));
  expect((await store.decisions.list({ limit: 1 })).decisions[0]?.id).toBe(decisionId(9_000_000));
  await store.close();
}, 30_000);

test("two processes create and write one file at once", async () => {
  const path = scratch.path("shared/pointsman.db");
  const children = [0, 1].map((i) => startChild(path, i * 100_000, 20, 100));
  const outputs = await Promise.all(children.map((child) => new Response(child.stdout).text()));
  expect(await Promise.all(children.map((child) => child.exited))).toEqual([0, 0]);
  const promised = outputs.flatMap(acknowledged);
  expect(promised).toHaveLength(4_000);
  expect(storedIds(path)).toEqual(new Set(promised.map(decisionId)));
}, 30_000);
