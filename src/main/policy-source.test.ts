import { describe, expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createScratch } from "../../test/scratch.ts";
import { FakeClock } from "../core/fake-clock.ts";
import { createMemoryStore } from "../store/memory/memory-store.ts";
import type { PolicyHeadStore } from "../store/policy-heads.ts";
import type { LogLevel } from "./log.ts";
import { openPolicySource, policyFolder } from "./policy-source.ts";

const folder = createScratch().folder();

function setUp(
  address: string,
  heads: PolicyHeadStore = createMemoryStore().policyHeads,
  environment: string | null = null,
) {
  const clock = new FakeClock();
  const logged: { level: LogLevel; event: string; fields: Readonly<Record<string, unknown>> }[] = [];
  const open = () =>
    openPolicySource({
      address,
      environment,
      directory: null,
      heads,
      clock,
      log: (level, event, fields = {}) => void logged.push({ level, event, fields }),
      random: () => 0.5,
      env: {},
    });
  return { clock, heads, logged, open };
}

/** A store that answers only while it may. */
function moody(): PolicyHeadStore & { down: boolean } {
  const { policyHeads } = createMemoryStore();
  return {
    down: false,
    async read(after) {
      if (this.down) throw new Error("The disk is failing.");
      return policyHeads.read(after);
    },
    write: (head) => policyHeads.write(head),
  };
}

const head = (revision: number, text: string) => ({
  revision,
  at: 0,
  actor: "ops",
  note: null,
  documents: { "": text },
});

describe("the alarm", () => {
  test("once when the source falls silent, every hour while it is, once when it is back", async () => {
    const heads = moody();
    await heads.write(head(1, "version: 1\n"));
    const { clock, logged, open } = setUp("store:", heads);
    const opened = await open();
    opened.follow(async () => {});
    heads.down = true;
    await clock.advance(2.5 * 60 * 60_000);
    expect(logged.map(({ level, event }) => `${level} ${event}`)).toEqual(
      Array(3).fill("error policy_source_failed"),
    );
    expect(logged[0]?.fields).toMatchObject({ kind: "store", problem: "The disk is failing.", failures: 1 });
    heads.down = false;
    await clock.advance(5 * 60_000);
    expect(logged.at(-1)).toMatchObject({ level: "info", event: "policy_source_recovered" });
    expect(logged).toHaveLength(4);
    opened.stop();
  });

  test("a file that is away for the moment of its replacement is no alarm", async () => {
    const file = join(folder, "policy.yaml");
    writeFileSync(file, "version: 1\n");
    const { clock, logged, open } = setUp(file);
    const opened = await open();
    opened.follow(async () => {});
    rmSync(file);
    const failures = () => opened.status()?.failures ?? 0;
    for (let looks = 1; looks <= 4; looks++) {
      expect(logged).toEqual([]);
      await clock.advance(250);
      // The file system answers in its own time.
      while (failures() < looks) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(logged.map(({ event }) => event)).toEqual(["policy_source_failed"]);
    opened.stop();
  });
});

describe("an empty store", () => {
  test("with a file that fills it is no alarm; where it stays empty, it is one", async () => {
    const file = join(folder, "calm.yaml");
    writeFileSync(file, "version: 1\n");
    const filled = setUp(`store:${file}`);
    const opened = await filled.open();
    await opened.keepSeed();
    opened.follow(async () => {});
    await filled.clock.advance(10_000);
    expect(filled.logged).toEqual([]);
    opened.stop();

    const refused = setUp(`store:${file}`);
    const empty = await refused.open();
    empty.follow(async () => {});
    await refused.clock.advance(10_000);
    expect(refused.logged.map(({ event }) => event)).toEqual(["policy_source_failed"]);
    empty.stop();
  });

  test("is filled from the file that is named, once its policy is good", async () => {
    const file = join(folder, "first.yaml");
    writeFileSync(file, "version: 1 # first\n");
    const { heads, open } = setUp(`store:${file}`);
    const opened = await open();
    expect(opened.first).toEqual({ texts: [{ file, text: "version: 1 # first\n" }], problem: null });
    expect(await heads.read(0)).toBeNull();
    await opened.keepSeed();
    expect(await heads.read(0)).toMatchObject({
      revision: 1,
      actor: "seed",
      documents: { "": "version: 1 # first\n" },
    });
    writeFileSync(file, "version: 1 # second\n");
    const again = await open();
    expect(again.first.texts?.[0]?.text).toBe("version: 1 # first\n");
    await again.keepSeed();
    expect((await heads.read(0))?.revision).toBe(1);
  });

  test("with the overlay of the environment", async () => {
    const file = join(folder, "based.yaml");
    writeFileSync(file, "a: 1\n");
    writeFileSync(join(folder, "based.prod.yaml"), "a: 2\n");
    const { heads, open } = setUp(`store:${file}`, undefined, "prod");
    await (await open()).keepSeed();
    expect((await heads.read(0))?.documents).toEqual({ "": "a: 1\n", prod: "a: 2\n" });
  });

  test("another process that was faster counts", async () => {
    const file = join(folder, "slow.yaml");
    writeFileSync(file, "a: 1\n");
    const { heads, open } = setUp(`store:${file}`);
    const opened = await open();
    await heads.write(head(1, "a: 2\n"));
    await opened.keepSeed();
    expect((await heads.read(0))?.documents).toEqual({ "": "a: 2\n" });
  });

  test.each([
    ["store:", "The store has no policy yet."],
    [`store:${join(folder, "gone.yaml")}`, "fills the empty store cannot be read"],
  ])("%s has none to give", async (address, words) => {
    expect((await setUp(address).open()).first).toMatchObject({
      texts: null,
      problem: expect.stringContaining(words),
    });
  });

  test("a store that does not answer is not taken for an empty one", async () => {
    const file = join(folder, "seed.yaml");
    writeFileSync(file, "a: 1\n");
    const heads = moody();
    heads.down = true;
    const opened = await setUp(`store:${file}`, heads).open();
    expect(opened.first).toEqual({ texts: null, problem: "The disk is failing." });
  });
});

test("an address that is none: nothing is asked, and why is told", async () => {
  const opened = await setUp("ssm:").open();
  expect(opened.first.problem).toContain("Write ssm:/path/name");
  expect(opened.status()).toBeNull();
  opened.follow(async () => {});
  opened.stop();
});

test.each([
  [join(folder, "policy.yaml"), folder],
  [folder, folder],
  ["https://policies.example/a/policy.yaml", process.cwd()],
  ["store:/etc/first.yaml", process.cwd()],
])("folders that the policy at %s names are beside %s", (address, expected) => {
  expect(policyFolder(address)).toBe(expected);
});
