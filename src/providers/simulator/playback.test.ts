import { describe, expect, test } from "bun:test";
import { FakeClock } from "../../core/fake-clock.ts";
import { play, type Script } from "./playback.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

function script(overrides: Partial<Script> = {}): Script {
  const steps = ["a", "b", "c", "d"].map((text, atToken) => ({ bytes: bytesOf(text), atToken }));
  return { steps, ending: "end", firstTokenMs: 100, tokensPerSecond: 10, ...overrides };
}

function start(one: Script) {
  const clock = new FakeClock();
  const log: string[] = [];
  const playback = play(one, clock, {
    write: (bytes) => log.push(textOf(bytes)),
    end: (bytes) => log.push(`${textOf(bytes)}.`),
    cut: () => log.push("!"),
  });
  return { clock, log, playback };
}

describe("play", () => {
  test("first token after its delay, then at the rate", async () => {
    const { clock, log } = start(script());
    await clock.advance(99);
    expect(log).toEqual([]);
    await clock.advance(1);
    expect(log).toEqual(["a"]);
    await clock.advance(299);
    expect(log).toEqual(["a", "b", "c"]);
    await clock.advance(1);
    expect(log).toEqual(["a", "b", "c", "d."]);
    expect(clock.pending).toBe(0);
  });

  test("without delays everything is out before it returns, and no timer is made", () => {
    const { clock, log } = start(script({ firstTokenMs: 0, tokensPerSecond: 0 }));
    expect(log).toEqual(["abcd."]);
    expect(clock.pending).toBe(0);
  });

  test("fast tokens leave in groups", async () => {
    const steps = Array.from({ length: 100 }, (_none, atToken) => ({ bytes: bytesOf("x"), atToken }));
    const { clock, log } = start(script({ steps, firstTokenMs: 0, tokensPerSecond: 1000 }));
    await clock.advance(200);
    expect(log.join("")).toBe(`${"x".repeat(100)}.`);
    expect(log.length).toBeLessThanOrEqual(21);
  });

  test.each([
    ["end", "abcd."],
    ["cut", "abcd!"],
    ["stall", "abcd"],
  ] as const)("%s", async (ending, expected) => {
    const { clock, log } = start(script({ ending }));
    await clock.advance(1000);
    expect(log.join("")).toBe(expected);
    expect(clock.pending).toBe(0);
  });

  test("cancel leaves no timer", async () => {
    const { clock, log, playback } = start(script());
    await clock.advance(100);
    playback.cancel();
    expect(clock.pending).toBe(0);
    await clock.advance(1000);
    expect(log).toEqual(["a"]);
  });
});
