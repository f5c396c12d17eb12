/** A text that is activated where the policy is several. */
import { describe, expect, test } from "bun:test";
import { type ActivationWish, beginActivation } from "./activate.ts";
import { type FakeDesk, fakeDesk, inFile, policyWith } from "./fake-desk.ts";

const attempts = ({ control }: FakeDesk) => control.snapshot().useCases.get("chat")?.maxAttempts;
const deadline = ({ control }: FakeDesk) => control.snapshot().useCases.get("chat")?.deadlineMs;
const base = (text: string) => ({ text, file: "new.yaml", environment: null });

/** In force at once. */
function activate(fake: FakeDesk, what: ActivationWish["what"]) {
  const schedule = { startsAt: fake.clock.now(), stepPercent: 100, stepEveryMs: 60_000 };
  return beginActivation(fake.desk, { what, schedule, actor: "ops", note: null });
}

describe("an activation", () => {
  const OVERLAY = { file: "policy.prod.yaml", text: "use_cases: { chat: { deadline: 11s } }\n" };

  async function overlaid() {
    const fake = fakeDesk({ environment: "prod" });
    await fake.control.offer([...inFile(policyWith(1)), OVERLAY], "start");
    return fake;
  }

  test("a new base leaves the overlay where it is, also the second time, and over a restart", async () => {
    const fake = await overlaid();
    for (const n of [2, 3]) {
      expect(await activate(fake, base(policyWith(n)))).toMatchObject({
        result: "activated",
        changes: [`chat: max_attempts ${n - 1} → ${n}`],
      });
    }
    expect([attempts(fake), deadline(fake)]).toEqual([3, 11_000]);
    expect(fake.disk.pin?.sources).toEqual([...inFile(policyWith(3)), OVERLAY]);
  });

  test("a new overlay leaves the base where it is", async () => {
    const fake = await overlaid();
    const text = "use_cases: { chat: { deadline: 12s } }\n";
    const what = { text, file: "new.yaml", environment: "prod" };
    expect(await activate(fake, what)).toMatchObject({ result: "activated" });
    expect([attempts(fake), deadline(fake)]).toEqual([1, 12_000]);
    expect(fake.disk.pin?.sources).toEqual([...inFile(policyWith(1)), { ...OVERLAY, text }]);
  });

  test("what is found in the text is told and written down by the name that it was given with", async () => {
    const fake = fakeDesk();
    await fake.control.offer(inFile(policyWith(1)), "start");
    const warned = policyWith(2).replace("      degraded:", "      # degraded:");
    const begun = await activate(fake, base(`#\n${warned}`));
    expect(begun).toMatchObject({
      result: "activated",
      findings: [{ file: "new.yaml", code: "no_degraded_mode", line: 14 }],
    });
    const wrong = `#\n#\n${warned.replace("fallback: [small]", "fallback: [smal]")}`;
    expect(await activate(fake, base(wrong))).toMatchObject({ result: "refused" });
    const [refused] = await fake.store.activations.list(1);
    expect(refused).toMatchObject({ result: "refused", source: "new.yaml" });
    expect(refused?.findings).toEqual([
      expect.stringMatching(/^new\.yaml:20:\d+ error There is no model "smal"/),
      expect.stringMatching(/^new\.yaml:15:\d+ warning .*no degraded mode/),
    ]);
    expect(fake.audited.at(-1)).toMatchObject({
      action: "policy.refused",
      subject: "new.yaml",
      details: { findings: [expect.stringContaining("new.yaml:20")] },
    });
  });

  test("of a folder the part that has the name is replaced; by another name nothing is", async () => {
    const fake = fakeDesk();
    const part = { file: "b.policy.yaml", text: "use_cases: { chat: { deadline: 11s } }\n" };
    await fake.control.offer([...inFile(policyWith(1)), part], "start");
    const text = "use_cases: { chat: { deadline: 12s } }\n";
    const named = (file: string) => ({ text, file, environment: null });
    expect(await activate(fake, named("new.yaml"))).toEqual({
      result: "ambiguous",
      files: ["policy.yaml", "b.policy.yaml"],
    });
    expect(await activate(fake, named("new/b.policy.yaml"))).toMatchObject({ result: "activated" });
    expect([attempts(fake), deadline(fake)]).toEqual([1, 12_000]);
  });
});
