/** One chain, whoever writes and whoever is killed. Real processes, real files. */
import { expect, test } from "bun:test";
import { verifyChain } from "../../../src/control/audit/verify-chain.ts";
import { seededRandom } from "../../../src/core/clock.ts";
import { FakeClock } from "../../../src/core/fake-clock.ts";
import { openSqliteStore } from "../../../src/store/sqlite/sqlite-store.ts";
import { createScratch } from "../../scratch.ts";

const CHILD = new URL("./audit-crash-child.ts", import.meta.url).pathname;
const scratch = createScratch();

function startChild(path: string, name: string, count: number) {
  return Bun.spawn([process.execPath, CHILD, path, name, String(count)], {
    stdout: "pipe",
    stderr: "inherit",
  });
}

/** What it acknowledged; a last line that was cut says nothing. Killed once `enough` lines have come. */
async function acknowledged(child: ReturnType<typeof startChild>, enough = Number.POSITIVE_INFINITY) {
  let output = "";
  for await (const chunk of child.stdout) {
    output += new TextDecoder().decode(chunk);
    if (output.split("\n").length > enough) child.kill("SIGKILL");
  }
  await child.exited;
  return output.split("\n").slice(0, -1);
}

/** The whole chain as `SEQ HASH` lines, after it has proved whole. */
async function chainIn(path: string): Promise<ReadonlySet<string>> {
  const store = openSqliteStore({ path, clock: new FakeClock() });
  const verdict = await verifyChain(store.audit);
  expect(verdict).toMatchObject({ ok: true });
  const lines = new Set<string>();
  for (let after = 0; ; ) {
    const page = await store.audit.range(after, 500);
    if (page.length === 0) break;
    for (const { seq, entry } of page) lines.add(`${seq} ${(JSON.parse(entry) as { hash: string }).hash}`);
    after = page.at(-1)?.seq ?? after;
  }
  await store.close();
  return lines;
}

test("two processes append to one file at once: one chain, every acknowledged entry in it", async () => {
  const path = scratch.path("shared/pointsman.db");
  const children = ["one", "two"].map((name) => startChild(path, name, 150));
  const outputs = await Promise.all(children.map((child) => acknowledged(child)));
  expect(await Promise.all(children.map((child) => child.exited))).toEqual([0, 0]);
  const chain = await chainIn(path);
  expect(chain.size).toBe(300);
  expect(new Set(outputs.flat())).toEqual(new Set(chain));
}, 30_000);

test("kill -9 at any moment loses no acknowledged entry and leaves a whole chain", async () => {
  const path = scratch.path("killed/pointsman.db");
  const random = seededRandom(20_261_121);
  const promised: string[] = [];
  for (let round = 0; round < 4; round++) {
    const child = startChild(path, `round-${round}`, 100_000);
    promised.push(...(await acknowledged(child, 1 + Math.floor(random() * 60))));
    expect(child.signalCode).toBe("SIGKILL");
    const chain = await chainIn(path);
    expect(promised.filter((line) => !chain.has(line))).toEqual([]);
  }
  expect(promised.length).toBeGreaterThanOrEqual(4);
}, 30_000);
