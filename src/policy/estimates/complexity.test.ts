import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import type { Message, ModelRequest } from "../../core/request.ts";
import { FAKE_REQUEST } from "../fake-policy.ts";
import { VOCABULARY } from "./complexity/vocabulary.ts";
import { BIAS, type FeatureName, WEIGHTS } from "./complexity/weights.ts";
import { COMPLEXITY_VERSION, estimateComplexity, explainComplexity } from "./complexity.ts";

const say = (role: Message["role"], text: string): Message => ({ role, content: [{ type: "text", text }] });

function asking(text: string, change: Partial<ModelRequest> = {}): ModelRequest {
  return { ...FAKE_REQUEST, messages: [say("user", text)], ...change };
}

const scoreOf = (text: string, change?: Partial<ModelRequest>) => estimateComplexity(asking(text, change));
const featureOf = (feature: FeatureName, request: ModelRequest) =>
  explainComplexity(request).contributions.find((one) => one.feature === feature)?.value ?? Number.NaN;

/** A greeting, a question for one fact, and a thesis, in languages whose words are known. */
const LADDERS: Readonly<Record<string, readonly [greeting: string, fact: string, thesis: string]>> = {
  en: [
    "Hey",
    "What is the capital of France?",
    "Write a thesis on the economic effects of climate policy in the European Union and compare countries.",
  ],
  de: [
    "Hallo",
    "Wie heißt die Hauptstadt von Frankreich?",
    "Schreibe eine Doktorarbeit über die wirtschaftlichen Folgen der Klimapolitik und vergleiche Länder.",
  ],
  fr: [
    "Bonjour",
    "Quelle est la capitale de la France ?",
    "Rédige une thèse sur les effets économiques de la politique climatique et évalue les pays.",
  ],
  es: [
    "Hola",
    "¿Cuál es la capital de Francia?",
    "Escribe una tesis sobre los efectos económicos de la política climática y analiza los países.",
  ],
  it: [
    "Ciao",
    "Qual è la capitale della Francia?",
    "Scrivi una tesi sugli effetti economici della politica climatica e analizza i paesi.",
  ],
  pt: [
    "Olá",
    "Qual é a capital da França?",
    "Escreva uma tese sobre os efeitos econômicos da política climática e analise os países.",
  ],
  nl: [
    "Hoi",
    "Wat is de hoofdstad van Frankrijk?",
    "Schrijf een proefschrift over de economische gevolgen van klimaatbeleid en vergelijk landen.",
  ],
  pl: [
    "Cześć",
    "Jaka jest stolica Francji?",
    "Napisz rozprawę o ekonomicznych skutkach polityki klimatycznej i porównaj kraje.",
  ],
  sv: [
    "Hej",
    "Vad är Frankrikes huvudstad?",
    "Skriv en avhandling om klimatpolitikens ekonomiska följder och jämför länder.",
  ],
  tr: [
    "Merhaba",
    "Fransa'nın başkenti neresi?",
    "İklim politikasının ekonomik etkileri üzerine bir tez yaz ve ülkeleri karşılaştır.",
  ],
  ru: [
    "Привет",
    "Какая столица Франции?",
    "Напиши диссертацию об экономических последствиях климатической политики и сравни страны.",
  ],
  uk: [
    "Привіт",
    "Яка столиця Франції?",
    "Напиши дисертацію про економічні наслідки кліматичної політики та порівняй країни.",
  ],
  ar: [
    "مرحبا",
    "ما هي عاصمة فرنسا؟",
    "اكتب أطروحة عن الآثار الاقتصادية لسياسة المناخ مع مقارنة البلدان وتحليل النتائج",
  ],
  he: ["שלום", "מה היא בירת צרפת?", "כתוב תזה על ההשפעות הכלכליות של מדיניות האקלים והשווה בין מדינות"],
  hi: ["नमस्ते", "फ्रांस की राजधानी क्या है?", "जलवायु नीति के आर्थिक प्रभावों पर एक शोध निबंध लिखो और देशों की तुलना करो।"],
  zh: ["你好", "法国的首都是哪里？", "请写一篇关于气候政策经济影响的论文，比较各国并论证你的结论。"],
  ja: [
    "こんにちは",
    "フランスの首都はどこですか？",
    "気候政策の経済的影響について論文を書き、各国を比較して分析してください。",
  ],
  ko: [
    "안녕하세요",
    "프랑스의 수도는 어디인가요?",
    "기후 정책의 경제적 영향에 대한 논문을 쓰고 각국을 비교 분석하세요.",
  ],
};

describe("the obvious order", () => {
  test.each(Object.entries(LADDERS))(
    "%s: a greeting, a fact, a thesis",
    (_language, [greeting, fact, thesis]) => {
      const [low, middle, high] = [scoreOf(greeting), scoreOf(fact), scoreOf(thesis)];
      expect(low).toBeLessThan(0.05);
      expect(middle).toBeGreaterThan(low);
      expect(middle).toBeLessThan(0.2);
      expect(high).toBeGreaterThan(0.35);
    },
  );

  test.each([
    [
      "Finnish",
      "Kirjoita väitöskirja ilmastopolitiikan taloudellisista vaikutuksista ja vertaile eri maita.",
    ],
    ["Greek", "Γράψε μια διατριβή για τις οικονομικές συνέπειες της κλιματικής πολιτικής στην Ευρώπη."],
    ["Thai", "เขียนวิทยานิพนธ์เกี่ยวกับผลกระทบทางเศรษฐกิจของนโยบายสภาพภูมิอากาศและเปรียบเทียบประเทศต่างๆ"],
    ["Georgian", "დაწერე დისერტაცია კლიმატის პოლიტიკის ეკონომიკური შედეგების შესახებ და შეადარე ქვეყნები."],
  ])("%s has no words here, and a long request is not taken for a trifle", (_name, text) => {
    expect(scoreOf(text)).toBeGreaterThan(0.15);
    expect(scoreOf(text)).toBeGreaterThan(
      scoreOf("Please bring me the blue cup and the red one too, if you can."),
    );
  });

  test("work is harder than talk about it", () => {
    const ladder = [
      "Thanks!",
      "Write a haiku about rain.",
      "Explain why the sky is blue.",
      "Prove that there are infinitely many primes.",
      "Design a rate limiter for 3 regions. It must survive a partition and never exceed 5 %. Compare at least " +
        "three approaches, evaluate the trade-offs, then write the pseudocode step by step.",
    ].map((text) => scoreOf(text));
    expect(ladder).toEqual(ladder.toSorted((a, b) => a - b));
    expect(ladder[4]).toBeGreaterThan(0.8);
  });
});

describe("what raises a score", () => {
  const text = "Tell me about the parcel.";
  const plain = asking(text);
  const base = estimateComplexity(plain);

  test.each([
    ["tools", { tools: [{ name: "f", parameters: {} }] }],
    ["a schema", { responseFormat: { type: "json_schema", name: "n", schema: {}, strict: false } }],
    ["JSON", { responseFormat: { type: "json" } }],
    ["room for a long answer", { sampling: { maxTokens: 16_000 } }],
    ["reasoning effort", { reasoning: { effort: "high" } }],
    ["a budget for thinking", { reasoning: { budgetTokens: 8000 } }],
    ["a conversation before it", { messages: [say("user", "a"), say("assistant", "b"), ...plain.messages] }],
    ["a long system prompt", { messages: [say("system", "You help. ".repeat(500)), ...plain.messages] }],
    [
      "an image",
      {
        messages: [
          {
            role: "user",
            content: [
              { type: "text", text },
              { type: "image", source: { kind: "url", url: "https://example.com/a.png" } },
            ],
          },
        ],
      },
    ],
  ] satisfies [string, Partial<ModelRequest>][])("%s", (_name, change) => {
    expect(estimateComplexity({ ...plain, ...change })).toBeGreaterThan(base);
  });

  test.each([
    ["reasoning", "Analyse it critically"],
    ["steps", "1. open\n2. close\n- mend"],
    ["constraints", "You must not use more than exactly three"],
    ["code", "```\nconst a = [];\n```"],
    ["code", "if (a[0] == b[1]) { return {c: [d], e: f<g>}; } else { x = y; z |= 3; }"],
    ["maths", "\\frac{a}{b} + \\sqrt{c} ≤ ∑ d^2"],
    ["domain", "the plaintiff's clinical contract"],
    ["vocabulary", "extraordinarily incomprehensible characterisation"],
    ["quantities", "It holds 40 pens at 3 euros, and 5 more"],
    ["quantities", "٣ و ٤ و ٥"],
    ["output", "in 2,000 words"],
    ["output", "auf 12 Seiten"],
    ["output", "2000字"],
    ["output", "a comprehensive report"],
    ["smalltalk", "hello"],
    ["lookup", "translate"],
    ["uncovered", "ხვალ მოვდივარ სახლში ძალიან გვიან"],
  ] as const)("the feature %s sees %p", (feature, more) => {
    expect(featureOf(feature, asking("A cup."))).toBeLessThan(0.2);
    expect(featureOf(feature, asking(`A cup. ${more}`))).toBeGreaterThan(
      featureOf(feature, asking("A cup.")) + 0.02,
    );
  });

  test("the number of an item is no quantity, and a number with separators is one", () => {
    expect(featureOf("quantities", asking("1. open\n2. close\n3) mend"))).toBe(0);
    const one = featureOf("quantities", asking("7 cups"));
    expect(one).toBeGreaterThan(0);
    expect(featureOf("quantities", asking("2,000,000 cups"))).toBe(one);
  });

  test("long words tell nothing in a language that the lists know", () => {
    const text = "What is the name of the street and the number of the house, and who has the international";
    expect(featureOf("vocabulary", asking(text))).toBe(0);
  });

  test("a number is a length only beside its unit", () => {
    expect(featureOf("output", asking("I paid 2,000 for words"))).toBe(0);
    expect(featureOf("output", asking("1,000,000,000,000 pages"))).toBe(1);
  });

  test("the last message of the user is what is asked, also while tools are called", () => {
    const thesis = LADDERS.en?.[2] ?? "";
    const results: Message = { role: "tool", content: [{ type: "tool_result", callId: "1", content: [] }] };
    const working = { ...FAKE_REQUEST, messages: [say("user", "Hey"), say("user", thesis), results] };
    expect(estimateComplexity(working)).toBeGreaterThan(0.5);
    const thanking = {
      ...FAKE_REQUEST,
      messages: [say("user", thesis), say("assistant", "…"), say("user", "Thanks")],
    };
    expect(estimateComplexity(thanking)).toBeLessThan(0.1);
  });
});

describe("every text", () => {
  const requests = fc
    .record({
      texts: fc.array(
        fc.oneof(fc.string({ unit: "binary", maxLength: 300 }), fc.string({ maxLength: 300 })),
        { maxLength: 4 },
      ),
      tools: fc.nat(40),
      maxTokens: fc.nat(100_000),
    })
    .map(({ texts, tools, maxTokens }) => ({
      ...FAKE_REQUEST,
      messages: texts.map((text) => say("user", text)),
      tools: Array.from({ length: tools }, (_, i) => ({ name: `t${i}`, parameters: {} })),
      sampling: { maxTokens },
    }));

  test("has the same score each time, between 0 and 1, and features between 0 and 1", () => {
    fc.assert(
      fc.property(requests, (request) => {
        const { score, contributions, bias } = explainComplexity(request);
        expect(score).toBeGreaterThanOrEqual(0);
        expect(score).toBeLessThanOrEqual(1);
        expect(estimateComplexity(request)).toBe(score);
        const logOdds = contributions.reduce((sum, { contribution }) => sum + contribution, bias);
        expect(Math.abs(score - 1 / (1 + Math.exp(-logOdds)))).toBeLessThan(0.0001);
        for (const { value } of contributions) {
          expect(value).toBeGreaterThanOrEqual(0);
          expect(value).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  test("scores no lower with a tool, a turn or a task more", () => {
    fc.assert(
      fc.property(requests, (request) => {
        const score = estimateComplexity(request);
        const tool = { name: "more", parameters: {} };
        expect(estimateComplexity({ ...request, tools: [...request.tools, tool] })).toBeGreaterThanOrEqual(
          score,
        );
        const earlier = [say("user", "before"), ...request.messages];
        if (request.messages.length > 0) {
          expect(estimateComplexity({ ...request, messages: earlier })).toBeGreaterThanOrEqual(score);
        }
      }),
    );
  });

  test.each([
    ["one letter", "a"],
    ["one digit", "9"],
    ["one brace", "{"],
    ["one line break", "\n"],
    ["one character of Chinese", "的"],
    ["half a surrogate pair", "\ud83d"],
    ["a backtick", "`"],
    ["a word", "prove "],
  ])("of a million code units of %s has a score too", (_name, unit) => {
    const score = scoreOf(unit.repeat(Math.ceil(1_000_000 / unit.length)));
    expect(score).toBeGreaterThanOrEqual(0);
    expect(score).toBeLessThanOrEqual(1);
  });

  test("is read at its end too, where the question often stands", () => {
    const paper = "The cup is on the table. ".repeat(2000);
    expect(featureOf("maths", asking(paper))).toBe(0);
    expect(featureOf("maths", asking(`${paper} Prove the theorem.`))).toBeGreaterThan(0);
  });

  test("is not read between its head and its tail, so that a long one costs no more", () => {
    const half = "The cup is on the table. ".repeat(2000);
    expect(featureOf("maths", asking(`${half} Prove the theorem. ${half}`))).toBe(0);
  });

  test("no part is read twice", () => {
    const half = "prove ".repeat(900);
    const parts = [half, half].map((text) => ({ type: "text" as const, text }));
    const split = { ...FAKE_REQUEST, messages: [{ role: "user" as const, content: parts }] };
    expect(featureOf("length", split)).toBeCloseTo(featureOf("length", asking(half + half)), 5);
  });
});

describe("the tables", () => {
  test("the bias alone is the score of nothing", () => {
    expect(estimateComplexity({ ...FAKE_REQUEST, messages: [] })).toBeCloseTo(1 / (1 + Math.exp(-BIAS)), 3);
  });

  test("no word says both that a request is hard and that it is a trifle", () => {
    const wordsIn = (lists: readonly string[]) => lists.flatMap((list) => list.split(/\s+/));
    const hard = new Set(wordsIn([...VOCABULARY.reasoning, ...VOCABULARY.maths, ...VOCABULARY.code]));
    const easy = wordsIn([...VOCABULARY.smalltalk, ...VOCABULARY.lookup]);
    expect(easy.filter((word) => hard.has(word))).toEqual([]);
  });

  test("the documentation has every weight, the bias and the version", () => {
    const page = readFileSync(new URL("../../../docs/complexity.md", import.meta.url), "utf8");
    for (const [feature, weight] of Object.entries(WEIGHTS)) {
      const written = String(weight).replace("-", "−");
      expect(page).toMatch(new RegExp(`^\\| \`${feature}\` \\| ${written} \\|`, "m"));
    }
    expect(page).toContain(`Version ${COMPLEXITY_VERSION}`);
    expect(page).toContain(String(BIAS).replace("-", "−"));
  });
});
