/** A batch outlives the processes that work on it, however they end. Real processes, real files. */
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { seededRandom } from "../../../src/core/clock.ts";
import { FakeClock } from "../../../src/core/fake-clock.ts";
import { openSqliteStore } from "../../../src/store/sqlite/sqlite-store.ts";
import { createScratch } from "../../scratch.ts";
import { addBatch, batchId } from "./batch-fixture.ts";
import { wholeText } from "./file-fixture.ts";

const CHILD = new URL("./batch-crash-child.ts", import.meta.url).pathname;
const REQUESTS = 400;
const CONCURRENT = 8;
const scratch = createScratch();

const customIds = Array.from({ length: REQUESTS }, (_, i) => `r${i.toString().padStart(3, "0")}`);

/** A file with one batch that nobody has worked on. */
async function seeded(path: string): Promise<void> {
  // The window of a batch ends by the real clock of the processes that work on it.
  const now = Date.now();
  const store = openSqliteStore({ path, clock: new FakeClock() });
  const lines = customIds.map((id) => {
    const body = { model: "m", custom: id, padding: "x".repeat(500) };
    return `${JSON.stringify({ custom_id: id, method: "POST", url: "/v1/chat/completions", body })}\n`;
  });
  await addBatch(store, 1, { createdAt: now, expiresAt: now + 600_000 }, lines);
  await store.close();
}

function startChild(path: string, leaseMs: number) {
  return Bun.spawn([process.execPath, CHILD, path, batchId(1), String(leaseMs)], {
    stdout: "pipe",
    stderr: "inherit",
  });
}

/** Kills it once it has acknowledged `enough` results; all that it still said counts. */
async function runUntil(child: ReturnType<typeof startChild>, enough: number): Promise<string[]> {
  let output = "";
  for await (const chunk of child.stdout) {
    output += new TextDecoder().decode(chunk);
    if (output.split("\nkept ").length > enough) child.kill("SIGKILL");
  }
  await child.exited;
  // A last line that was cut says nothing.
  return output.split("\n").slice(0, -1);
}

const said = (lines: readonly string[], word: string) =>
  lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1));

/** The ids of all records in the file as it lies there. */
function storedIds(path: string): Set<unknown> {
  const database = new Database(path);
  try {
    expect(database.query("PRAGMA integrity_check").all()).toEqual([{ integrity_check: "ok" }]);
    const rows = database.query("SELECT json_extract(CAST(bytes AS TEXT), '$.id') FROM file_parts").values();
    return new Set(rows.flat());
  } finally {
    database.close();
  }
}

async function finished(path: string) {
  const store = openSqliteStore({ path, clock: new FakeClock() });
  try {
    const batch = await store.batches.get("acme", batchId(1));
    const read = async (id: string | null | undefined) => {
      const lines = (await wholeText(store.files, id ?? "")).split("\n").slice(0, -1);
      return lines.map((line): { custom_id: string; id: string } => JSON.parse(line));
    };
    return { batch, outputs: await read(batch?.outputFileId), errors: await read(batch?.errorFileId) };
  } finally {
    await store.close();
  }
}

const isError = (id: string) => id.endsWith("7");

test("kill -9 at any moment: the next process goes on, no result is lost and none is written twice", async () => {
  const path = scratch.path("killed.db");
  await seeded(path);
  const random = seededRandom(20_261_121);
  const kept: string[] = [];
  const asked: string[] = [];
  let kills = 0;
  for (let over = false; !over; ) {
    const child = startChild(path, 250);
    const lines = await runUntil(child, 20 + Math.floor(random() * 80));
    kept.push(...said(lines, "kept"));
    asked.push(...said(lines, "asked"));
    over = lines.includes("over completed");
    if (over) break;
    expect(child.signalCode).toBe("SIGKILL");
    kills++;
    const stored = storedIds(path);
    expect(kept.filter((id) => !stored.has(id))).toEqual([]);
  }
  expect(kills).toBeGreaterThanOrEqual(3);
  const { batch, outputs, errors } = await finished(path);
  const succeeded = customIds.filter((id) => !isError(id));
  expect(outputs.map((record) => record.custom_id)).toEqual(succeeded);
  expect(errors.map((record) => record.custom_id)).toEqual(customIds.filter(isError));
  expect(batch).toMatchObject({
    status: "completed",
    counts: { total: REQUESTS, completed: succeeded.length, failed: REQUESTS - succeeded.length },
  });
  // What was under way at a kill is asked again, and nothing else.
  expect(asked.length).toBeLessThanOrEqual(REQUESTS + kills * CONCURRENT);
  const final = new Set([...outputs, ...errors].map((record) => record.id));
  expect(kept.filter((id) => !final.has(id))).toEqual([]);
}, 60_000);

test("two processes over one file: no request is made twice", async () => {
  const path = scratch.path("shared.db");
  await seeded(path);
  const outputs = await Promise.all(
    [startChild(path, 30_000), startChild(path, 30_000)].map((child) => runUntil(child, Infinity)),
  );
  const asked = outputs.flatMap((lines) => said(lines, "asked"));
  expect(asked.toSorted()).toEqual(customIds);
  expect((await finished(path)).batch?.counts.total).toBe(REQUESTS);
}, 60_000);
