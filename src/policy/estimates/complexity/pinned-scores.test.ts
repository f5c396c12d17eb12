/** What one version of the estimate says: thresholds in policies rest on it. A change here wants a new version. */
import { expect, test } from "bun:test";
import { FAKE_REQUEST } from "../../fake-policy.ts";
import { COMPLEXITY_VERSION, estimateComplexity } from "../complexity.ts";

const PINNED_VERSION = 2;

const PINNED: readonly (readonly [text: string, score: number])[] = [
  ["", 0.0522],
  ["Thanks a lot, bye!", 0.0198],
  ["Translate 'cup' into Polish.", 0.0382],
  ["Explain why the sky is blue.", 0.2469],
  ["A train of 12 cars carries 2,000 passengers at 3.5 euros each. How much is that in 10 days?", 0.4444],
  ["Solve x^2 + 4x = 12 and give both roots.", 0.449],
  ["1. Open it\n2) close it\n- then mend it, in at most 300 words", 0.4478],
  ["```ts\nconst a = (b ?? [])[0];\n```\nWhat does `a` hold?", 0.2819],
  ["Ein Gutachten über Haftungsrecht: begründe es ausführlich auf 12 Seiten.", 0.8162],
  ["İstanbul'da hava nasıl? ÉTUDE Straße naïve", 0.1037],
  ["请写一篇2000字的论文，比较三种方法。", 0.8408],
  ["気候政策について分析してください。ไทย", 0.3254],
  ["اكتب تقريرا من ١٢ صفحة مع تحليل النتائج", 0.5829],
  ["extraordinarily incomprehensible characterisations ".repeat(400), 0.9478],
];

test.each(PINNED)("%p", (text, score) => {
  const content = [{ type: "text" as const, text }];
  expect(COMPLEXITY_VERSION).toBe(PINNED_VERSION);
  expect(estimateComplexity({ ...FAKE_REQUEST, messages: [{ role: "user", content }] })).toBe(score);
});
