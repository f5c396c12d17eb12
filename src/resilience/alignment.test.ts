import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type Aligner, type Alignment, createFreshAligner, createPrefilledAligner } from "./alignment.ts";
import { splitPrefill } from "./seam.ts";

const TOLD = "Your parcel left the depot in Kassel this morning and is on its way to";

function alignOf(told: string, pieces: readonly string[]): Alignment {
  const aligner = createFreshAligner(told);
  for (const piece of pieces) {
    const now = aligner.push(piece);
    if (now.state !== "seeking") return now;
  }
  return aligner.end();
}

describe("a fresh answer", () => {
  test("that begins as the first did goes on where that broke off", () => {
    expect(alignOf(TOLD, [`${TOLD} Berlin.`])).toEqual({ state: "aligned", text: " Berlin." });
  });

  test("after no word at all is new from its beginning on, but for white space that was told", () => {
    expect(alignOf("", ["Your"])).toEqual({ state: "aligned", text: "Your" });
    expect(alignOf("", [])).toEqual({ state: "aligned", text: "" });
    expect(alignOf("\n\n", ["\n\nYour"])).toEqual({ state: "aligned", text: "Your" });
  });

  test("is waited for piece by piece", () => {
    const aligner = createFreshAligner(TOLD);
    expect(aligner.push("Your parcel left ")).toEqual({ state: "seeking" });
    expect(aligner.push("the depot in Kassel this morning and is on its way to")).toEqual({
      state: "aligned",
      text: "",
    });
  });

  test("may space its words differently", () => {
    expect(alignOf("One  two\nthree", ["One two three four"])).toEqual({ state: "aligned", text: " four" });
  });

  test("that words its beginning differently is joined where it says the same end", () => {
    const fresh = "Good news! It left the depot in Kassel this morning and is on its way to Berlin.";
    expect(alignOf(TOLD, [fresh])).toEqual({ state: "aligned", text: " Berlin." });
  });

  test("does not space the join twice", () => {
    expect(alignOf("One two ", ["One two three"])).toEqual({ state: "aligned", text: "three" });
  });

  test("that says something else is lost, at the latest at its end", () => {
    expect(alignOf(TOLD, ["I do not know."])).toEqual({ state: "lost" });
    expect(alignOf(TOLD, ["word ".repeat(400)])).toEqual({ state: "lost" });
  });

  test("is lost where too little was told to recognise it by", () => {
    expect(alignOf("Hi", ["Hello there"])).toEqual({ state: "lost" });
  });

  test("that ends before it said what was told is lost", () => {
    expect(alignOf(TOLD, ["Your parcel left"])).toEqual({ state: "lost" });
  });

  test("words with signs that mean something in a pattern are found as they are", () => {
    const told = "Costs are (a+b)*c? [no] {yes} $5.00 ^up|down \\ here";
    expect(alignOf(told, [`Well: ${told} and more`])).toEqual({ state: "aligned", text: " and more" });
  });

  test("that ends a word which was told goes on with the next; one that goes on with it says something else", () => {
    expect(alignOf("The cat ", ["The cat", " sat"])).toEqual({ state: "aligned", text: "sat" });
    expect(alignOf("The cat ", ["The cat", "s sat"])).toEqual({ state: "lost" });
    expect(alignOf("我想 ", ["我想说"])).toEqual({ state: "aligned", text: "说" });
    expect(alignOf("The cat ", ["The cat"])).toEqual({ state: "aligned", text: "" });
  });
});

describe("the end of what was told, said twice", () => {
  const SAID = "The parcel is on its way to you today.";
  const BETWEEN = Array.from({ length: 8 }, (_, i) => `Sentence number ${i} of this answer.`).join(" ");

  test("is found with what stands before it", () => {
    const told = `Sure! ${SAID} ${BETWEEN} ${SAID}`;
    const fresh = `Of course. ${SAID} ${BETWEEN} ${SAID} The end.`;
    expect(alignOf(told, [fresh])).toEqual({ state: "aligned", text: " The end." });
    expect(alignOf(told, [...fresh])).toEqual({ state: "aligned", text: "" });
  });

  test("is not found where only its first place is said", () => {
    const told = `Sure! ${SAID} ${BETWEEN} ${SAID}`;
    expect(alignOf(told, [`Of course. ${SAID} Anything else?`])).toEqual({ state: "lost" });
  });

  test("far before where it was is another place", () => {
    const told = `Sure! ${BETWEEN} ${SAID}`;
    expect(alignOf(told, [`In short: ${SAID} ${BETWEEN}`])).toEqual({ state: "lost" });
    const fresh = `In short: ${SAID} ${BETWEEN} ${SAID} Bye.`;
    expect(alignOf(told, [fresh])).toEqual({ state: "aligned", text: " Bye." });
  });

  test("far behind where it was is another place, even if all comes in one piece", () => {
    expect(alignOf(`Sure! ${SAID}`, [`${"Of course. ".repeat(60)}${SAID} Bye.`])).toEqual({ state: "lost" });
  });

  test("all along: only an exact beginning counts", () => {
    const told = "word ".repeat(60).trimEnd();
    expect(alignOf(told, [`${told} more`])).toEqual({ state: "aligned", text: " more" });
    expect(alignOf(told, [`Sure: ${"word ".repeat(50)} more`])).toEqual({ state: "lost" });
  });
});

test("a long told text is aligned in time linear in it, however small the pieces", () => {
  const told = Array.from({ length: 20_000 }, (_, i) => `Line ${i % 977} of it.\n`).join("");
  const fresh = `Well. ${told}`;
  const aligner = createFreshAligner(told);
  for (let at = 0; at < fresh.length; at += 4) {
    expect(aligner.push(fresh.slice(at, at + 4)).state).not.toBe("lost");
  }
  expect(aligner.push("Bye")).toEqual({ state: "aligned", text: "Bye" });
});

/** Text as models write it, with white space of every kind in every place. */
const PIECES = [
  "# Title\n\n",
  "Here is the function:\n\n```python\n",
  "def f(x):\n    if x > 1:\n        return [\n            x,\n        ]\n\n    return 0\n",
  "```\n\n",
  "- one\n  - two\n\n\n",
  "| a | b |\n|---|---|\n",
  "trailing  \n",
  "\tif (x) {\n\t\treturn;\n\t}\r\n",
  "Prix : 10\u00a0€ ",
  "naïve Cafe\u0301 ",
  "😀👩‍👩‍👧 ",
  "我想说\u3000",
  "word ",
  "word",
  " ",
  "\n",
  "\n\n",
  "  ",
  "done.",
] as const;

const cutting = fc.record({
  whole: fc
    .array(fc.oneof(fc.constantFrom(...PIECES), fc.string({ unit: "grapheme", maxLength: 6 })), {
      maxLength: 30,
    })
    .map((pieces) => pieces.join(""))
    .filter((text) => text.trim() !== ""),
  toldShare: fc.double({ min: 0, max: 1, noNaN: true }),
  sizes: fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1 }),
});

/** All that `aligner` lets through of `answer`, which comes in pieces of these sizes, again and again; null: lost. */
function replay(aligner: Aligner, answer: string, sizes: readonly number[]): string | null {
  let through = "";
  for (let at = 0, turn = 0; at < answer.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1;
    const now = aligner.push(answer.slice(at, at + size));
    if (now.state === "lost") return null;
    if (now.state === "aligned") through += now.text;
    at += size;
  }
  const last = aligner.end();
  return last.state === "aligned" ? through + last.text : null;
}

describe("the same text, told up to any place and cut into any pieces, is joined exactly", () => {
  test("where it is said anew", () => {
    fc.assert(
      fc.property(cutting, ({ whole, toldShare, sizes }) => {
        const told = whole.slice(0, Math.ceil(whole.length * toldShare));
        fc.pre(told.trim() !== "");
        expect(told + replay(createFreshAligner(told), whole, sizes)).toBe(whole);
      }),
      { numRuns: 1000 },
    );
  });

  test("where it is gone on with", () => {
    fc.assert(
      fc.property(cutting, ({ whole, toldShare, sizes }) => {
        const told = whole.slice(0, Math.ceil(whole.length * toldShare));
        fc.pre(told.trim() !== "");
        const rest = whole.slice(splitPrefill(told).given.length);
        expect(told + replay(createPrefilledAligner(told), rest, sizes)).toBe(whole);
      }),
      { numRuns: 1000 },
    );
  });

  test("where it is said anew after other first words, or it is lost", () => {
    fc.assert(
      fc.property(cutting, ({ whole, toldShare, sizes }) => {
        const first = "Sure! ";
        const told = first + whole.slice(0, Math.ceil(whole.length * toldShare));
        const passed = replay(createFreshAligner(told), `Of course. ${whole}`, sizes);
        if (passed !== null) expect(told + passed).toBe(first + whole);
      }),
      { numRuns: 1000 },
    );
  });
});
