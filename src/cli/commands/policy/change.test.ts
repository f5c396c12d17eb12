/** The commands that change and compare, against the gateway's own control interface. */
import { beforeEach, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createScratch } from "../../../../test/scratch.ts";
import { fakeTrail } from "../../../control/audit/fake-trail.ts";
import { type FakeDesk, fakeDesk, policyWith } from "../../../control/policy/fake-desk.ts";
import { fakeControlApp } from "../../../http/fake-control.ts";
import { createMemoryStore } from "../../../store/memory/memory-store.ts";
import { BASE_DOCUMENT } from "../../../store/policy-heads.ts";
import { type Asked, fakeProcess } from "../../fake-ports.ts";

const scratch = createScratch();

interface World {
  readonly fake: FakeDesk;
  readonly cwd: string;
  readonly methods: string[];
  run(...args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }>;
}

/** A gateway whose policy is in its store, with two files to push. */
async function setUp(): Promise<World> {
  const fake = fakeDesk({ store: true });
  const store = createMemoryStore();
  const audit = fakeTrail(store.audit, fake.clock);
  const app = fakeControlApp(fake, { audit });
  await fake.desk.heads?.write({
    revision: 1,
    at: 0,
    actor: "seed",
    note: null,
    documents: { [BASE_DOCUMENT]: policyWith(1) },
  });
  await fake.look();
  const cwd = scratch.folder();
  writeFileSync(join(cwd, "two.yaml"), policyWith(2));
  writeFileSync(join(cwd, "broken.yaml"), policyWith(2).replace("primary: large", "primary: lrge"));
  const methods: string[] = [];
  const gateway = async ({ method, url, body }: Asked) => {
    methods.push(method);
    const headers = { "content-type": "application/json" };
    return app(new Request(url, { method, headers, ...(body !== null && { body: JSON.stringify(body) }) }));
  };
  return {
    fake,
    cwd,
    methods,
    async run(...args) {
      await fake.clock.advance(1_000);
      const shell = fakeProcess({ cwd, gateway });
      const code = await shell.run(...args);
      return { code, stdout: shell.stdout(), stderr: shell.stderr() };
    },
  };
}

describe("policy", () => {
  let world: World;
  beforeEach(async () => {
    world = await setUp();
  });
  const version = () => world.fake.control.snapshot().version;

  test("push: what changed is said, in text and as JSON", async () => {
    const before = version();
    const pushed = await world.run("policy", "push", "two.yaml", "--note", "cheaper");
    expect(pushed).toEqual({
      code: 0,
      stdout: `${version()} is in force. (was ${before})\n  chat: max_attempts 1 → 2\n`,
      stderr: "",
    });
    expect(world.methods).toEqual(["PUT"]);
    const again = await world.run("policy", "push", "two.yaml", "--json");
    expect(JSON.parse(again.stdout)).toMatchObject({ result: "unchanged", version: version() });
  });

  test("push --dry-run changes nothing", async () => {
    const before = version();
    const dry = await world.run("policy", "push", "two.yaml", "--dry-run");
    expect(dry.code).toBe(0);
    expect(dry.stdout).toContain("nothing has changed. (was ");
    expect(version()).toBe(before);
  });

  test("push of a broken file: findings with its own name and line, exit code 1", async () => {
    const refused = await world.run("policy", "push", "broken.yaml");
    expect(refused.code).toBe(1);
    expect(refused.stdout).toMatch(/^broken\.yaml:\d+:\d+ error unknown_model/);
    expect(refused.stdout).toContain("primary: lrge");
    expect(refused.stderr).toContain("nothing has changed");
    const json = await world.run("policy", "push", "broken.yaml", "--json");
    expect(JSON.parse(json.stdout)).toMatchObject({ error: { code: "policy_refused" } });
  });

  test("push of a file with a warning: with its own name and line", async () => {
    const text = policyWith(2).replace("      degraded:", "      # degraded:");
    writeFileSync(join(world.cwd, "warned.yaml"), text);
    for (const verb of [["push"], ["activate"]]) {
      const { stdout, code } = await world.run("policy", ...verb, "warned.yaml");
      expect(code).toBe(0);
      expect(stdout).toMatch(/\nwarned\.yaml:13:\d+ warning no_degraded_mode .*\n +13 \| {3}chat:\n/);
      writeFileSync(join(world.cwd, "warned.yaml"), text.replace("max_attempts: 2", "max_attempts: 3"));
    }
  });

  test("push of no file is wrong usage", async () => {
    expect(await world.run("policy", "push", "gone.yaml")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("There is no file gone.yaml."),
    });
    expect(world.methods).toEqual([]);
  });

  test("push --env of an environment that is not the gateway's is told why", async () => {
    const refused = await world.run("policy", "push", "two.yaml", "--env", "prod");
    expect(refused.code).toBe(3);
    expect(refused.stderr).toContain("no environment");
  });

  test("rollback, show and diff", async () => {
    const first = version();
    await world.run("policy", "push", "two.yaml");
    const second = version();
    const diff = await world.run("policy", "diff", first, "two.yaml");
    expect(diff).toEqual({ code: 0, stdout: "chat: max_attempts 1 → 2\n", stderr: "" });
    expect((await world.run("policy", "diff", first, "--exit-code")).code).toBe(1);
    expect((await world.run("policy", "diff", "two.yaml", "--exit-code")).code).toBe(0);
    const back = await world.run("policy", "rollback", "--note", "too dear");
    expect(back.stdout).toBe(`${first} is in force. (was ${second})\n  chat: max_attempts 2 → 1\n`);
    const shown = await world.run("policy", "show", second);
    expect(shown.stdout).toContain(`# ${second}, since `);
    expect(shown.stdout).toContain(policyWith(2).trimEnd());
    const raw = await world.run("policy", "show", second, "--json");
    expect(JSON.parse(raw.stdout).texts).toEqual([{ file: "store:policy.yaml", text: policyWith(2) }]);
  });

  test.each([
    [["show", "test@nope"], 1, "No such version"],
    [["rollback"], 1, "no version before"],
    [["rollback", "test@nope"], 1, "No such version"],
    [["unpin"], 1, "No version is pinned"],
    [["diff", "test@nope"], 1, "No such version"],
    [["diff", "gone.yaml"], 2, "There is no file gone.yaml."],
    [["diff", "broken.yaml", "current"], 0, ""],
  ])("%p ends with %p", async (args, code, words) => {
    const ended = await world.run("policy", ...args);
    expect(ended.code).toBe(code);
    expect(ended.stderr).toContain(words);
  });
});

describe("audit", () => {
  test("list, tail and verify", async () => {
    const world = await setUp();
    // The desk of this test writes elsewhere: what the commands read is the log itself.
    const empty = await world.run("audit", "list");
    expect(empty.stdout).toBe("Nothing was done yet.\n");
    const whole = await world.run("audit", "verify");
    expect(whole).toMatchObject({ code: 0, stdout: expect.stringContaining("whole: entries 0") });
  });

  const entry = (seq: number, changes: object = {}) => ({
    seq,
    at: 1_700_000_000_000 + seq,
    actor: "ops",
    action: "policy.pushed",
    subject: "example@1",
    details: { note: "why", changes: ["chat: max_attempts 1 → 2", "circuit: probes 1 → 2"] },
    prevHash: "0",
    hash: "1",
    ...changes,
  });

  test("a table, and where it goes on; an entry that lost its shape is drawn all the same", async () => {
    const entries = [entry(3), { seq: 2, unreadable: true }];
    const shell = fakeProcess({ gateway: () => Response.json({ entries, cursor: 2 }) });
    expect(await shell.run("audit", "list", "--limit", "2")).toBe(0);
    expect(shell.asked[0]?.path).toBe("/admin/audit?limit=2");
    expect(shell.stdout()).toMatch(
      /3 +2023-11-14 22:13:20 +ops +policy\.pushed +example@1 +chat: max_attempts 1 → 2 and 1 more \(why\)/,
    );
    expect(shell.stdout()).toContain("????-??-??");
    expect(shell.stderr()).toBe("More: --before 2\n");
  });

  test("tail begins with the latest, oldest first, then asks for what is newer", async () => {
    const pages = [
      { entries: [entry(2), entry(1)], cursor: null },
      { entries: [entry(3)], cursor: null },
    ];
    const shell = fakeProcess({
      gateway: () => Response.json(pages.shift() ?? { entries: [], cursor: null }),
    });
    const ended = shell.run("audit", "tail", "--count", "3", "--json");
    await shell.clock.advance(1_000);
    expect(await ended).toBe(0);
    const seqs = shell
      .stdout()
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line).seq);
    expect(seqs).toEqual([1, 2, 3]);
    expect(shell.asked.map(({ path }) => path)).toEqual([
      "/admin/audit?limit=10",
      "/admin/audit?limit=499&after=2",
    ]);
  });

  test("a broken link is exit code 1, with its place", async () => {
    const verdict = { ok: false, entries: 2, brokenAt: 3, reason: "Entry 3 was changed." };
    const shell = fakeProcess({ gateway: () => Response.json(verdict) });
    expect(await shell.run("audit", "verify")).toBe(1);
    expect(shell.stdout()).toBe(
      "The audit log is broken at entry 3; whole before it: 2. Entry 3 was changed.\n",
    );
  });
});
