import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { ModelRequest } from "../../core/request.ts";
import { FAKE_REQUEST } from "../fake-policy.ts";
import { detectLanguage, LANGUAGES, languageOf, UNDETERMINED } from "./language.ts";

const SENTENCES: Readonly<Record<string, readonly string[]>> = {
  en: [
    "Where is my parcel?",
    "Hello",
    "Write a short poem about the sea.",
    "My invoice is wrong, can you check it?",
  ],
  de: [
    "Wo ist mein Paket?",
    "Hallo, wie geht es dir?",
    "Schreibe ein kurzes Gedicht über das Meer.",
    "Ich möchte kündigen",
  ],
  fr: ["Où est mon colis ?", "Bonjour", "Écris un court poème sur la mer.", "Ma facture est fausse."],
  es: [
    "¿Dónde está mi paquete?",
    "Hola, ¿qué tal?",
    "Escribe un poema corto sobre el mar.",
    "Quiero cancelar mi suscripción",
  ],
  it: [
    "Dov'è il mio pacco?",
    "Ciao, come stai?",
    "Scrivi una breve poesia sul mare.",
    "Vorrei disdire l'abbonamento",
  ],
  pt: [
    "Onde está a minha encomenda?",
    "Olá, tudo bem?",
    "Escreva um poema curto sobre o mar.",
    "A minha fatura não está correta.",
  ],
  nl: [
    "Waar is mijn pakket?",
    "Hallo, hoe gaat het?",
    "Schrijf een kort gedicht over de zee.",
    "Mijn factuur klopt niet.",
  ],
  pl: [
    "Gdzie jest moja paczka?",
    "Cześć, jak się masz?",
    "Napisz krótki wiersz o morzu.",
    "Chcę anulować subskrypcję",
  ],
  sv: ["Var är mitt paket?", "Hej, hur mår du?", "Skriv en kort dikt om havet.", "Min faktura stämmer inte."],
  tr: [
    "Paketim nerede?",
    "Merhaba, nasılsın?",
    "Deniz hakkında kısa bir şiir yaz.",
    "Aboneliğimi iptal etmek istiyorum",
  ],
  ru: [
    "Где моя посылка?",
    "Привет, как дела?",
    "Напиши короткое стихотворение о море.",
    "В моём счёте ошибка.",
  ],
  uk: ["Де моя посилка?", "Привіт, як справи?", "Напиши короткий вірш про море.", "У моєму рахунку помилка."],
  ar: ["أين طردي؟", "مرحبا كيف حالك؟", "اكتب قصيدة قصيرة عن البحر."],
  he: ["איפה החבילה שלי?", "שלום", "כתוב שיר קצר על הים."],
  hi: ["मेरा पार्सल कहाँ है?", "नमस्ते", "समुद्र पर एक छोटी कविता लिखो।"],
  zh: ["我的包裹在哪里？", "你好", "写一首关于大海的短诗。", "請幫我翻譯這段文字。"],
  ja: ["私の荷物はどこですか？", "こんにちは", "海についての短い詩を書いて。"],
  ko: ["제 소포는 어디에 있나요?", "안녕하세요", "바다에 대한 짧은 시를 써 줘."],
  da: ["Hvad hedder hovedstaden?", "Jeg vil gerne opsige mit abonnement"],
  no: ["Hva heter hovedstaden?", "Jeg har ikke fått pakken ennå"],
  fi: ["Missä pakettini on?", "Kirjoita lyhyt runo merestä."],
  cs: ["Kde je můj balíček?", "Napiš krátkou báseň o moři."],
  ro: ["Unde este coletul meu?", "Scrie o poezie scurtă despre mare."],
  hu: ["Hol van a csomagom?", "Írj egy rövid verset a tengerről."],
  id: ["Di mana paket saya?", "Tolong tulis puisi pendek tentang laut."],
  vi: ["Gói hàng của tôi ở đâu?", "Hãy viết một bài thơ ngắn về biển."],
  bg: ["Къде е моята пратка?"],
  sr: ["Где је мој пакет?"],
  el: ["Πού είναι το δέμα μου;"],
  th: ["พัสดุของฉันอยู่ที่ไหน"],
  fa: ["لطفا یک شعر کوتاه بنویس"],
  ur: ["میرا پارسل کہاں ہے؟"],
  mr: ["माझे पार्सल कुठे आहे?"],
};

describe("short sentences", () => {
  test("there are some for every language that can be guessed", () => {
    expect(Object.keys(SENTENCES).toSorted()).toEqual([...LANGUAGES].toSorted());
  });

  for (const [language, sentences] of Object.entries(SENTENCES)) {
    test.each(sentences.map((sentence) => [sentence]))(`${language}: %s`, (sentence) => {
      expect(detectLanguage(sentence)).toBe(language);
      expect(detectLanguage(sentence.toUpperCase())).toBe(language);
    });
  }

  test.each([
    ["nothing", ""],
    ["digits", "12345"],
    ["a program", "x = y[0]; z()"],
    ["an address", "https://example.com/a/the/and"],
    ["faces", "😀😀"],
    ["no words", "xyzzy plugh"],
    ["what two languages share", "Hvor er min pakke?"],
  ])("%s tells nothing", (_name, text) => expect(detectLanguage(text)).toBe(UNDETERMINED));
});

describe("a request", () => {
  const asking = (...texts: readonly string[]): ModelRequest => ({
    ...FAKE_REQUEST,
    messages: texts.map((text, i) => ({
      role: i % 2 === 0 ? "user" : "assistant",
      content: [{ type: "text", text }],
    })),
  });

  test("is in the language of its last message that tells one", () => {
    expect(languageOf(asking("Where is my parcel?", "Here.", "Und wo ist die Rechnung?"))).toBe("de");
    expect(languageOf(asking("Wo ist mein Paket?", "Here it is, with the invoice.", "ok"))).toBe("de");
    expect(languageOf(asking("ok"))).toBe(UNDETERMINED);
    expect(languageOf({ ...FAKE_REQUEST, messages: [] })).toBe(UNDETERMINED);
  });

  test("for vectors is in the language of its first text", () => {
    const embedding = { inputs: [[1, 2], "Wo ist mein Paket?"] };
    expect(languageOf({ ...FAKE_REQUEST, operation: "embed", messages: [], embedding })).toBe("de");
  });
});

test("any text has one of the languages, or none", () => {
  const known = new Set([...LANGUAGES, UNDETERMINED]);
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 3000 }), (text) => {
      expect(known.has(detectLanguage(text))).toBe(true);
    }),
  );
  expect(detectLanguage("é".repeat(1_000_000))).toBe(UNDETERMINED);
  expect(detectLanguage("\ud83d".repeat(1_000_000))).toBe(UNDETERMINED);
});
