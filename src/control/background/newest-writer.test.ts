import { describe, expect, test } from "bun:test";
import { FakeClock } from "../../core/fake-clock.ts";
import { createNewestWriter } from "./newest-writer.ts";

/** A disk whose writes end as the test says, or that is full until `free()`. */
function fakeDisk() {
  const clock = new FakeClock();
  const kept: string[] = [];
  const told: string[] = [];
  let isFull = false;
  const writer = createNewestWriter<string>({
    clock,
    async write(state) {
      if (isFull) throw new Error(`No room for ${state}.`);
      kept.push(state);
    },
    onFailed: (thrown) => void told.push(String(thrown)),
  });
  return {
    clock,
    kept,
    told,
    writer,
    fill: () => {
      isFull = true;
    },
    free: () => {
      isFull = false;
    },
  };
}

describe("a disk that is full for a while", () => {
  test("takes the newest of what was saved meanwhile as soon as there is room", async () => {
    const { clock, kept, told, writer, fill, free } = fakeDisk();
    fill();
    await writer.save("first");
    await writer.save("second");
    await clock.advance(10_000);
    expect({ kept: [...kept], told, isKept: writer.isKept }).toEqual({
      kept: [],
      told: ["Error: No room for first."],
      isKept: false,
    });
    free();
    await clock.advance(1000);
    expect({ kept, isKept: writer.isKept }).toEqual({ kept: ["second"], isKept: true });
  });

  test("is asked a last time at the end, and not after it", async () => {
    const { clock, kept, writer, fill, free } = fakeDisk();
    fill();
    await writer.save("first");
    await writer.close();
    free();
    await clock.advance(10_000);
    expect(kept).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  test("has what was saved last when it has room at the end", async () => {
    const { kept, writer, fill, free } = fakeDisk();
    fill();
    await writer.save("first");
    free();
    await writer.close();
    expect(kept).toEqual(["first"]);
  });
});

test("what is written ahead waits for the one under way, and is not overwritten by what is tried again", async () => {
  const clock = new FakeClock();
  const ends: ((failure?: Error) => void)[] = [];
  const begun: string[] = [];
  const writer = createNewestWriter<string>({
    clock,
    write: (state) => {
      begun.push(state);
      return new Promise((resolve, reject) => {
        ends.push((failure) => (failure ? reject(failure) : resolve()));
      });
    },
    onFailed: () => {},
  });
  const saved = writer.save("older");
  const ahead = writer.saveAhead("newer");
  await clock.advance(0);
  expect(begun).toEqual(["older"]);
  ends[0]?.(new Error("The disk is full."));
  await saved;
  await clock.advance(0);
  ends[1]?.();
  await ahead;
  await clock.advance(10_000);
  expect(begun).toEqual(["older", "newer"]);
});

test("what was written ahead is what is kept, also at the end, unless something newer was saved", async () => {
  const { kept, writer, fill, free } = fakeDisk();
  fill();
  await writer.save("older");
  free();
  const ahead = writer.saveAhead("newer");
  await writer.save("newest");
  await ahead;
  await writer.close();
  expect(kept).toEqual(["newer", "newest"]);
  const other = fakeDisk();
  other.fill();
  await other.writer.save("older");
  other.free();
  await other.writer.saveAhead("newer");
  expect(other.writer.isKept).toBe(true);
  await other.writer.close();
  expect(other.kept).toEqual(["newer"]);
});

test("what is under way at the end and fails is tried once more", async () => {
  const clock = new FakeClock();
  const tried: string[] = [];
  const writer = createNewestWriter<string>({
    clock,
    async write(state) {
      tried.push(state);
      if (tried.length === 1) throw new Error("The disk is full.");
    },
    onFailed: () => {},
  });
  void writer.save("only");
  await writer.close();
  expect(tried).toEqual(["only", "only"]);
});
