/** What every source of a policy owes the gateway, whatever it is made of. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Fetched, PolicySource } from "../../../src/control/policy/sources/source.ts";
import type { Place } from "./place.ts";

const BASE = "version: 1\nname: base # ≤ ünïcode\n";
const OVERLAY = "name: overlay\n";
const SECRET = "internal words of the far side";

type Texts = Extract<Fetched, { result: "texts" }>;

/** The newest texts after at most three looks: a source of several parts takes two to believe a change. */
async function latest(place: Place, source: PolicySource, known: Texts | null = null): Promise<Texts> {
  let texts = known;
  for (let looks = 0; looks < 3; looks++) {
    place.wait?.();
    const fetched = await source.fetch(new AbortController().signal);
    if (fetched.result === "failed") throw new Error(fetched.problem);
    if (fetched.result === "texts") texts = fetched;
  }
  if (!texts) throw new Error("It never gave a text.");
  return texts;
}

const fetchOnce = (place: Place, source: PolicySource): Promise<Fetched> => {
  place.wait?.();
  return source.fetch(new AbortController().signal);
};

export function sourceContract(name: string, kind: string, openPlace: () => Promise<Place>): void {
  describe(`${name} as a source`, () => {
    let place: Place;
    beforeAll(async () => {
      place = await openPlace();
    });
    afterAll(() => place.close());

    test("nothing there: it says so, and finds what comes later", async () => {
      await place.put("base", null);
      await place.put("overlay", null);
      const source = place.open();
      expect(source.kind).toBe(kind as PolicySource["kind"]);
      const missing = await fetchOnce(place, source);
      expect(missing.result).toBe("failed");
      await place.put("base", BASE);
      expect((await latest(place, source)).texts).toEqual([{ file: place.files[0], text: BASE }]);
    });

    test("the same again: unchanged, or the same texts", async () => {
      await place.put("base", BASE);
      const source = place.open();
      const first = await latest(place, source);
      const second = await fetchOnce(place, source);
      if (second.result === "texts") expect(second.texts).toEqual(first.texts);
      else expect(second.result).toBe("unchanged");
    });

    test("a change is seen; so is the way back", async () => {
      await place.put("base", BASE);
      const source = place.open();
      const first = await latest(place, source);
      await place.put("base", "version: 2\n");
      const changed = await latest(place, source, first);
      expect(changed.texts).toEqual([{ file: place.files[0], text: "version: 2\n" }]);
      await place.put("base", BASE);
      expect((await latest(place, source, changed)).texts).toEqual(first.texts);
    });

    test("an overlay comes, changes and goes, over a base that stays", async () => {
      await place.put("base", BASE);
      await place.put("overlay", null);
      const source = place.open();
      const bare = await latest(place, source);
      await place.put("overlay", OVERLAY);
      const both = await latest(place, source, bare);
      const [base, overlay] = place.files;
      expect(both.texts).toEqual([
        { file: base, text: BASE },
        { file: overlay, text: OVERLAY },
      ]);
      await place.put("overlay", "name: changed\n");
      const changed = await latest(place, source, both);
      expect(changed.texts[1]).toEqual({ file: overlay, text: "name: changed\n" });
      await place.put("overlay", null);
      expect((await latest(place, source, changed)).texts).toEqual(bare.texts);
    });

    test("down: it says so in our words, and gives the whole text afterwards", async () => {
      await place.put("base", BASE);
      const source = place.open();
      const first = await latest(place, source);
      place.fail(SECRET);
      const failed = await fetchOnce(place, source);
      expect(failed.result).toBe("failed");
      expect(JSON.stringify(failed)).not.toContain(SECRET);
      await place.put("base", "version: 3\n");
      place.fail(null);
      expect((await latest(place, source, first)).texts[0]?.text).toBe("version: 3\n");
    });

    test("down at the start: the first answer afterwards has the texts", async () => {
      await place.put("base", BASE);
      place.fail(SECRET);
      const source = place.open();
      expect((await fetchOnce(place, source)).result).toBe("failed");
      place.fail(null);
      expect((await latest(place, source)).texts[0]?.text).toBe(BASE);
    });

    test("bytes that are no UTF-8 are no policy, however often they are looked at", async () => {
      if (!place.putBytes) return;
      await place.put("base", BASE);
      const source = place.open();
      await latest(place, source);
      await place.putBytes(new Uint8Array([0x6e, 0xff, 0xfe, 0x0a]));
      for (let looks = 0; looks < 2; looks++) {
        const fetched = await fetchOnce(place, source);
        expect(fetched).toMatchObject({ result: "failed", problem: expect.stringContaining("not UTF-8") });
      }
      await place.put("base", BASE);
      expect((await latest(place, source)).texts[0]?.text).toBe(BASE);
    });

    test("no answer: it settles when it is told to stop waiting", async () => {
      if (!place.hang) return;
      await place.put("base", BASE);
      const source = place.open();
      place.hang();
      const giveUp = new AbortController();
      const asked = source.fetch(giveUp.signal);
      giveUp.abort();
      expect((await asked).result).toBe("failed");
      place.fail(null);
      expect((await latest(place, source)).texts[0]?.text).toBe(BASE);
    });
  });
}
