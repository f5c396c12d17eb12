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

describe("a table that is wider than the terminal", () => {
  const columns = [
    { title: "WHEN" },
    { title: "ID" },
    { title: "MS", align: "right" },
    { title: "NOTE" },
  ] as const;
  const rows = [
    ["12:00", "dec_0001", "5", "a note of some length"],
    ["12:01", "dec_0002", "12345", ""],
  ];
  const draw = (room?: number) => {
    const { ports } = fakeProcess(room === undefined ? {} : { isTty: true, columns: room });
    return Bun.stripANSI(createTerminal(ports, {}).table(columns, rows));
  };
  const whole = [
    "WHEN   ID           MS  NOTE",
    "12:00  dec_0001      5  a note of some length",
    "12:01  dec_0002  12345",
  ].join("\n");

  test("goes on, in whole columns, on lines of its own", () => {
    expect(draw(30)).toBe(
      [
        "WHEN   ID           MS",
        "  NOTE",
        "12:00  dec_0001      5",
        "  a note of some length",
        "12:01  dec_0002  12345",
      ].join("\n"),
    );
  });

  test("goes on behind where its record began", () => {
    const { ports } = fakeProcess({ isTty: true, columns: 12 });
    const untitled = [{ title: "" }, { title: "" }];
    expect(createTerminal(ports, {}).table(untitled, [["    gpt-us", "refused"]])).toBe(
      "    gpt-us\n      refused",
    );
  });

  test("is cut nowhere else: where it fits just, in a pipe, and where a column alone is too wide", () => {
    expect(draw(45)).toBe(whole);
    expect(draw()).toBe(whole);
    expect(draw(44)).not.toBe(whole);
    expect(draw(3).split("\n").slice(4, 8)).toEqual([
      "12:00",
      "  dec_0001",
      "      5",
      "  a note of some length",
    ]);
  });

  test("never has a line that is too long, nor loses a word", () => {
    const word = fc.stringMatching(/^[a-z]{1,12}$/);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(word, word, word, word, word), { minLength: 1 }),
        fc.integer({ min: 14, max: 90 }),
        (lines, room) => {
          const { ports } = fakeProcess({ columns: room });
          const titled = "abcde".split("").map((title) => ({ title }));
          const drawn = createTerminal(ports, {}).table(titled, lines);
          for (const line of drawn.split("\n")) expect(line.length).toBeLessThanOrEqual(room);
          expect(drawn.split(/\s+/).filter(Boolean)).toEqual([..."abcde", ...lines.flat()]);
        },
      ),
    );
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

describe("a phrase", () => {
  const phrase = (columns?: number) =>
    createTerminal(fakeProcess(columns === undefined ? {} : { isTty: true, columns }).ports, {}).phrase(
      "Size  ",
      ["one part", "another\u0007", "last"],
      ", ",
    );

  test("is one line in a pipe, and where there is room for it", () => {
    expect([phrase(), phrase(30)]).toEqual(Array(2).fill("Size  one part, another , last"));
  });

  test("goes on below its first part where it is wider than the terminal", () => {
    expect(phrase(29)).toBe("Size  one part, another ,\n      last");
    expect(phrase(10)).toBe("Size  one part,\n      another ,\n      last");
  });
});
