/** A version that takes over by steps, through the acts of operators. */
import { describe, expect, test } from "bun:test";
import { createMemoryStore } from "../../../store/memory/memory-store.ts";
import { BASE_DOCUMENT, type PolicyHeadStore } from "../../../store/policy-heads.ts";
import { StoreError } from "../../../store/store-error.ts";
import { type ActivationWish, abortActivation, beginActivation, completeActivation } from "../activate.ts";
import { type FakeDesk, fakeDesk, inFile, policyWith } from "../fake-desk.ts";
import { pushPolicy } from "../push.ts";
import { rollBack } from "../rollback.ts";

const MINUTE = 60_000;

async function fileDesk(): Promise<FakeDesk> {
  const fake = fakeDesk();
  await fake.control.offer(inFile(policyWith(1)), "start");
  return fake;
}

async function storeDesk(): Promise<FakeDesk> {
  const fake = fakeDesk({ store: true });
  const documents = { [BASE_DOCUMENT]: policyWith(1) };
  await fake.desk.heads?.write({ revision: 1, at: 0, actor: "seed", note: null, documents });
  await fake.look();
  return fake;
}

function begin(fake: FakeDesk, change: Partial<ActivationWish> = {}, text = policyWith(2)) {
  const startsAt = fake.clock.now() + MINUTE;
  return beginActivation(fake.desk, {
    what: { text, file: "new.yaml", environment: null },
    schedule: { startsAt, stepPercent: 40, stepEveryMs: MINUTE },
    actor: "ops",
    note: "slowly",
    ...change,
  });
}

const attempts = ({ control }: FakeDesk) => control.snapshot().useCases.get("chat")?.maxAttempts;
const share = ({ control }: FakeDesk) => control.split()?.share ?? 0;
const actions = ({ audited }: FakeDesk) => audited.map(({ action }) => action);

describe.each([
  ["a file", fileDesk],
  ["the store", storeDesk],
])("where the policy lives in %s", (_where, open) => {
  test("waits, then takes over step by step, and is in force in the end", async () => {
    const fake = await open();
    const before = fake.control.snapshot().version;
    const begun = await begin(fake);
    expect(begun).toMatchObject({ result: "staged", changes: ["chat: max_attempts 1 → 2"] });
    expect(fake.control.status().staging).toMatchObject({
      actor: "ops",
      previousVersion: before,
      stage: { phase: "waiting", share: 0, next: { share: 40 } },
    });
    const shares: number[] = [];
    for (let minute = 0; minute < 3; minute++) {
      shares.push(share(fake));
      await fake.clock.advance(MINUTE);
    }
    expect(shares).toEqual([0, 40, 80]);
    expect(attempts(fake)).toBe(2);
    expect(fake.control.split()).toBeNull();
    expect(fake.control.status().staging).toBeNull();
    expect(actions(fake)).toEqual([
      "policy.activated",
      "policy.staged",
      "policy.activation_step",
      "policy.activation_step",
      "policy.activation_step",
      "policy.activated",
    ]);
    expect(fake.audited.at(-1)).toMatchObject({ actor: "ops", details: { note: "slowly" } });
    expect(fake.clock.pending).toBe(0);
    const [newest] = await fake.desk.activations.list(1);
    expect(newest).toMatchObject({ result: "activated", actor: "ops", previousVersion: before });
  });

  test("both versions are there while it lasts, and each is itself", async () => {
    const fake = await open();
    await begin(fake);
    await fake.clock.advance(MINUTE);
    const split = fake.control.split();
    expect(split?.older.useCases.get("chat")?.maxAttempts).toBe(1);
    expect(split?.newer.useCases.get("chat")?.maxAttempts).toBe(2);
    expect(split?.older).toBe(fake.control.snapshot());
  });

  test("aborted: all traffic is back at once, and nothing of it returns", async () => {
    const fake = await open();
    await begin(fake);
    await fake.clock.advance(MINUTE);
    const newer = fake.control.split()?.newer.version ?? "";
    expect(await abortActivation(fake.desk, "ops-2", "INC-1")).toMatchObject({
      result: "activated",
      previousVersion: newer,
    });
    expect(fake.control.split()).toBeNull();
    expect(attempts(fake)).toBe(1);
    await fake.clock.advance(10 * MINUTE);
    expect(attempts(fake)).toBe(1);
    expect(fake.audited.at(-1)).toMatchObject({
      action: "policy.activation_aborted",
      actor: "ops-2",
      subject: newer,
      details: { share: 40, note: "INC-1" },
    });
    expect(await abortActivation(fake.desk, "ops-2", null)).toBeNull();
  });

  test("completed by a word: the steps that are left are not waited for", async () => {
    const fake = await open();
    await begin(fake);
    expect(await completeActivation(fake.desk, "ops-2", null)).toMatchObject({ result: "activated" });
    expect(attempts(fake)).toBe(2);
    expect(fake.clock.pending).toBe(0);
  });

  test("without a schedule it is in force at once", async () => {
    const fake = await open();
    const schedule = { startsAt: fake.clock.now(), stepPercent: 100, stepEveryMs: MINUTE };
    expect(await begin(fake, { schedule })).toMatchObject({ result: "activated" });
    expect(attempts(fake)).toBe(2);
    expect(actions(fake)).toEqual(["policy.activated", "policy.activated"]);
  });

  test("one at a time; what is not valid, or in force already, is none", async () => {
    const fake = await open();
    expect(await begin(fake, {}, policyWith(1))).toMatchObject({ result: "unchanged" });
    const broken = policyWith(2).replace("primary: large", "primary: lrge");
    expect(await begin(fake, {}, broken)).toMatchObject({ result: "refused" });
    expect(fake.control.status().staging).toBeNull();
    await begin(fake);
    expect(await begin(fake, {}, policyWith(3))).toMatchObject({
      result: "running",
      staging: { actor: "ops" },
    });
  });

  test("a rollback returns at once", async () => {
    const fake = await open();
    const before = fake.control.snapshot().version;
    await begin(fake);
    await fake.clock.advance(2 * MINUTE);
    const back = await rollBack(fake.desk, { version: null, actor: "ops-2", note: null });
    expect(back).toMatchObject({ result: "activated", version: before });
    expect(fake.control.split()).toBeNull();
    await fake.clock.advance(10 * MINUTE);
    expect(fake.control.snapshot().version).toBe(before);
  });

  test("a version of the history takes over in the same way", async () => {
    const fake = await open();
    const first = fake.control.snapshot().version;
    const at = { startsAt: fake.clock.now(), stepPercent: 100, stepEveryMs: MINUTE };
    await begin(fake, { schedule: at });
    await begin(fake, { what: { version: first } });
    await fake.clock.advance(3 * MINUTE);
    expect(fake.control.snapshot().version).toBe(first);
    expect(await begin(fake, { what: { version: "test@nope" } })).toMatchObject({ result: "unknown" });
  });
});

describe("a gateway that follows a source", () => {
  test("what the source says meanwhile waits, and is taken in the end", async () => {
    const fake = await fileDesk();
    await begin(fake);
    expect(await fake.control.offer(inFile(policyWith(3)), "file")).toMatchObject({ result: "held" });
    expect(fake.control.status().staging).toMatchObject({ sourceWaits: true });
    await fake.clock.advance(2 * MINUTE);
    expect(share(fake)).toBe(80);
    await abortActivation(fake.desk, "ops", null);
    expect(attempts(fake)).toBe(3);
  });

  test("what took over is pinned, since the source has another text; the same text there ends the pin", async () => {
    const fake = await fileDesk();
    await begin(fake);
    await fake.clock.advance(5 * MINUTE);
    expect(fake.control.status().pinned).toMatchObject({ actor: "ops", note: "slowly" });
    expect(await fake.control.offer(inFile(policyWith(1)), "file")).toMatchObject({ result: "held" });
    expect(await fake.control.offer(inFile(policyWith(2)), "file")).toMatchObject({ result: "unchanged" });
    expect(fake.control.status().pinned).toBeNull();
    expect(fake.disk.pin).toBeNull();
  });

  test("a text that was given up does not come back when the source has it, too", async () => {
    const fake = await fileDesk();
    await begin(fake);
    await fake.control.offer(inFile(policyWith(2)), "file");
    await abortActivation(fake.desk, "ops", null);
    expect(attempts(fake)).toBe(1);
    expect(await fake.control.offer(inFile(policyWith(2)), "file")).toMatchObject({ result: "held" });
    await fake.control.offer(inFile(policyWith(4)), "file");
    expect(attempts(fake)).toBe(4);
  });

  test("a restart goes on at the step where it was, and completes what was due meanwhile", async () => {
    const fake = await fileDesk();
    await begin(fake);
    await fake.clock.advance(MINUTE);
    const kept = fake.disk.staging;
    if (!kept) throw new Error("nothing is kept");
    const next = fakeDesk();
    await next.clock.advance(fake.clock.now() - next.clock.now());
    expect(await next.control.resumeStaging(kept, inFile(policyWith(1)))).toBe("resumed");
    expect(share(next)).toBe(40);
    expect(attempts(next)).toBe(1);
    await next.clock.advance(MINUTE);
    expect(share(next)).toBe(80);
    const late = fakeDesk();
    await late.clock.advance(60 * MINUTE);
    expect(await late.control.resumeStaging(kept, inFile(policyWith(1)))).toBe("resumed");
    await late.clock.advance(1);
    expect(attempts(late)).toBe(2);
    expect(late.disk.staging).toBeNull();
    expect(late.control.status().pinned).toMatchObject({ actor: "ops" });
  });

  test("profiles that are learnt meanwhile reach both versions, and change no share", async () => {
    const fake = await fileDesk();
    await begin(fake);
    await fake.clock.advance(MINUTE);
    const before = fake.control.split();
    await fake.control.recompile("inference-profiles");
    const after = fake.control.split();
    expect(after?.share).toBe(40);
    expect(after?.older).not.toBe(before?.older as never);
    expect(after?.newer).not.toBe(before?.newer as never);
    expect(after?.older).toBe(fake.control.snapshot());
  });

  test("a disk that is full begins nothing, and keeps nobody from going back", async () => {
    const fake = await fileDesk();
    fake.broken = true;
    const full = { kind: "disk", message: expect.stringContaining("nothing has changed. Make room") };
    await expect(begin(fake)).rejects.toMatchObject(full);
    const atOnce = { startsAt: fake.clock.now(), stepPercent: 100, stepEveryMs: MINUTE };
    await expect(begin(fake, { schedule: atOnce })).rejects.toMatchObject(full);
    expect([attempts(fake), fake.control.status().pinned]).toEqual([1, null]);
    fake.broken = false;
    await begin(fake);
    await fake.clock.advance(MINUTE);
    fake.broken = true;
    expect(await abortActivation(fake.desk, "ops", null)).toMatchObject({ result: "activated" });
    expect(fake.control.split()).toBeNull();
  });
});

describe("a store that cannot be written", () => {
  async function lockable() {
    const store = createMemoryStore();
    const { policyHeads } = store;
    const lock = { is: false };
    const heads: PolicyHeadStore = {
      read: policyHeads.read,
      async write(head) {
        if (lock.is) throw new StoreError("busy", "locked");
        return policyHeads.write(head);
      },
    };
    const fake = fakeDesk({ store: true, heads });
    const documents = { [BASE_DOCUMENT]: policyWith(1) };
    await heads.write({ revision: 1, at: 0, actor: "seed", note: null, documents });
    await fake.look();
    return { fake, lock };
  }

  test("is what a person hears of, not somebody else's change", async () => {
    const { fake, lock } = await lockable();
    lock.is = true;
    await expect(begin(fake)).rejects.toThrow("locked");
    lock.is = false;
    await begin(fake);
    await fake.clock.advance(MINUTE);
    lock.is = true;
    await expect(completeActivation(fake.desk, "ops", null)).rejects.toThrow("locked");
    await expect(abortActivation(fake.desk, "ops", null)).rejects.toThrow("locked");
    await expect(rollBack(fake.desk, { version: null, actor: "ops", note: null })).rejects.toThrow("locked");
    await fake.clock.advance(0);
    expect([share(fake), attempts(fake)]).toEqual([40, 1]);
    lock.is = false;
    expect(await abortActivation(fake.desk, "ops", null)).toMatchObject({ result: "activated" });
  });

  test("takes the last step as soon as it can be", async () => {
    const { fake, lock } = await lockable();
    await begin(fake);
    lock.is = true;
    await fake.clock.advance(10 * MINUTE);
    expect([share(fake), attempts(fake)]).toEqual([100, 1]);
    lock.is = false;
    await fake.clock.advance(1000);
    expect([attempts(fake), fake.control.status().staging, fake.clock.pending]).toEqual([2, null, 0]);
  });

  test("one whose newest text is not valid here is no race: it says what to do", async () => {
    const fake = await storeDesk();
    const documents = { [BASE_DOCUMENT]: policyWith(3).replace("primary: large", "primary: lrge") };
    await fake.desk.heads?.write({ revision: 2, at: 1, actor: "other", note: null, documents });
    expect(await begin(fake)).toEqual({ result: "behind" });
    const atOnce = { startsAt: fake.clock.now(), stepPercent: 100, stepEveryMs: MINUTE };
    expect(await begin(fake, { schedule: atOnce })).toEqual({ result: "behind" });
    expect(await rollBack(fake.desk, { version: null, actor: "ops", note: null })).toMatchObject({
      result: "activated",
    });
    expect(await begin(fake)).toMatchObject({ result: "staged" });
  });
});

describe("gateways on one store", () => {
  /** Another gateway on the same store, which looks when it is told to. */
  async function beside(fake: FakeDesk) {
    const other = fakeDesk({ store: true, beside: fake });
    await other.look();
    return other;
  }

  test("a look at the store from before it began does not take it back", async () => {
    const fake = await storeDesk();
    const before = await fake.store.policyHeads.read(0);
    if (!before) throw new Error("the store is empty");
    await begin(fake);
    expect(await fake.control.follow(before)).toMatchObject({ result: "held" });
    expect(fake.control.status().staging).toMatchObject({ actor: "ops" });
    await fake.clock.advance(MINUTE);
    expect(share(fake)).toBe(40);
  });

  test("the other one comes to the same share by itself, and follows to the end", async () => {
    const fake = await storeDesk();
    const other = await beside(fake);
    await begin(fake);
    await other.look();
    await fake.clock.advance(2 * MINUTE);
    expect([share(fake), share(other)]).toEqual([80, 80]);
    expect(other.control.split()?.seed).toBe(fake.control.split()?.seed as number);
    // Whoever is second finds in the store that it is over.
    await fake.clock.advance(MINUTE);
    expect(other.control.snapshot().version).toBe(fake.control.snapshot().version);
    expect(other.control.split()).toBeNull();
    expect((await fake.desk.heads?.read(0))?.staged).toBeNull();
  });

  test("an abort at one is an abort at the other", async () => {
    const fake = await storeDesk();
    const other = await beside(fake);
    await begin(fake);
    await other.look();
    await fake.clock.advance(MINUTE);
    expect(share(other)).toBe(40);
    await abortActivation(fake.desk, "ops", null);
    await other.look();
    expect(other.control.split()).toBeNull();
    expect(attempts(other)).toBe(1);
  });

  test("a push is refused while it lasts, unless it supersedes", async () => {
    const fake = await storeDesk();
    await begin(fake);
    await fake.clock.advance(MINUTE);
    const wish = {
      text: policyWith(5),
      environment: null,
      note: null,
      ifVersion: null,
      dryRun: false,
      actor: "x",
    };
    expect(await pushPolicy(fake.desk, wish)).toMatchObject({ result: "running" });
    expect(share(fake)).toBe(40);
    expect(await pushPolicy(fake.desk, { ...wish, supersede: true })).toMatchObject({ result: "activated" });
    expect(attempts(fake)).toBe(5);
    expect(fake.control.split()).toBeNull();
    expect((await fake.desk.heads?.read(0))?.staged).toBeNull();
    expect(actions(fake)).toContain("policy.activation_aborted");
  });
});
