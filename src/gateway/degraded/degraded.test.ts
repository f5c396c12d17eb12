import { describe, expect, test } from "bun:test";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createScratch } from "../../../test/scratch.ts";
import { FakeClock } from "../../core/fake-clock.ts";
import type { Message } from "../../core/request.ts";
import type { NewTicket } from "../../core/tickets.ts";
import { transcriptOf } from "../../policy/aside/transcript.ts";
import { FAKE_REQUEST } from "../../policy/fake-policy.ts";
import { lastUserText } from "./last-text.ts";
import { createKeywordIndex } from "./retrieval/keyword-index.ts";
import { createPassageLibrary } from "./retrieval/library.ts";
import { type Passage, passagesOf } from "./retrieval/passages.ts";
import { wordsOf } from "./retrieval/words.ts";
import { fillTemplate } from "./template.ts";
import { createTicketDesk } from "./ticket-desk.ts";

test("a template fills in what it knows, leaves what it does not, and is not read twice", () => {
  const variables = { tenant: "{{request_id}}", request_id: "r" };
  expect(fillTemplate("{{tenant}} {{ request_id }} {{nobody}} {{constructor}}", variables)).toBe(
    "{{request_id}} r {{nobody}} {{constructor}}",
  );
});

const said = (role: Message["role"], text: string): Message => ({ role, content: [{ type: "text", text }] });

describe("the user's last text", () => {
  const of = (...messages: Message[]) => lastUserText({ ...FAKE_REQUEST, messages });

  test("is the last that has words", () => {
    expect(of(said("user", "a"), said("assistant", "b"), said("user", "c"), said("assistant", "d"))).toBe(
      "c",
    );
    const results: Message = { role: "user", content: [{ type: "tool_result", callId: "x", content: [] }] };
    expect(of(said("user", "a"), results)).toBe("a");
    expect(of(said("system", "a"))).toBe("");
  });

  test("loses its middle where it is very long", () => {
    const text = of(said("user", `begin${"x".repeat(10_000)}end`));
    expect(text.length).toBeLessThan(4100);
    expect([text.startsWith("begin"), text.endsWith("end")]).toEqual([true, true]);
  });
});

describe("a transcript", () => {
  test("says who said what, and what is no text in words", () => {
    const messages: Message[] = [
      said("system", "Be brief."),
      { role: "user", content: [{ type: "image", source: { kind: "url", url: "x" } }] },
      { role: "assistant", content: [{ type: "tool_call", id: "c", name: "look", arguments: '{"a":1}' }] },
      {
        role: "tool",
        content: [{ type: "tool_result", callId: "c", content: [{ type: "text", text: "Found." }] }],
      },
    ];
    expect(transcriptOf(messages, 1000)).toBe(
      'Instructions: Be brief.\n\nUser: [an image]\n\nAssistant: [calls look with {"a":1}]\n\nTool: Found.',
    );
  });

  test("keeps the end where there is no room for all", () => {
    const text = transcriptOf([said("user", "old ".repeat(500)), said("assistant", "new")], 100);
    expect(text).toStartWith("[earlier part left out]");
    expect(text).toEndWith("Assistant: new");
    expect(text.length).toBeLessThan(500);
  });
});

describe("passages of a text", () => {
  test("stand under their heading and end with it", () => {
    const text = "---\ntitle: x\n---\n# One\n\nFirst.\n\nSecond.\n## Two ##\nThird.\n";
    expect(passagesOf("a.md", text)).toEqual([
      { file: "a.md", heading: "One", text: "First.\n\nSecond." },
      { file: "a.md", heading: "Two", text: "Third." },
    ]);
  });

  test("long ones are cut at sentences, code is not taken for headings", () => {
    const long = passagesOf("a.txt", "A sentence of words. ".repeat(200));
    expect(long.length).toBeGreaterThan(3);
    for (const { text } of long) expect(text).toMatch(/^A sentence.*\.$/s);
    const code = passagesOf("a.md", "Run:\n\n```\n# not a heading\n\nmake\n```\n");
    expect(code).toEqual([{ file: "a.md", heading: "", text: "Run:\n\n```\n# not a heading\n\nmake\n```" }]);
    expect(passagesOf("a.md", "\n\n")).toEqual([]);
  });
});

describe("words", () => {
  test.each<[string, string[]]>([
    ["The returns of parcels", ["return", "parcel"]],
    ["Ärger mit RÜCKSENDUNGEN", ["ärger", "rücksendungen"]],
    ["返品方法", ["返品", "品方", "方法"]],
    ["", []],
    ["shipping policies classes", ["shipp", "policy", "classe"]],
  ])("%p", (text, words) => {
    expect(wordsOf(text)).toEqual(words);
  });
});

describe("the keyword index", () => {
  const passage = (file: string, text: string): Passage => ({ file, heading: "", text });
  const index = createKeywordIndex([
    passage("returns", "Parcels can be returned within thirty days with the label."),
    passage("payment", "We take cards, invoices and bank transfers in all countries."),
    passage("shipping", "Parcels are shipped within two days. A parcel to the islands takes longer."),
    passage("account", "Change your password in the settings of your account."),
  ]);
  const files = (question: string, top = 3) => index.search(question, top).map(({ file }) => file);

  test("the best passage comes first, and no more than asked for", () => {
    expect(files("How long does shipping parcels to the islands take?")[0]).toBe("shipping");
    expect(files("return my parcel")).toEqual(["returns", "shipping"]);
    expect(files("return my parcel", 1)).toEqual(["returns"]);
  });

  test.each(["What is the meaning of life?", "the of and", "", "Zebra giraffe elephant password"])(
    "nothing has enough of %j",
    (question) => {
      expect(files(question)).toEqual([]);
    },
  );

  test("an empty index has nothing", () => {
    expect(createKeywordIndex([]).search("anything", 3)).toEqual([]);
  });
});

describe("the library", () => {
  const root = createScratch().folder();
  const put = (path: string, text: string) => {
    mkdirSync(join(root, path, ".."), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  put("faq/a.md", "Zebras are striped.");
  put("faq/deep/b.TXT", "Giraffes are tall.");
  put("faq/c.json", '{"elephants": "heavy"}');
  put("faq/.hidden.md", "Lions roar.");
  put("outside/secret.md", "Tigers are secret.");
  symlinkSync(join(root, "outside"), join(root, "faq", "link"));
  symlinkSync("/", join(root, "everything"));

  test("reads .md and .txt under the folder, and nothing that is linked or hidden", async () => {
    const reports: unknown[] = [];
    const library = createPassageLibrary({ root, report: (thrown) => reports.push(thrown) });
    library.follow(["faq"]);
    expect(library.search("faq", "zebras", 3)).toEqual([]);
    await library.settled();
    const found = ["zebras", "giraffes", "elephants", "lions", "tigers"].map(
      (word) => library.search("faq", word, 3)[0]?.file ?? null,
    );
    expect(found).toEqual(["a.md", "deep/b.TXT", null, null, null]);
    expect(library.search("outside", "tigers", 3)).toEqual([]);
    expect(reports).toEqual([]);
  });

  test("takes up what a later policy asks for and forgets the rest", async () => {
    const library = createPassageLibrary({ root, report: () => {} });
    library.follow(["faq"]);
    library.follow(["outside"]);
    await library.settled();
    expect(library.search("faq", "zebras", 3)).toEqual([]);
    expect(library.search("outside", "tigers", 3)).toHaveLength(1);
    put("outside/more.md", "Wolves howl.");
    library.follow(["outside"]);
    expect(library.search("outside", "tigers", 3)).toHaveLength(1);
    await library.settled();
    expect(library.search("outside", "wolves", 3)).toHaveLength(1);
  });

  test.each(["nowhere", "everything"])("a folder that cannot be read is reported: %s", async (folder) => {
    const reports: unknown[] = [];
    const library = createPassageLibrary({ root, report: (_, where) => reports.push(where) });
    library.follow([folder, "faq"]);
    await library.settled();
    expect(reports).toEqual([join(root, folder)]);
    expect(library.search("faq", "zebras", 3)).toHaveLength(1);
  });
});

describe("the ticket desk", () => {
  const stated = {
    tenant: "acme",
    useCase: "chat",
    queue: "desk",
    requestId: "r",
    decisionId: "d",
    prompt: null,
  };
  function setUp(create: (ticket: NewTicket, maxOpen: number) => Promise<"created" | "full">) {
    const clock = new FakeClock();
    const reports: unknown[] = [];
    const closed: string[] = [];
    const ids = { next: (prefix: string) => `${prefix}_1` };
    const close = async (id: string, by: string) => {
      closed.push(`${id} by ${by}`);
      return null;
    };
    const report = (thrown: unknown) => reports.push(thrown);
    const desk = createTicketDesk({ store: { create, close }, clock, ids, report });
    const open = (leftMs = 20_000) => desk.open(stated, 5, clock.now() + leftMs);
    return { clock, reports, closed, open };
  }

  test("tells the id of a ticket that is kept", async () => {
    const { open, clock } = setUp(async ({ at }) => (at === clock.now() ? "created" : "full"));
    expect(await open()).toBe("tkt_1");
    expect(clock.pending).toBe(0);
  });

  test("none where the queue is full or the store fails", async () => {
    expect(await setUp(async () => "full").open()).toBeNull();
    const failing = setUp(() => Promise.reject(new Error("disk")));
    expect(await failing.open()).toBeNull();
    expect(failing.reports).toHaveLength(1);
  });

  test.each([
    ["two seconds", 20_000, 2000],
    ["what is left of the request's time", 700, 700],
    ["a moment where nothing is left of it", -5, 200],
  ])("one that is not kept has %s, and is told of in the log", async (_what, leftMs, patienceMs) => {
    const silent = setUp(() => new Promise(() => {}));
    const opening = silent.open(leftMs);
    await silent.clock.advance(patienceMs - 1);
    expect(silent.clock.pending).toBe(1);
    await silent.clock.advance(1);
    expect(await opening).toBeNull();
    expect(silent.reports).toMatchObject([
      { kind: "unavailable", message: `The ticket was not kept within ${patienceMs} ms.` },
    ]);
  });

  test.each([
    ["created", ["tkt_1 by gateway"]],
    ["full", []],
  ] as const)("one that is %s too late is nobody's: it is closed", async (made, expected) => {
    const late = Promise.withResolvers<"created" | "full">();
    const { open, clock, closed, reports } = setUp(() => late.promise);
    const opening = open();
    await clock.advance(2000);
    expect(await opening).toBeNull();
    late.resolve(made);
    await clock.advance(0);
    expect(closed).toEqual([...expected]);
    expect(reports).toHaveLength(1);
  });

  test("one that fails too late is told of as well", async () => {
    const late = Promise.withResolvers<"created">();
    const { open, clock, reports } = setUp(() => late.promise);
    void open();
    await clock.advance(2000);
    late.reject(new Error("disk"));
    await clock.advance(0);
    expect(reports).toHaveLength(2);
  });
});
