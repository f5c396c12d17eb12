/** A version that takes over by steps while nothing can be written down: what is told of it, and how often. */
import { expect, test } from "bun:test";
import { FakeClock } from "../../../core/fake-clock.ts";
import type { PolicyText } from "../../../policy/reading/load.ts";
import { BASE_DOCUMENT, type PolicyHeadStore } from "../../../store/policy-heads.ts";
import { abortActivation, beginActivation, completeActivation } from "../activate.ts";
import { type FakeDesk, fakeDesk, inFile, policyWith } from "../fake-desk.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

function begin({ desk, clock }: FakeDesk) {
  return beginActivation(desk, {
    what: { text: policyWith(2), file: "new.yaml", environment: null },
    schedule: { startsAt: clock.now(), stepPercent: 50, stepEveryMs: MINUTE },
    actor: "ops",
    note: null,
  });
}

const kinds = ({ failures }: FakeDesk) => failures.map(([what]) => what);

test("a disk that stays full is told of once, and once an hour, with what was thrown", async () => {
  const fake = fakeDesk();
  await fake.control.offer(inFile(policyWith(1)), "start");
  await begin(fake);
  fake.broken = true;
  await fake.clock.advance(10 * MINUTE);
  expect(fake.failures).toEqual([["staging", new Error("The disk is full.")]]);
  await fake.clock.advance(2 * HOUR);
  expect(kinds(fake)).toEqual(["staging", "staging", "staging"]);
  // Who asks for it by hand finds the reason at the end of the log.
  await expect(completeActivation(fake.desk, "ops", null)).rejects.toMatchObject({ kind: "disk" });
  expect(kinds(fake)).toHaveLength(4);
  fake.broken = false;
  await abortActivation(fake.desk, "ops", null);
  await begin(fake);
  fake.broken = true;
  await fake.clock.advance(2 * MINUTE);
  expect(kinds(fake)).toHaveLength(5);
});

/** What a process finds that starts after a kill between any two writes of `act`, its files as they were then. */
async function killedIn(
  fake: FakeDesk,
  act: () => Promise<unknown>,
  offered: readonly PolicyText[],
): Promise<readonly (number | undefined)[]> {
  const left: FakeDesk["disk"][] = [{ ...fake.disk }];
  fake.onKept = () => void left.push({ ...fake.disk });
  await act();
  const found: (number | undefined)[] = [];
  for (const { pin, staging } of left) {
    const clock = new FakeClock(fake.clock.now());
    const next = fakeDesk({ clock, ...(pin && { pin }) });
    const came = staging ? await next.control.resumeStaging(staging, offered) : "lost";
    if (came !== "resumed") {
      const pinned = await next.control.restorePin(offered);
      if (pinned === null) await next.control.offer(offered, "start");
    }
    await clock.advance(1);
    found.push(next.control.snapshot().useCases.get("chat")?.maxAttempts);
  }
  return found;
}

async function begun(): Promise<FakeDesk> {
  const fake = fakeDesk();
  await fake.control.offer(inFile(policyWith(1)), "start");
  await begin(fake);
  return fake;
}

test("killed at the last step, the version is in force at the next start all the same", async () => {
  const fake = await begun();
  const found = await killedIn(fake, () => fake.clock.advance(MINUTE), inFile(policyWith(1)));
  expect(found.length).toBeGreaterThan(3);
  expect(new Set(found)).toEqual(new Set([2]));
  expect([fake.disk.staging, fake.disk.pin?.note]).toEqual([null, null]);
});

test("killed when it was completed by a word, it goes on or is in force; what was acknowledged is", async () => {
  const fake = await begun();
  const act = () => completeActivation(fake.desk, "ops", null);
  const found = await killedIn(fake, act, inFile(policyWith(1)));
  // The plan alone: by its steps. From the pin on it is over.
  expect(found).toEqual([1, ...found.slice(1).fill(2)]);
});

test("killed when it was given up, nothing that was acknowledged comes back, though the source has it by now", async () => {
  const fake = await begun();
  await fake.control.offer(inFile(policyWith(2)), "file");
  const found = await killedIn(fake, () => abortActivation(fake.desk, "ops", null), inFile(policyWith(2)));
  expect(new Set(found)).toEqual(new Set([1]));
  expect(fake.disk.staging).toBeNull();
});

test("a plan that was given up does not come back, though the disk did not let go of it then", async () => {
  const fake = await begun();
  fake.broken = true;
  await abortActivation(fake.desk, "ops", null);
  expect(fake.disk.staging).not.toBeNull();
  await fake.clock.advance(10 * MINUTE);
  fake.broken = false;
  await fake.clock.advance(1_000);
  expect(fake.disk.staging).toBeNull();
  expect(kinds(fake).filter((what) => what === "staging")).toHaveLength(1);
});

test("what is begun before the disk has let go of the plan before stays", async () => {
  const fake = await begun();
  fake.broken = true;
  await abortActivation(fake.desk, "ops", null);
  fake.broken = false;
  await begin(fake);
  await fake.clock.advance(10_000);
  expect(fake.disk.staging?.plan.id).toBe(fake.control.status().staging?.id ?? "");
});

test("a store that cannot be read or written is told of in both ways, each once, and once an hour", async () => {
  const first = fakeDesk({ store: true });
  const { policyHeads } = first.store;
  let down = false;
  const unlessDown = async <T>(work: () => Promise<T>): Promise<T> => {
    if (down) throw new Error("locked");
    return work();
  };
  const heads: PolicyHeadStore = {
    read: (after) => unlessDown(() => policyHeads.read(after)),
    write: (head) => unlessDown(() => policyHeads.write(head)),
  };
  const documents = { [BASE_DOCUMENT]: policyWith(1) };
  await heads.write({ revision: 1, at: 0, actor: "seed", note: null, documents });
  const fake = fakeDesk({ store: true, beside: first, heads });
  await fake.look();
  await begin(fake);
  down = true;
  await fake.clock.advance(10 * MINUTE);
  expect(fake.failures).toEqual([
    ["head", new Error("locked")],
    ["staging", new Error("locked")],
  ]);
  await fake.clock.advance(HOUR);
  expect(kinds(fake)).toEqual(["head", "staging", "head", "staging"]);
  down = false;
  await fake.clock.advance(1_000);
  expect(fake.control.status().staging).toBeNull();
});
