/** Acts of a gateway that others on the same store are faster than. */
import { describe, expect, test } from "bun:test";
import { BASE_DOCUMENT, type PolicyHeadStore } from "../../../store/policy-heads.ts";
import { abortActivation, beginActivation, completeActivation } from "../activate.ts";
import { type FakeDesk, fakeDesk, policyWith } from "../fake-desk.ts";
import { pushPolicy } from "../push.ts";
import { rollBack } from "../rollback.ts";

const BY = { actor: "ops", note: null };

/** Before each of its next `others` writes another gateway writes what is there once more. */
async function hurried() {
  const first = fakeDesk({ store: true });
  const { policyHeads } = first.store;
  const documents = { [BASE_DOCUMENT]: policyWith(1) };
  await policyHeads.write({ revision: 1, at: 0, actor: "seed", note: null, documents });
  const state = { others: 0 };
  const heads: PolicyHeadStore = {
    read: (after) => policyHeads.read(after),
    async write(head) {
      const newest = state.others > 0 ? await policyHeads.read(0) : null;
      if (newest) {
        state.others--;
        await policyHeads.write({ ...newest, revision: newest.revision + 1 });
      }
      return policyHeads.write(head);
    },
  };
  const fake = fakeDesk({ store: true, beside: first, heads });
  await fake.look();
  await fake.clock.advance(1_000);
  return Object.assign(state, { fake });
}

function push({ desk }: FakeDesk) {
  return pushPolicy(desk, {
    ...BY,
    text: policyWith(2),
    environment: null,
    ifVersion: null,
    dryRun: false,
  });
}

function begin({ desk, clock }: FakeDesk) {
  return beginActivation(desk, {
    ...BY,
    what: { text: policyWith(2), file: "new.yaml", environment: null },
    schedule: { startsAt: clock.now(), stepPercent: 40, stepEveryMs: 60_000 },
  });
}

const nothing = async () => {};
const back = ({ desk }: FakeDesk) => rollBack(desk, { ...BY, version: null });
const complete = ({ desk }: FakeDesk) => completeActivation(desk, BY.actor, BY.note);
const abort = ({ desk }: FakeDesk) => abortActivation(desk, BY.actor, BY.note);

/** What comes before, the act, what comes of it, and what where others are always faster. */
const ACTS = [
  ["a push", nothing, push, "activated", "overtaken"],
  ["a rollback", push, back, "activated", "conflict"],
  ["what begins to take over", nothing, begin, "staged", "conflict"],
  ["the rest of the steps at once", begin, complete, "activated", "conflict"],
  ["the end of what takes over", begin, abort, "activated", "conflict"],
] as const;

describe.each(ACTS)("%s", (_, before, act, done, given) => {
  test("is tried again upon what others have written meanwhile", async () => {
    const world = await hurried();
    await before(world.fake);
    world.others = 3;
    expect((await act(world.fake))?.result).toBe(done);
    expect(world.others).toBe(0);
  });

  test("is given up where others are faster each time, and has changed nothing", async () => {
    const world = await hurried();
    await before(world.fake);
    const { version, staging } = world.fake.control.status();
    world.others = Number.POSITIVE_INFINITY;
    expect((await act(world.fake))?.result).toBe(given);
    expect(world.fake.control.status()).toMatchObject({ version, staging });
  });
});
