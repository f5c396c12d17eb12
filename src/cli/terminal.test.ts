import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { fakeProcess } from "./fake-ports.ts";
import { createTerminal, printable } from "./terminal.ts";

const ESCAPE = "\u001b";

describe("colour", () => {
  test.each([
    ["on a terminal", true, {}, {}, true],
    ["in a pipe", false, {}, {}, false],
    ["with --no-color", true, {}, { color: false }, false],
    ["with NO_COLOR", true, { NO_COLOR: "1" }, {}, false],
    ["with an empty NO_COLOR, which says nothing", true, { NO_COLOR: "" }, {}, true],
  ])("%s", (_name, isTty, env, options, coloured) => {
    const terminal = createTerminal(fakeProcess({ isTty, env }).ports, options);
    expect(terminal.paint("red", "stop").includes(ESCAPE)).toBe(coloured);
  });
});

test("a complaint is a line with its fix; with --json, one object on one line", () => {
  const complaints = [{}, { json: true }].map((options) => {
    const fake = fakeProcess({});
    createTerminal(fake.ports, options).complain("It is\ngone.", "Bring it back.");
    expect(fake.stdout()).toBe("");
    return fake.stderr();
  });
  expect(complaints).toEqual([
    "pointsman: It is gone.\n  fix: Bring it back.\n",
    `${JSON.stringify({ error: { message: "It is\ngone.", fix: "Bring it back." } })}\n`,
  ]);
});

describe("table", () => {
  const draw = (isTty: boolean) =>
    createTerminal(fakeProcess({ isTty }).ports, {}).table(
      [{ title: "NAME" }, { title: "MS", align: "right" }, { title: "NOTE" }],
      [
        ["é", "5", ""],
        [{ text: "longer", style: "green" }, "12345", "last"],
      ],
    );

  test("aligns, and leaves no blanks at the end of a line", () => {
    expect(draw(false)).toBe(["NAME       MS  NOTE", "é           5", "longer  12345  last"].join("\n"));
  });

  test("is aligned the same in colour", () => {
    expect(Bun.stripANSI(draw(true))).toBe(draw(false));
    expect(draw(true)).toContain(ESCAPE);
  });
});

describe("printable", () => {
  test("whatever a record holds, nothing in it steers the terminal", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(printable(text)).not.toMatch(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/u);
      }),
    );
  });

  test("plain text in any script stays", () => {
    expect(printable("Où est mon colis ? 日本語 ✓")).toBe("Où est mon colis ? 日本語 ✓");
    expect(printable(`a${ESCAPE}[31mb\r\nc\u202e`)).toBe("a [31mb  c");
  });
});
