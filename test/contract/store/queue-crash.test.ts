/** The queue outlives the processes that send to it and work it off, however they end. Real processes, a real file. */
import { expect, test } from "bun:test";
import { FakeClock } from "../../../src/core/fake-clock.ts";
import { openSqliteStore } from "../../../src/store/sqlite/sqlite-store.ts";
import { createScratch } from "../../scratch.ts";
import { drained } from "./queue-contract.ts";

const CHILD = new URL("./queue-crash-child.ts", import.meta.url).pathname;
const HOUR_MS = 3_600_000;
const scratch = createScratch();

/** Runs a child until it has acknowledged `enough` messages, then kills it; what it said until then. */
async function killedAfter(path: string, name: string, enough: number): Promise<string[]> {
  const child = Bun.spawn([process.execPath, CHILD, path, name], { stdout: "pipe", stderr: "inherit" });
  let output = "";
  for await (const chunk of child.stdout) {
    output += new TextDecoder().decode(chunk);
    if (output.split("sent ").length > enough) child.kill("SIGKILL");
  }
  await child.exited;
  expect(child.signalCode).toBe("SIGKILL");
  // A last line that was cut says nothing.
  return output.split("\n").slice(0, -1);
}

const said = (lines: readonly string[], word: string) =>
  lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1));

test("kill -9: what was acknowledged is there, what was done is not, and nobody else's is taken twice", async () => {
  const path = scratch.path("killed.db");
  const lines: string[] = [];
  for (const round of [0, 1]) {
    const both = ["left", "right"].map((name, i) => killedAfter(path, `${name}${round}`, 60 + 40 * i));
    lines.push(...(await Promise.all(both)).flat());
  }
  const done = said(lines, "done");
  const took = said(lines, "took");
  expect(done.length).toBeGreaterThan(20);
  expect(new Set(took).size).toBe(took.length);

  const store = openSqliteStore({ path, clock: new FakeClock(Date.now() + HOUR_MS) });
  const left = await drained(store.queue, HOUR_MS);
  await store.close();
  const leftIds = new Set(left.map(({ id }) => id));
  expect(leftIds.size).toBe(left.length);
  expect(done.filter((id) => leftIds.has(id))).toEqual([]);
  // Taken and not heard of again: done a moment before the kill, without the time to say so.
  const known = new Set([...done, ...took]);
  expect(said(lines, "sent").filter((id) => !leftIds.has(id) && !known.has(id))).toEqual([]);
  for (const { id, body } of left) expect(JSON.parse(body)).toEqual({ id });
}, 60_000);
