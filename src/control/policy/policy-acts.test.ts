/** Push, rollback and comparison over one desk. */
import { describe, expect, test } from "bun:test";
import { BASE_DOCUMENT } from "../../store/policy-heads.ts";
import { type FakeDesk, fakeDesk, inFile, policyWith } from "./fake-desk.ts";
import { comparePolicies } from "./history/compare.ts";
import { previousVersion } from "./history/find-version.ts";
import { type PushWish, pushPolicy } from "./push.ts";
import { rollBack } from "./rollback.ts";
import { documentTexts } from "./store-documents.ts";

const attemptsOf = ({ control }: FakeDesk) => control.snapshot().useCases.get("chat")?.maxAttempts;
const versionOf = ({ control }: FakeDesk) => control.snapshot().version;

/** Puts each in force, a second apart, and gives their versions. */
async function followed(fake: FakeDesk, ...attempts: readonly number[]): Promise<readonly string[]> {
  const versions: string[] = [];
  for (const n of attempts) {
    await fake.clock.advance(1_000);
    await fake.control.offer(inFile(policyWith(n)), "file");
    versions.push(versionOf(fake));
  }
  return versions;
}

describe("rollback of a policy that lives elsewhere", () => {
  const back = (fake: FakeDesk, version: string | null = null) =>
    rollBack(fake.desk, { version, actor: "ops", note: null });

  test("to the one before, and once more to the one before that", async () => {
    const fake = fakeDesk();
    const [a, b] = await followed(fake, 1, 2, 3);
    expect(await back(fake)).toMatchObject({ result: "activated", version: b, pinned: true });
    await fake.clock.advance(1_000);
    expect(await back(fake)).toMatchObject({ result: "activated", version: a });
    expect(attemptsOf(fake)).toBe(1);
    expect(await back(fake)).toEqual({ result: "no_earlier" });
  });

  test("to a certain version", async () => {
    const fake = fakeDesk();
    const [a, , c] = await followed(fake, 1, 2, 3);
    expect(await back(fake, a)).toMatchObject({ result: "activated", version: a, previousVersion: c });
    expect(await back(fake, a)).toEqual({ result: "in_force" });
    expect(await back(fake, "test@nowhere")).toEqual({ result: "unknown", version: "test@nowhere" });
  });

  test("past refusals, restarts and comments", async () => {
    const fake = fakeDesk();
    const [a] = await followed(fake, 1, 2);
    await fake.control.offer(inFile("version: 1\n"), "file");
    await fake.clock.advance(1_000);
    await fake.control.offer(inFile(`# a remark\n${policyWith(2)}`), "file");
    await fake.control.recompile("inference-profiles");
    expect(await previousVersion(fake.desk, versionOf(fake))).toBe(a ?? "");
    expect(await back(fake)).toMatchObject({ version: a });
  });

  test("after an edit that was taken back by hand, the edit is the one before", async () => {
    const fake = fakeDesk();
    const [, b] = await followed(fake, 1, 2, 1);
    expect(await back(fake)).toMatchObject({ version: b });
  });

  test.each([
    ["one that is", [1, 2], [3], 2],
    ["one that is not either", [1, 2], [3, 4], 3],
    ["the one before it, though it had been in force before", [1, 2, 3], [2], 3],
  ])("from a version that is not on record yet is to %s", async (_what, recorded, waiting, expected) => {
    const fake = fakeDesk();
    await followed(fake, ...recorded);
    fake.broken = true;
    await followed(fake, ...waiting);
    expect(await back(fake)).toMatchObject({ result: "activated" });
    expect(attemptsOf(fake)).toBe(expected);
  });

  test("to a version that is not on record yet, by its name; the history shows it", async () => {
    const fake = fakeDesk();
    const [a, b] = await followed(fake, 1, 2);
    fake.broken = true;
    const [c, d] = await followed(fake, 3, 4);
    expect(await back(fake, c)).toMatchObject({ result: "activated", version: c });
    const versions = async (limit: number, before?: string) =>
      (await fake.desk.activations.list(limit, before)).map(({ version }) => version);
    expect(await versions(10)).toEqual([c, d, c, b, a].map((version) => version ?? ""));
    const [, , third, fourth] = await fake.desk.activations.list(10);
    expect(await versions(2, third?.id)).toEqual([b, a].map((version) => version ?? ""));
    expect(await versions(1, third?.id)).toEqual([b ?? ""]);
    expect(await versions(2, fourth?.id)).toEqual([a ?? ""]);
    fake.broken = false;
    await fake.clock.advance(10_000);
    expect(await versions(10)).toEqual([c, d, c, b, a].map((version) => version ?? ""));
  });

  test("a long history is walked through in pages", async () => {
    const fake = fakeDesk();
    const [a] = await followed(fake, 1, 2);
    for (let i = 0; i < 150; i++) {
      await fake.clock.advance(1);
      await fake.control.offer(inFile(`version: 1 # ${i}\n`), "file");
    }
    expect(await back(fake)).toMatchObject({ version: a });
  });
});

describe("a policy that lives in the store", () => {
  const wish = (text: string, more: Partial<PushWish> = {}): PushWish => ({
    text,
    environment: null,
    note: null,
    ifVersion: null,
    dryRun: false,
    actor: "ops",
    ...more,
  });

  /** As a gateway starts: what the store says is in force. */
  async function started(environment?: string): Promise<FakeDesk> {
    const fake = fakeDesk({ store: true, ...(environment !== undefined && { environment }) });
    const documents = { [BASE_DOCUMENT]: policyWith(1) };
    await fake.desk.heads?.write({ revision: 1, at: 0, actor: "seed", note: null, documents });
    await fake.look();
    await fake.clock.advance(1_000);
    return fake;
  }

  test("a push is stored, in force and recorded with who and why", async () => {
    const fake = await started();
    const before = versionOf(fake);
    const outcome = await pushPolicy(fake.desk, wish(policyWith(2), { note: "cheaper" }));
    expect(outcome).toMatchObject({
      result: "activated",
      previousVersion: before,
      changes: [expect.any(String)],
    });
    expect(attemptsOf(fake)).toBe(2);
    const head = await fake.desk.heads?.read(0);
    expect(head).toMatchObject({ revision: 2, actor: "ops", documents: { [BASE_DOCUMENT]: policyWith(2) } });
    expect((await fake.desk.activations.list(1))[0]).toMatchObject({ actor: "ops", note: "cheaper" });
    expect(fake.audited.at(-1)).toMatchObject({ actor: "ops", action: "policy.pushed" });
    // The source finds what was pushed, and it is no news.
    expect((await fake.control.offer(documentTexts(head?.documents ?? {}, null), "store")).result).toBe(
      "unchanged",
    );
  });

  test("a dry run stores nothing and says everything", async () => {
    const fake = await started();
    const before = versionOf(fake);
    expect(await pushPolicy(fake.desk, wish(policyWith(2), { dryRun: true }))).toMatchObject({
      result: "valid",
      previousVersion: before,
      changes: ["chat: max_attempts 1 → 2"],
    });
    const refused = await pushPolicy(fake.desk, wish("version: 1\n", { dryRun: true }));
    expect(refused.result).toBe("refused");
    expect((await fake.desk.heads?.read(0))?.revision).toBe(1);
    expect(await fake.desk.activations.list(10)).toHaveLength(1);
  });

  test("a broken text is refused and recorded, and is not stored", async () => {
    const fake = await started();
    expect((await pushPolicy(fake.desk, wish("version: 1\n"))).result).toBe("refused");
    expect((await fake.desk.heads?.read(0))?.revision).toBe(1);
    expect((await fake.desk.activations.list(1))[0]).toMatchObject({ result: "refused", actor: "ops" });
    expect(fake.control.status().refused).toBeNull();
  });

  test("a writer that has seen another version is told which it is now", async () => {
    const fake = await started();
    const seen = versionOf(fake);
    await pushPolicy(fake.desk, wish(policyWith(2), { ifVersion: seen }));
    const now = versionOf(fake);
    const late = await pushPolicy(fake.desk, wish(policyWith(3), { ifVersion: seen }));
    expect(late).toEqual({ result: "conflict", version: now });
    expect(attemptsOf(fake)).toBe(2);
  });

  test("what another process has stored counts, though it is not in force here yet", async () => {
    const fake = await started();
    const seen = versionOf(fake);
    const documents = { [BASE_DOCUMENT]: policyWith(7) };
    await fake.desk.heads?.write({ revision: 2, at: 0, actor: "other", note: null, documents });
    expect((await pushPolicy(fake.desk, wish(policyWith(3), { ifVersion: seen }))).result).toBe("conflict");
    expect((await pushPolicy(fake.desk, wish(policyWith(3)))).result).toBe("activated");
    expect((await fake.desk.heads?.read(0))?.revision).toBe(3);
  });

  test("of writers at once without a condition all are written, one after the other", async () => {
    const fake = await started();
    const outcomes = await Promise.all([2, 3, 4].map((n) => pushPolicy(fake.desk, wish(policyWith(n)))));
    expect(outcomes.map(({ result }) => result)).toEqual(["activated", "activated", "activated"]);
    expect((await fake.desk.heads?.read(0))?.revision).toBe(4);
    expect((await fake.desk.heads?.read(0))?.documents[BASE_DOCUMENT]).toBe(
      policyWith(attemptsOf(fake) ?? 0),
    );
  });

  test("of writers at once who have seen the same version one is written", async () => {
    const fake = await started();
    const ifVersion = versionOf(fake);
    const outcomes = await Promise.all(
      [2, 3, 4].map((n) => pushPolicy(fake.desk, wish(policyWith(n), { ifVersion }))),
    );
    expect(outcomes.filter(({ result }) => result === "activated")).toHaveLength(1);
    expect(outcomes.filter(({ result }) => result === "conflict")).toHaveLength(2);
  });

  test("the overlay of the gateway's own environment, and of no other", async () => {
    const fake = await started("prod");
    const overlay = "use_cases: { chat: { max_attempts: 9 } }\n";
    expect(await pushPolicy(fake.desk, wish(overlay, { environment: "dev" }))).toEqual({
      result: "other_environment",
      environment: "prod",
    });
    expect((await pushPolicy(fake.desk, wish(overlay, { environment: "prod" }))).result).toBe("activated");
    expect(attemptsOf(fake)).toBe(9);
    expect((await fake.desk.heads?.read(0))?.documents).toEqual({ "": policyWith(1), prod: overlay });
    await fake.clock.advance(1_000);
    const undone = await rollBack(fake.desk, { version: null, actor: "ops", note: null });
    expect(undone).toMatchObject({ result: "activated", pinned: false });
    expect((await fake.desk.heads?.read(0))?.documents).toEqual({ "": policyWith(1) });
  });

  test("a rollback moves the store, so that every process follows; nothing is pinned", async () => {
    const fake = await started();
    const first = versionOf(fake);
    await pushPolicy(fake.desk, wish(policyWith(2)));
    await fake.clock.advance(1_000);
    const undone = await rollBack(fake.desk, { version: null, actor: "ops", note: "too dear" });
    expect(undone).toMatchObject({ result: "activated", version: first, pinned: false });
    const head = await fake.desk.heads?.read(0);
    expect(head).toMatchObject({ revision: 3, actor: "ops", note: "too dear" });
    expect(head?.documents[BASE_DOCUMENT]).toBe(policyWith(1));
    expect(fake.control.status().pinned).toBeNull();
    expect((await fake.desk.activations.list(1))[0]?.result).toBe("rolled_back");
  });

  test("a version of another source in more texts than the store has places for is not taken", async () => {
    const fake = await started();
    const parts = [...inFile(policyWith(4)), { file: "b.policy.yaml", text: "x-b: 1\n" }];
    await fake.control.offer(parts, "directory");
    const foreign = versionOf(fake);
    await fake.clock.advance(1_000);
    await pushPolicy(fake.desk, wish(policyWith(5)));
    const outcome = await rollBack(fake.desk, { version: foreign, actor: "ops", note: null });
    expect(outcome).toEqual({ result: "foreign", version: foreign });
  });
});

test("a push to a policy that lives elsewhere says where", async () => {
  const fake = fakeDesk();
  await followed(fake, 1);
  const outcome = await pushPolicy(fake.desk, {
    text: policyWith(2),
    environment: null,
    note: null,
    ifVersion: null,
    dryRun: false,
    actor: "ops",
  });
  expect(outcome).toEqual({ result: "elsewhere", address: "policy.yaml" });
  expect(attemptsOf(fake)).toBe(1);
});

describe("comparing", () => {
  test("versions, the one in force and texts with each other", async () => {
    const fake = fakeDesk();
    const [a = "", b = ""] = await followed(fake, 1, 2);
    const expected = { result: "compared", changes: ["chat: max_attempts 1 → 2"] };
    expect(await comparePolicies(fake.desk, a, "current")).toMatchObject(expected);
    expect(await comparePolicies(fake.desk, a, b)).toMatchObject(expected);
    expect(await comparePolicies(fake.desk, inFile(policyWith(1)), b)).toMatchObject(expected);
    expect(await comparePolicies(fake.desk, b, inFile(policyWith(2)))).toEqual({
      result: "compared",
      paths: [],
      changes: [],
    });
  });

  test("what cannot be had, and what is no policy", async () => {
    const fake = fakeDesk();
    await followed(fake, 1);
    expect(await comparePolicies(fake.desk, "current", "test@gone")).toEqual({
      result: "unknown",
      version: "test@gone",
    });
    const invalid = await comparePolicies(fake.desk, "current", inFile("version: [\n"));
    expect(invalid).toMatchObject({ result: "invalid", findings: [{ code: "yaml_syntax" }] });
  });
});
