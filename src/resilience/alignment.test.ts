import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type Alignment, createFreshAligner, createPrefill } from "./alignment.ts";

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

  test("cut anywhere, whatever the pieces, gives the rest of the same answer", () => {
    const words = fc.array(fc.stringMatching(/^[a-zäöü()*+.]{1,8}$/), { minLength: 4, maxLength: 40 });
    fc.assert(
      fc.property(words, fc.nat(), fc.nat(), (list, cut, size) => {
        const whole = list.join(" ");
        const told = whole.slice(0, 1 + (cut % whole.length)).trimEnd();
        const step = 1 + (size % 9);
        const aligner = createFreshAligner(told);
        let rest = "";
        let found = false;
        for (let at = 0; at < whole.length; at += step) {
          const piece = whole.slice(at, at + step);
          if (found) rest += piece;
          else {
            const now = aligner.push(piece);
            if (now.state === "aligned") {
              rest = now.text;
              found = true;
            }
          }
        }
        expect(told + rest).toBe(whole);
      }),
    );
  });
});

test("a prefill has no white space at its end, and the continuation loses what was already told", () => {
  const { given, trim } = createPrefill("Your parcel \n");
  expect(given).toBe("Your parcel");
  expect(trim(" left")).toBe("left");
  expect(createPrefill("Your").trim(" parcel")).toBe(" parcel");
});
