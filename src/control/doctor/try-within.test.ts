import { describe, expect, test } from "bun:test";
import { FakeClock } from "../../core/fake-clock.ts";
import { codeOf, tryWithin } from "./try-within.ts";

const never = () => new Promise<never>(() => undefined);

describe("a step", () => {
  test("that ends in time gives its value, and leaves no timer", async () => {
    const clock = new FakeClock();
    const limit = { clock, withinMs: 100, signal: null };
    expect(await tryWithin(limit, async () => 7)).toEqual({ ok: true, value: 7 });
    expect(clock.pending).toBe(0);
  });

  test("that fails says how", async () => {
    const clock = new FakeClock();
    const thrown = new Error("no");
    const tried = await tryWithin({ clock, withinMs: 100, signal: null }, () => Promise.reject(thrown));
    expect(tried).toEqual({ ok: false, late: false, thrown });
    expect(clock.pending).toBe(0);
  });

  test("that listens to nobody is left behind when its time is over", async () => {
    const clock = new FakeClock();
    let told: AbortSignal | null = null;
    const trying = tryWithin({ clock, withinMs: 100, signal: null }, (signal) => {
      told = signal;
      return never();
    });
    await clock.advance(100);
    expect(await trying).toMatchObject({ ok: false, late: true });
    expect(told).toMatchObject({ aborted: true });
  });

  test("ends with the whole, also where that ended before it began", async () => {
    const whole = new AbortController();
    const limit = { clock: new FakeClock(), withinMs: 100, signal: whole.signal };
    const trying = tryWithin(limit, never);
    whole.abort();
    expect(await trying).toMatchObject({ ok: false, late: true });
    expect(await tryWithin(limit, never)).toMatchObject({ ok: false, late: true });
  });
});

test("an error is known by its code, wherever the runtime puts it, never by its words", () => {
  expect(codeOf(Object.assign(new Error("words"), { code: "ENOTFOUND" }))).toBe("ENOTFOUND");
  const wrapped = new Error("words", { cause: Object.assign(new Error(), { code: "EPIPE" }) });
  expect(codeOf(wrapped)).toBe("EPIPE");
  expect(codeOf(new Error("words"))).toBe("unknown");
});
