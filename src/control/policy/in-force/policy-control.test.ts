import { describe, expect, test } from "bun:test";
import type { PolicyText } from "../../../policy/reading/load.ts";
import { type FakeDesk, fakeDesk, inFile, policyWith } from "../fake-desk.ts";
import type { Act } from "../policy-acts.ts";
import { rollBack } from "../rollback.ts";
import { digestOfTexts } from "../sources/source.ts";

const ONE = inFile(policyWith(1));
const TWO = inFile(policyWith(2));
const THREE = inFile(policyWith(3));
const BROKEN = inFile(policyWith(2).replace("primary: large", "primary: lrge"));
const ROLLBACK: Act = { actor: "ops", via: "rollback", note: "INC-1" };

const attemptsOf = ({ control }: FakeDesk) => control.snapshot().useCases.get("chat")?.maxAttempts;

function pinTo({ control }: FakeDesk, sources: readonly PolicyText[]) {
  return control.atNewest((turn) => turn.pin(sources, ROLLBACK));
}

describe("what the source says", () => {
  test("is put in force, recorded with its text and what changed, and kept as the last good one", async () => {
    const fake = fakeDesk();
    await fake.control.offer(ONE, "start");
    fake.clock.advance(1);
    const put = await fake.control.offer(TWO, "file");
    expect(put).toMatchObject({ result: "activated", changes: ["chat: max_attempts 1 → 2"] });
    expect(attemptsOf(fake)).toBe(2);
    expect(fake.disk.lastGood).toEqual(TWO);
    const [second, first] = await fake.desk.activations.list(10);
    expect(first).toMatchObject({ actor: "start", result: "activated", previousVersion: null, changes: [] });
    expect(second).toMatchObject({
      actor: "file",
      previousVersion: first?.version ?? "",
      changes: ["use_cases.chat.max_attempts: 1 → 2"],
      summary: ["chat: max_attempts 1 → 2"],
    });
    const [text] = second?.texts ?? [];
    expect(text?.file).toBe("policy.yaml");
    expect(await fake.desk.activations.text(text?.digest ?? "")).toBe(policyWith(2));
  });

  test("a look at the store from before what was written here does nothing when it comes; a later one does", async () => {
    const fake = fakeDesk({ store: true });
    const head = (revision: number) => ({
      revision,
      at: 0,
      actor: "seed",
      note: null,
      documents: { "": policyWith(revision) },
    });
    await fake.store.policyHeads.write(head(1));
    await fake.look();
    const push = { actor: "ops", via: "push", note: null } as const;
    const writing = fake.control.atNewest((turn) => turn.replace({ "": policyWith(2) }, push));
    const late = fake.control.follow(head(1));
    expect((await writing).result).toBe("activated");
    expect((await late).result).toBe("held");
    expect(attemptsOf(fake)).toBe(2);
    expect((await fake.control.follow(head(2))).result).toBe("held");
    expect((await fake.control.follow(head(3))).result).toBe("activated");
    expect(attemptsOf(fake)).toBe(3);
  });

  test("the same again does nothing; a comment alone is recorded under the same version", async () => {
    const fake = fakeDesk();
    await fake.control.offer(ONE, "start");
    expect((await fake.control.offer(ONE, "file")).result).toBe("unchanged");
    expect(fake.activated).toHaveLength(1);
    const commented = inFile(`# why\n${policyWith(1)}`);
    const put = await fake.control.offer(commented, "file");
    expect(put).toMatchObject({ result: "activated", changes: [] });
    expect(new Set(fake.activated).size).toBe(1);
  });

  test("broken: refused, told until it is mended, its text not kept", async () => {
    const fake = fakeDesk();
    await fake.control.offer(ONE, "start");
    const put = await fake.control.offer(BROKEN, "file");
    expect(put.result).toBe("refused");
    expect(attemptsOf(fake)).toBe(1);
    expect(fake.control.status().refused?.findings[0]).toMatchObject({ code: "unknown_model" });
    const [refusal] = await fake.desk.activations.list(1);
    expect(refusal).toMatchObject({ result: "refused", version: null });
    expect(refusal?.texts).toBeUndefined();
    expect(fake.disk.lastGood).toEqual(ONE);
    await fake.control.offer(ONE, "file");
    expect(fake.control.status().refused).toBeNull();
  });

  test("a policy that breaks a promise of its own is refused", async () => {
    const fake = fakeDesk();
    await fake.control.offer(ONE, "start");
    const promise =
      "tests:\n  - { name: small first, request: { use_case: chat }, expect: { primary: small } }\n";
    const put = await fake.control.offer(inFile(policyWith(2) + promise), "file");
    expect(put).toMatchObject({ result: "refused", findings: [{ path: expect.stringMatching(/^tests/) }] });
    expect(attemptsOf(fake)).toBe(1);
    // It was good once, so that it still serves when nothing else does.
    const restored = await fakeDesk().control.restore(inFile(policyWith(2) + promise), "last-good");
    expect(restored.result).toBe("activated");
  });

  test("a disk that is full keeps no good policy from serving", async () => {
    const fake = fakeDesk();
    fake.broken = true;
    expect((await fake.control.offer(ONE, "start")).result).toBe("activated");
    expect((await pinTo(fake, TWO)).result).toBe("activated");
    expect(attemptsOf(fake)).toBe(2);
    // Each act that waits is told of, and once what is replaced by the next one anyway.
    expect(fake.failures.map(([what]) => what).toSorted()).toEqual([
      "history",
      "history",
      "last_good",
      "pin",
    ]);
  });

  test("changes take turns, in the order in which they came", async () => {
    const fake = fakeDesk();
    await Promise.all([1, 2, 3, 4, 5].map((n) => fake.control.offer(inFile(policyWith(n)), "file")));
    expect(attemptsOf(fake)).toBe(5);
    const records = (await fake.desk.activations.list(10)).toReversed();
    expect(records.map(({ previousVersion }) => previousVersion)).toEqual([
      null,
      ...records.slice(0, -1).map(({ version }) => version),
    ]);
    expect(fake.disk.lastGood).toEqual(inFile(policyWith(5)));
  });
});

describe("a rollback", () => {
  const rolledBack = async (): Promise<FakeDesk> => {
    const fake = fakeDesk();
    await fake.control.offer(ONE, "start");
    await fake.control.offer(TWO, "file");
    await pinTo(fake, ONE);
    return fake;
  };

  test("holds the source's text back, however often it comes, until it is another", async () => {
    const fake = await rolledBack();
    expect(attemptsOf(fake)).toBe(1);
    expect(fake.control.status().pinned).toMatchObject({ actor: "ops", note: "INC-1" });
    expect((await fake.control.offer(TWO, "file")).result).toBe("held");
    expect(attemptsOf(fake)).toBe(1);
    expect((await fake.control.offer(THREE, "file")).result).toBe("activated");
    expect(attemptsOf(fake)).toBe(3);
    expect(fake.control.status().pinned).toBeNull();
    expect(fake.disk.pin).toBeNull();
    // It is no memory of all that was ever held back.
    expect((await fake.control.offer(TWO, "file")).result).toBe("activated");
  });

  test("begins and ends in the moment of the swap, not when it has been written down", async () => {
    const fake = await rolledBack();
    const swapped = async (attempts: number) => {
      for (let turns = 0; turns < 100 && attemptsOf(fake) !== attempts; turns++) await Promise.resolve();
      return fake.control.status();
    };
    const offered = fake.control.offer(THREE, "file");
    expect((await swapped(3)).pinned).toBeNull();
    await offered;
    const pinned = pinTo(fake, TWO);
    expect(await swapped(2)).toMatchObject({ pinned: { actor: "ops" } });
    await pinned;
  });

  test("a source that follows it ends the pin: there is nothing to hold back", async () => {
    const fake = await rolledBack();
    expect((await fake.control.offer(ONE, "file")).result).toBe("unchanged");
    expect(fake.control.status().pinned).toBeNull();
    expect((await fake.control.offer(TWO, "file")).result).toBe("activated");
  });

  test("a broken text is refused, and the pin stays", async () => {
    const fake = await rolledBack();
    expect((await fake.control.offer(BROKEN, "file")).result).toBe("refused");
    expect(attemptsOf(fake)).toBe(1);
    expect((await fake.control.offer(TWO, "file")).result).toBe("held");
    expect(fake.control.status().refused).toBeNull();
  });

  test("unpin puts the source's text in force; nothing pinned is nothing to do", async () => {
    const fake = await rolledBack();
    const act: Act = { actor: "ops", via: "unpin", note: null };
    expect((await fake.control.unpin(act))?.result).toBe("activated");
    expect(attemptsOf(fake)).toBe(2);
    expect(fake.disk.pin).toBeNull();
    expect(await fake.control.unpin(act)).toBeNull();
  });

  test("on a full disk is in the history, and kept for the next start, as soon as it can be", async () => {
    const fake = fakeDesk();
    await fake.control.offer(ONE, "start");
    fake.broken = true;
    await fake.control.offer(TWO, "file");
    expect(fake.disk.lastGood).toEqual(ONE);
    fake.broken = false;
    await fake.clock.advance(1_000);
    expect(fake.disk.lastGood).toEqual(TWO);
    const { version } = fake.control.snapshot();
    expect((await fake.desk.activations.list(1)).map((one) => one.version)).toEqual([version]);
    expect(fake.clock.pending).toBe(0);
  });

  test("is written down where the gateway ends as it is made", async () => {
    const fake = fakeDesk();
    await fake.control.offer(ONE, "start");
    await fake.control.offer(TWO, "file");
    const back = rollBack(fake.desk, { version: null, actor: "ops", note: null });
    const closed = fake.control.close();
    await fake.clock.advance(0);
    expect(await back).toMatchObject({ result: "activated" });
    await closed;
    const [last] = await fake.desk.activations.list(1);
    expect(last).toMatchObject({ result: "rolled_back" });
    expect(fake.failures).toEqual([]);
  });

  test("on a full disk is in force, says that it is not kept, and is written as soon as it can be", async () => {
    const fake = fakeDesk();
    await fake.control.offer(ONE, "start");
    await fake.control.offer(TWO, "file");
    fake.broken = true;
    const back = await rollBack(fake.desk, { version: null, actor: "ops", note: null });
    expect(back).toMatchObject({ result: "activated", pinned: true, kept: false });
    await fake.clock.advance(30_000);
    expect(fake.control.status().pinned).toMatchObject({ actor: "ops", kept: false });
    expect(fake.failures.filter(([what]) => what === "pin")).toHaveLength(1);
    fake.broken = false;
    await fake.clock.advance(1_000);
    expect(fake.disk.pin?.sources).toEqual(ONE);
    expect(fake.control.status().pinned).not.toHaveProperty("kept");
    expect(fake.clock.pending).toBe(0);
  });

  test("unpin of a text that is broken meanwhile changes nothing", async () => {
    const fake = await rolledBack();
    await fake.control.offer(BROKEN, "file");
    const put = await fake.control.unpin({ actor: "ops", via: "unpin", note: null });
    expect(put?.result).toBe("refused");
    expect(attemptsOf(fake)).toBe(1);
    expect(fake.control.status().pinned).not.toBeNull();
  });

  test("two in a row still hold back what the source says", async () => {
    const fake = fakeDesk();
    for (const sources of [ONE, TWO, THREE]) await fake.control.offer(sources, "file");
    await pinTo(fake, TWO);
    await pinTo(fake, ONE);
    expect(fake.disk.pin?.sourceDigest).toBe(digestOfTexts(THREE));
    expect((await fake.control.offer(THREE, "file")).result).toBe("held");
    expect(attemptsOf(fake)).toBe(1);
  });

  test("a version that does not compile any more leaves everything as it was", async () => {
    const fake = fakeDesk();
    await fake.control.offer(ONE, "start");
    expect((await pinTo(fake, BROKEN)).result).toBe("refused");
    expect(fake.control.status()).toMatchObject({ pinned: null, refused: null });
    expect(attemptsOf(fake)).toBe(1);
  });

  test("outlasts a restart, also with the source down, and its own pin", async () => {
    const first = await rolledBack();
    const { pin } = first.disk;
    if (!pin) throw new Error("no pin");
    for (const offered of [TWO, null]) {
      const second = fakeDesk({ pin });
      expect((await second.control.restorePin(offered))?.result).toBe("activated");
      expect(attemptsOf(second)).toBe(1);
      expect((await second.desk.activations.list(1))[0]).toMatchObject({
        result: "rolled_back",
        actor: "ops",
      });
      expect((await second.control.offer(TWO, "file")).result).toBe("held");
      await pinTo(second, THREE);
      expect(second.disk.pin?.sourceDigest).toBe(digestOfTexts(TWO));
    }
  });

  test("a source that has changed meanwhile ends the pin for good; a broken one does not", async () => {
    const { pin } = (await rolledBack()).disk;
    if (!pin) throw new Error("no pin");
    const changed = fakeDesk({ pin });
    expect(await changed.control.restorePin(THREE)).toBeNull();
    expect((await changed.control.offer(THREE, "start")).result).toBe("activated");
    expect(changed.disk.pin).toBeNull();
    const broken = fakeDesk({ pin });
    expect((await broken.control.offer(BROKEN, "start")).result).toBe("refused");
    await broken.control.restore(ONE, "last-good");
    expect((await broken.control.offer(TWO, "file")).result).toBe("held");
  });

  test("a pinned version that does not compile any more gives way to the source", async () => {
    const { pin } = (await rolledBack()).disk;
    if (!pin) throw new Error("no pin");
    const fake = fakeDesk({ pin: { ...pin, sources: BROKEN } });
    expect((await fake.control.restorePin(TWO))?.result).toBe("refused");
    expect(fake.disk.pin).toBeNull();
    expect((await fake.control.offer(TWO, "start")).result).toBe("activated");
  });
});

describe("what is in force, compiled anew", () => {
  test("by the same texts, also while they are pinned", async () => {
    const fake = fakeDesk();
    expect(await fake.control.recompile("inference-profiles")).toBeNull();
    await fake.control.offer(ONE, "start");
    await fake.control.offer(TWO, "file");
    await pinTo(fake, ONE);
    expect((await fake.control.recompile("inference-profiles"))?.result).toBe("activated");
    expect(attemptsOf(fake)).toBe(1);
    expect((await fake.control.offer(TWO, "file")).result).toBe("held");
  });
});

test("every act is told to the audit log, with who and why", async () => {
  const fake = fakeDesk();
  await fake.control.offer(ONE, "start");
  await fake.control.offer(TWO, "file");
  await fake.control.offer(BROKEN, "file");
  await fake.control.offer(TWO, "file");
  await pinTo(fake, ONE);
  await fake.control.unpin({ actor: "ops", via: "unpin", note: null });
  expect(fake.audited.map(({ actor, action }) => `${actor} ${action}`)).toEqual([
    "start policy.activated",
    "file policy.activated",
    "file policy.refused",
    "ops policy.rolled_back",
    "ops policy.unpinned",
  ]);
  expect(fake.audited[1]?.details).toMatchObject({ note: null, changes: ["chat: max_attempts 1 → 2"] });
  expect(fake.audited[2]?.details.findings).toEqual([expect.stringContaining("policy.yaml:")]);
  expect(fake.audited[3]?.details).toMatchObject({ note: "INC-1", changes: ["chat: max_attempts 2 → 1"] });
});

test("check says what would come of a text, and leaves no trace", async () => {
  const fake = fakeDesk();
  await fake.control.offer(ONE, "start");
  expect(await fake.control.check(TWO)).toMatchObject({
    result: "valid",
    changes: ["chat: max_attempts 1 → 2"],
  });
  expect((await fake.control.check(BROKEN)).result).toBe("refused");
  expect(await fake.desk.activations.list(10)).toHaveLength(1);
  expect(fake.audited).toHaveLength(1);
  expect(fake.control.status().refused).toBeNull();
});
