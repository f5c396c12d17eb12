/** What every store owes the policy: its texts kept once, its history in pages, one writer at a time. */

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { type KeptText, MAX_POLICY_TEXTS } from "../../../src/store/activation-store.ts";
import type { PolicyHead } from "../../../src/store/policy-heads.ts";
import type { Store } from "../../../src/store/ports.ts";
import { anActivation } from "./decision-fixture.ts";

const aText = (text: string): KeptText => ({
  text,
  digest: createHash("sha256").update(text).digest("hex"),
});

const aHead = (revision: number, overrides: Partial<PolicyHead> = {}): PolicyHead => ({
  revision,
  at: 1_700_000_000_000 + revision,
  actor: "ops",
  note: null,
  via: null,
  documents: { "": `version: ${revision}\n` },
  staged: null,
  ...overrides,
});

export function policyContract(name: string, open: () => Promise<Store>): void {
  describe(`the policy in ${name}`, () => {
    let store: Store;
    beforeEach(async () => {
      store = await open();
    });
    afterEach(() => store.close());

    test("texts are kept with the activation, each once, whatever is in them", async () => {
      const texts = [aText("version: 1 # ünï 🚂\n"), aText("nul \u0000 and ' --"), aText("")];
      await store.activations.record(anActivation(1), texts);
      await store.activations.record(anActivation(2), texts.slice(0, 1));
      for (const { text, digest } of texts) expect(await store.activations.text(digest)).toBe(text);
      expect(await store.activations.text("0".repeat(64))).toBeNull();
    });

    test("the texts put in force longest ago leave first; one that is used again stays", async () => {
      const base = aText("base");
      await store.activations.record(anActivation(0), [base, aText("oldest")]);
      for (let n = 1; n <= MAX_POLICY_TEXTS; n++) {
        await store.activations.record(anActivation(n), [base, aText(`overlay ${n}`)]);
      }
      expect(await store.activations.text(base.digest)).toBe("base");
      expect(await store.activations.text(aText("oldest").digest)).toBeNull();
      expect(await store.activations.text(aText(`overlay ${MAX_POLICY_TEXTS}`).digest)).not.toBeNull();
    });

    test("history in pages, also where acts share a millisecond", async () => {
      for (let n = 0; n < 7; n++)
        await store.activations.record(anActivation(n, { at: 5 + Math.floor(n / 3) }));
      const seen: string[] = [];
      let before: string | undefined;
      for (;;) {
        const page = await store.activations.list(2, before);
        if (page.length === 0) break;
        seen.push(...page.map(({ id }) => id));
        before = page.at(-1)?.id;
      }
      expect(seen).toEqual([6, 5, 4, 3, 2, 1, 0].map((n) => anActivation(n).id));
      expect(await store.activations.list(5, "act_nobody")).toEqual([]);
    });

    test("a version is found where it was put in force last, not where it was refused", async () => {
      const version = "example@abc";
      await store.activations.record(anActivation(1, { version }));
      await store.activations.record(anActivation(2, { version, result: "rolled_back" }));
      await store.activations.record(anActivation(3, { version, result: "refused" }));
      expect(await store.activations.findVersion(version)).toMatchObject({ id: anActivation(2).id });
      expect(await store.activations.findVersion("example@' OR 1")).toBeNull();
    });

    test("a version is found in the environment that is asked for, or where nobody knows which it was", async () => {
      const version = "example@abc";
      const found = async (environment?: string | null) =>
        (await store.activations.findVersion(version, environment))?.id;
      await store.activations.record(anActivation(1, { version, environment: null }));
      await store.activations.record(anActivation(2, { version, environment: "prod" }));
      await store.activations.record(anActivation(3, { version, environment: "dev", revision: 7 }));
      const [none, prod, dev] = [1, 2, 3].map((n) => anActivation(n).id);
      expect([await found(null), await found("prod"), await found("dev"), await found()]).toEqual([
        none,
        prod,
        dev,
        dev,
      ]);
      expect(await found("staging")).toBeUndefined();
      await store.activations.record(anActivation(4, { version }));
      for (const environment of [null, "prod", "staging"]) {
        expect(await found(environment)).toBe(anActivation(4).id);
      }
    });

    test("a head is read by whoever has not seen it", async () => {
      expect(await store.policyHeads.read(0)).toBeNull();
      const head = aHead(1, { note: "ünï", via: "rollback", documents: { "": "a: 1\n", prod: "a: 2\n" } });
      expect(await store.policyHeads.write(head)).toBe(true);
      expect(await store.policyHeads.read(0)).toEqual(head);
      expect(await store.policyHeads.read(1)).toBeNull();
    });

    test("a head keeps what is to take its place, and the next one need not", async () => {
      const plan = {
        id: "stg_1",
        version: "p@2",
        previousVersion: "p@1",
        at: 1,
        startsAt: 2,
        stepPercent: 12.5,
        stepEveryMs: 60_000,
        actor: "ops",
        note: "ünï",
      };
      const staged = { plan, documents: { "": "a: 3\n", prod: "b: 4\n" } };
      expect(await store.policyHeads.write(aHead(1, { staged }))).toBe(true);
      expect((await store.policyHeads.read(0))?.staged).toEqual(staged);
      expect(await store.policyHeads.write(aHead(2))).toBe(true);
      expect((await store.policyHeads.read(0))?.staged).toBeNull();
    });

    test("only who has seen the newest one may write the next", async () => {
      expect(await store.policyHeads.write(aHead(2))).toBe(false);
      expect(await store.policyHeads.write(aHead(1))).toBe(true);
      expect(await store.policyHeads.write(aHead(1))).toBe(false);
      const results = await Promise.all(
        [1, 2, 3].map((n) => store.policyHeads.write(aHead(2, { actor: `w${n}` }))),
      );
      expect(results.filter((won) => won)).toHaveLength(1);
      for (let revision = 3; revision <= 9; revision++) {
        expect(await store.policyHeads.write(aHead(revision))).toBe(true);
        expect(await store.policyHeads.write(aHead(revision))).toBe(false);
      }
      expect((await store.policyHeads.read(0))?.revision).toBe(9);
    });
  });
}
