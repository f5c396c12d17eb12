/** Gateways on one store: each looks at it when the test says so, and acts whenever it likes. */
import { describe, expect, test } from "bun:test";
import { FakeClock } from "../../core/fake-clock.ts";
import { BASE_DOCUMENT, type PolicyDocuments, type PolicyHeadStore } from "../../store/policy-heads.ts";
import { type ActivationWish, abortActivation, beginActivation, completeActivation } from "./activate.ts";
import { type FakeDesk, fakeDesk, policyWith } from "./fake-desk.ts";
import { type PushWish, pushPolicy } from "./push.ts";
import { rollBack } from "./rollback.ts";
import { startActivationWatch } from "./watch/activation-watch.ts";
import { giveBack } from "./watch/give-back.ts";
import { createVersionTally } from "./watch/version-tally.ts";

const MINUTE = 60_000;

/** A gateway that has just started on the store. */
async function started(
  beside?: Pick<FakeDesk, "store" | "clock" | "nth">,
  more: Parameters<typeof fakeDesk>[0] = {},
): Promise<FakeDesk> {
  const fake = fakeDesk({ store: true, ...(beside && { beside }), ...more });
  await fake.look();
  await fake.clock.advance(1_000);
  return fake;
}

interface Two {
  readonly a: FakeDesk;
  readonly b: FakeDesk;
}

/** The first is of the environment that is named first. */
async function two({
  documents = { [BASE_DOCUMENT]: policyWith(1) },
  environments = [],
  text = policyWith,
}: {
  readonly documents?: PolicyDocuments;
  readonly environments?: readonly string[];
  readonly text?: (attempts: number) => string;
} = {}): Promise<Two> {
  const [first, second] = environments;
  const a = fakeDesk({ store: true, ...(first !== undefined && { environment: first }) });
  const filled = text === policyWith ? documents : { [BASE_DOCUMENT]: text(1) };
  await a.store.policyHeads.write({ revision: 1, at: 0, actor: "seed", note: null, documents: filled });
  await a.look();
  const b = await started(a, second === undefined ? {} : { environment: second });
  return { a, b };
}

function push(fake: FakeDesk, attempts: number, more: Partial<PushWish> = {}) {
  return pushPolicy(fake.desk, {
    text: policyWith(attempts),
    environment: null,
    note: null,
    ifVersion: null,
    dryRun: false,
    actor: "ops",
    ...more,
  });
}

function back(fake: FakeDesk, version: string | null = null) {
  return rollBack(fake.desk, { version, actor: "ops", note: "INC-1" });
}

function begin(fake: FakeDesk, attempts: number, change: Partial<ActivationWish> = {}) {
  return beginActivation(fake.desk, {
    what: { text: policyWith(attempts), file: "new.yaml", environment: null },
    schedule: { startsAt: fake.clock.now(), stepPercent: 40, stepEveryMs: MINUTE },
    actor: "ops",
    note: null,
    ...change,
  });
}

/** Both look, and a second passes. */
async function settle({ a, b }: Two): Promise<void> {
  await a.look();
  await b.look();
  await a.clock.advance(1_000);
}

const attempts = ({ control }: FakeDesk) => control.snapshot().useCases.get("chat")?.maxAttempts;
const version = ({ control }: FakeDesk) => control.snapshot().version;
const actions = ({ audited }: FakeDesk) => audited.map(({ action }) => action);
const revision = async ({ store }: FakeDesk) => (await store.policyHeads.read(0))?.revision;

describe("a store that is back where it was between two looks", () => {
  test("a push back is an act, recorded and audited, and the other gateway follows", async () => {
    const { a, b } = await two();
    await push(a, 2);
    expect(await push(b, 1)).toMatchObject({ result: "activated" });
    expect(await revision(a)).toBe(3);
    expect((await b.desk.activations.list(1))[0]).toMatchObject({ actor: "ops", revision: 3 });
    expect(b.audited.at(-1)).toMatchObject({ action: "policy.pushed", actor: "ops", subject: version(b) });
    await a.look();
    expect([attempts(a), attempts(b)]).toEqual([1, 1]);
  });

  test("a rollback at the other gateway comes back to the one that pushed", async () => {
    const { a, b } = await two();
    await push(a, 2);
    await b.look();
    await b.clock.advance(1_000);
    expect(await back(b)).toMatchObject({ result: "activated" });
    await a.look();
    expect([attempts(a), attempts(b)]).toEqual([1, 1]);
  });

  test("what was aborted elsewhere ends here with the next look", async () => {
    const { a, b } = await two();
    await begin(a, 2);
    await b.look();
    expect(await abortActivation(b.desk, "ops", null)).toMatchObject({ result: "activated" });
    await a.look();
    expect(a.control.status().staging).toBeNull();
    expect(a.control.split()).toBeNull();
  });

  test("what was aborted elsewhere is not completed, also without a look", async () => {
    const { a, b } = await two();
    await begin(a, 2);
    await b.look();
    await abortActivation(b.desk, "ops", null);
    await a.clock.advance(10 * MINUTE);
    expect(a.control.status().staging).toBeNull();
    expect([attempts(a), attempts(b)]).toEqual([1, 1]);
    expect(a.clock.pending).toBe(0);
    // The first, which was taken before.
    expect(actions(a).filter((action) => action === "policy.activation_step")).toHaveLength(1);
  });

  test("what was completed elsewhere is followed, and callers stay with it until it is in force", async () => {
    const { a } = await two();
    const shares: (number | undefined)[] = [];
    const told: { fake?: FakeDesk } = {};
    const onActivated = () => void shares.push(told.fake?.control.split()?.share);
    const b = await started(a, { onActivated });
    told.fake = b;
    await begin(a, 2);
    await b.look();
    await completeActivation(a.desk, "ops-2", null);
    await b.look();
    expect(shares).toEqual([undefined, 40]);
    expect(b.control.split()).toBeNull();
    expect(attempts(b)).toBe(2);
    expect((await b.desk.activations.list(1))[0]).toMatchObject({ result: "activated", actor: "ops-2" });
  });

  test("an abort after a push goes back to what was pushed", async () => {
    const { a } = await two();
    await push(a, 2);
    await begin(a, 3);
    await abortActivation(a.desk, "ops", null);
    expect(attempts(a)).toBe(2);
  });

  test("the same text again is no act, and changes nothing", async () => {
    const { a } = await two();
    await push(a, 2);
    expect(await push(a, 2)).toMatchObject({ result: "unchanged" });
    expect(await revision(a)).toBe(2);
  });
});

describe("an act at a gateway that has not looked yet", () => {
  test("a push meets the activation that has begun elsewhere; superseded, its end is audited", async () => {
    const { a, b } = await two();
    await begin(a, 2);
    expect(await push(b, 3)).toMatchObject({ result: "running", staging: { actor: "ops" } });
    expect(await begin(b, 3)).toMatchObject({ result: "running" });
    expect(await push(b, 3, { supersede: true })).toMatchObject({ result: "activated" });
    expect(b.audited.filter(({ action }) => action === "policy.activation_aborted")).toHaveLength(1);
    await a.look();
    expect(a.control.status().staging).toBeNull();
    expect(attempts(a)).toBe(3);
  });

  describe.each([
    ["a push that supersedes it", (fake: FakeDesk) => push(fake, 3, { supersede: true }), 3],
    ["an abort", (fake: FakeDesk) => abortActivation(fake.desk, "ops", null), 1],
    ["a rollback", (fake: FakeDesk) => back(fake), 1],
  ])("also where that is not valid here: %s", (_what, end, expected) => {
    test("ends it, and that is audited", async () => {
      const { a } = await two();
      const plan = {
        id: "stg_x",
        version: "test@x",
        previousVersion: version(a),
        at: 0,
        startsAt: a.clock.now(),
        stepPercent: 50,
        stepEveryMs: MINUTE,
        actor: "other",
        note: null,
      };
      const documents = { [BASE_DOCUMENT]: policyWith(1) };
      const staged = { plan, documents: { [BASE_DOCUMENT]: "version: 1\n" } };
      await a.store.policyHeads.write({ revision: 2, at: 0, actor: "other", note: null, documents, staged });
      expect(await push(a, 3)).toMatchObject({ result: "running", staging: { id: "stg_x" } });
      expect(await end(a)).toMatchObject({ result: "activated" });
      expect(attempts(a)).toBe(expected);
      expect((await a.store.policyHeads.read(0))?.staged).toBeNull();
      expect(actions(a)).toContain("policy.activation_aborted");
    });
  });

  test("an abort is of what has begun elsewhere", async () => {
    const { a, b } = await two();
    await begin(a, 2);
    expect(await abortActivation(b.desk, "ops", null)).toMatchObject({ result: "activated" });
    expect(actions(b)).toContain("policy.activation_aborted");
  });

  test("a rollback goes back from the newest version, by one", async () => {
    const { a, b } = await two();
    await push(a, 2);
    await settle({ a, b });
    await push(a, 3);
    expect(await back(b)).toMatchObject({ result: "activated" });
    expect(attempts(b)).toBe(2);
  });

  test("a rollback to what is in force here, and not any more in the store", async () => {
    const { a, b } = await two();
    await push(a, 2);
    await settle({ a, b });
    const good = version(b);
    await push(a, 3);
    expect(await back(b, good)).toMatchObject({ result: "activated", version: good });
    await a.look();
    expect([attempts(a), attempts(b)]).toEqual([2, 2]);
  });

  test("a rollback from what is not valid here: the version that stayed in force is everybody's", async () => {
    const { a, b } = await two();
    await a.store.policyHeads.write({
      revision: 2,
      at: 0,
      actor: "other",
      note: null,
      via: "push",
      documents: { [BASE_DOCUMENT]: "version: 1\n" },
    });
    await b.look();
    expect(b.control.status().refused).not.toBeNull();
    expect(await back(b)).toMatchObject({ result: "activated", version: version(a) });
    expect(b.control.status().refused).toBeNull();
    expect((await a.store.policyHeads.read(0))?.documents).toEqual({ [BASE_DOCUMENT]: policyWith(1) });
    expect((await b.desk.activations.list(1))[0]).toMatchObject({ result: "rolled_back", actor: "ops" });
  });

  test("a condition is about the newest version", async () => {
    const { a, b } = await two();
    const seen = version(b);
    await push(a, 2);
    expect(await push(b, 3, { ifVersion: seen })).toEqual({ result: "conflict", version: version(a) });
    expect(await push(b, 3, { ifVersion: version(a) })).toMatchObject({ result: "activated" });
  });
});

describe("a rollback", () => {
  test("twice, with a gateway that follows: two versions back", async () => {
    const both = await two();
    const { a, b } = both;
    for (const n of [2, 3]) {
      await push(a, n);
      await settle(both);
    }
    for (const expected of [2, 1]) {
      expect(await back(a)).toMatchObject({ result: "activated" });
      await settle(both);
      expect([attempts(a), attempts(b)]).toEqual([expected, expected]);
    }
    expect(await back(a)).toEqual({ result: "no_earlier" });
  });

  test("twice, with a restart between them", async () => {
    const { a } = await two();
    for (const n of [2, 3]) {
      await push(a, n);
      await a.clock.advance(1_000);
    }
    await back(a);
    await a.clock.advance(1_000);
    const again = await started(a);
    expect(attempts(again)).toBe(2);
    expect((await again.desk.activations.list(1))[0]).toMatchObject({
      actor: "start",
      result: "rolled_back",
    });
    expect(await back(again)).toMatchObject({ result: "activated" });
    expect(attempts(again)).toBe(1);
  });

  test("past what a gateway that followed late wrote down after the next version", async () => {
    const both = await two();
    const { a, b } = both;
    await push(a, 2);
    const late = await a.store.policyHeads.read(0);
    if (!late) throw new Error("the store is empty");
    await a.clock.advance(1_000);
    await push(a, 3);
    await a.clock.advance(1_000);
    await b.control.follow(late);
    await a.clock.advance(1_000);
    expect(await back(a)).toMatchObject({ result: "activated" });
    expect(attempts(a)).toBe(2);
    await settle(both);
    await back(a);
    expect(attempts(a)).toBe(1);
  });

  test("is not watched where it is followed, and so is not undone", async () => {
    const guard = "activation: { watch: 5m, max_error_rate_increase: 2%, min_requests: 50 }\n";
    const guarded = (n: number) => policyWith(n) + guard;
    const both = await two({ text: guarded });
    const { a } = both;
    const told: { watch?: ReturnType<typeof startActivationWatch> } = {};
    const b = await started(a, {
      onActivated: (snapshot, previous, via) => told.watch?.activated(snapshot, previous, via),
    });
    const tally = createVersionTally(() => b.clock.now());
    const { control, clock } = b;
    told.watch = startActivationWatch({
      clock,
      control,
      tally,
      giveBack: (worse) => giveBack(b.desk, worse),
    });
    const bad = version(a);
    await push(a, 2, { text: guarded(2) });
    await b.look();
    const good = version(a);
    expect(told.watch.status()).toMatchObject({ version: good });
    await clock.advance(1_000);
    const ended = (policyVersion: string, failed: boolean) =>
      tally.record({
        policyVersion,
        outcome: failed ? "failed" : "answered",
        fault: failed ? { kind: "exhausted", code: "exhausted" } : null,
        attempts: [],
      });
    for (let n = 0; n < 200; n++) ended(good, false);
    await back(a);
    await b.look();
    for (let n = 0; n < 200; n++) ended(bad, true);
    expect(told.watch.status()).toBeNull();
    await clock.advance(5_000);
    expect([version(a), version(b)]).toEqual([bad, bad]);
    told.watch.stop();
  });
});

describe("gateways of several environments", () => {
  const PROD = "use_cases: { chat: { max_attempts: 8 } }\n";
  const DEV = "use_cases: { chat: { max_attempts: 9 } }\n";
  const environments = ["prod", "dev"];

  /** Each has its overlay, and then the base changes. */
  async function overlaid(): Promise<Two & { readonly base: string }> {
    const both = await two({ environments });
    const { a, b } = both;
    await push(a, 0, { text: PROD, environment: "prod" });
    await settle(both);
    await push(b, 0, { text: DEV, environment: "dev" });
    await settle(both);
    const base = policyWith(1).replace("max_output_tokens: 40", "max_output_tokens: 41");
    await push(a, 0, { text: base });
    await settle(both);
    return { ...both, base };
  }

  test("a rollback goes to the version before of its own environment, and leaves the other's overlay alone", async () => {
    const { a, b } = await overlaid();
    expect(await back(a)).toMatchObject({ result: "activated" });
    expect((await a.store.policyHeads.read(0))?.documents).toEqual({
      [BASE_DOCUMENT]: policyWith(1),
      prod: PROD,
      dev: DEV,
    });
    await b.look();
    expect([attempts(a), attempts(b)]).toEqual([8, 9]);
  });

  test("another environment's version is not put in force here, by a rollback or by steps", async () => {
    const { a, b } = await overlaid();
    const theirs = version(b);
    const refused = {
      result: "foreign_environment",
      version: theirs,
      environment: "dev",
      own: "prod",
    } as const;
    expect(await back(a, theirs)).toEqual(refused);
    expect(await begin(a, 0, { what: { version: theirs } })).toEqual(refused);
    expect(attempts(a)).toBe(8);
  });

  describe("an overlay that takes over by steps", () => {
    const NEW = "use_cases: { chat: { max_attempts: 7 } }\n";

    async function staged() {
      const both = await overlaid();
      const { a, b } = both;
      await begin(a, 0, { what: { text: NEW, file: "new.yaml", environment: "prod" } });
      await b.look();
      return both;
    }
    const holds = async ({ a, b, base }: Awaited<ReturnType<typeof staged>>) => {
      const head = await a.store.policyHeads.read(0);
      expect(head?.documents).toEqual({ [BASE_DOCUMENT]: base, prod: NEW, dev: DEV });
      expect(head).toMatchObject({ staged: null, via: "activate" });
      await a.look();
      await b.look();
      expect([attempts(a), attempts(b)]).toEqual([7, 9]);
      expect((await back(a)).result).toBe("activated");
      expect(attempts(a)).toBe(8);
    };

    test("is in force in the end, whichever environment's gateway takes the last step", async () => {
      const both = await staged();
      const { a } = both;
      // Its own environment's gateway is away: its clock stands.
      const clock = new FakeClock(a.clock.now());
      const b = await started({ store: a.store, clock, nth: 7 }, { environment: "dev" });
      await clock.advance(3 * MINUTE);
      await holds({ ...both, b });
    });

    test("is completed by a word at another environment's gateway, which is told so", async () => {
      const both = await staged();
      const { b } = both;
      const told = await completeActivation(b.desk, "ops-2", null);
      expect(told).toMatchObject({ result: "activated", version: version(b) });
      expect(b.audited.at(-1)).toMatchObject({ action: "policy.activated", actor: "ops-2" });
      await holds(both);
    });
  });

  test("of what earlier releases recorded, the names of the texts say whose it was", async () => {
    const { a } = await overlaid();
    const record = {
      id: "act_0",
      at: 0,
      actor: "ops",
      source: "",
      changes: [],
      findings: [],
      previousVersion: null,
    };
    const texts = [
      { file: "store:policy.yaml", digest: "1" },
      { file: "store:policy.dev.yaml", digest: "2" },
    ];
    await a.store.activations.record({ ...record, result: "activated", version: "test@old", texts });
    expect(await back(a, "test@old")).toMatchObject({ result: "foreign_environment", environment: "dev" });
    await a.store.activations.record({ ...record, id: "act_1", result: "activated", version: "test@own" });
    expect(await back(a, "test@own")).toMatchObject({ result: "forgotten" });
  });
});

describe("who did it", () => {
  test("is told by the next start, where the gateway that wrote it died before it could", async () => {
    const { a } = await two();
    const documents = { [BASE_DOCUMENT]: policyWith(2) };
    const written = { at: 0, actor: "ops", note: "cheaper", via: "push", documents } as const;
    await a.store.policyHeads.write({ ...written, revision: 2 });
    const again = await started(a);
    expect((await again.desk.activations.list(1))[0]).toMatchObject({ actor: "ops", note: "cheaper" });
    expect(again.audited.at(-1)).toMatchObject({ actor: "ops", details: { act: "push", note: "cheaper" } });
    const third = await started(a);
    expect((await third.desk.activations.list(1))[0]).toMatchObject({ actor: "start", note: null });
  });

  test("a state that an earlier release has written starts as it did", async () => {
    const { a } = await two();
    const documents = { [BASE_DOCUMENT]: policyWith(2) };
    await a.store.policyHeads.write({ revision: 2, at: 0, actor: "ops", note: null, documents });
    const again = await started(a);
    expect((await again.desk.activations.list(1))[0]).toMatchObject({ actor: "start", result: "activated" });
  });
});

describe("writers at once", () => {
  test("without a condition each is written, however many others are", async () => {
    const { a, b } = await two();
    const outcomes = await Promise.all(
      Array.from({ length: 24 }, (_, n) =>
        push(n % 2 === 0 ? a : b, 0, { text: `${policyWith(2)}# ${n}\n` }),
      ),
    );
    expect(new Set(outcomes.map(({ result }) => result))).toEqual(new Set(["activated"]));
    expect(await revision(a)).toBe(25);
    await a.look();
    await b.look();
    expect(a.control.inForce()?.texts).toEqual(b.control.inForce()?.texts ?? []);
  });

  test("one that is never first says that others are, and of no condition", async () => {
    const { a } = await two();
    const { policyHeads } = a.store;
    const heads: PolicyHeadStore = {
      read: (after) => policyHeads.read(after),
      async write(head) {
        const documents = { [BASE_DOCUMENT]: policyWith(3 + (head.revision % 2)) };
        await policyHeads.write({ ...head, actor: "other", documents });
        return policyHeads.write(head);
      },
    };
    const late = await started(a, { heads });
    expect(await push(late, 2)).toEqual({ result: "overtaken" });
  });
});
