/** A version that takes over by steps while nothing can be written down: what is told of it, and how often. */
import { expect, test } from "bun:test";
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
  expect(await completeActivation(fake.desk, "ops", null)).toEqual({ result: "conflict" });
  expect(kinds(fake)).toHaveLength(4);
  fake.broken = false;
  await abortActivation(fake.desk, "ops", null);
  await begin(fake);
  fake.broken = true;
  await fake.clock.advance(2 * MINUTE);
  expect(kinds(fake)).toHaveLength(5);
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
