import { expect, test } from "bun:test";
import { DRILL, prepared } from "./fake-drill.ts";
import { arrivals, createQuestions } from "./plan-load.ts";

test("requests are due evenly, and a surge multiplies them while it lasts", () => {
  const { load } = prepared(
    DRILL.replace("duration: 20s", "duration: 20s, surges: [{ start: 5s, duration: 4s, times: 5 }]"),
  );
  const due = [...arrivals(load)];
  const within = (from: number, to: number) => due.filter((at) => at >= from && at < to).length;
  expect(within(0, 5000)).toBe(50);
  expect(within(5000, 9000)).toBe(200);
  expect(within(9000, 20_000)).toBe(110);
  expect(due.at(-1)).toBeLessThan(20_000);
});

test("a load of so many callers has no arrivals of its own", () => {
  const { load } = prepared(DRILL.replace("rate: 10", "concurrency: 4"));
  expect([...arrivals(load)]).toEqual([]);
  expect(load.concurrency).toBe(4);
});

test("questions follow from the seed, and their shares from the weights", () => {
  const drill = prepared(
    DRILL.replace(
      "use_case: chat",
      "use_cases: { chat: { weight: 1, stream: 0.25, prompts: [a, b, c, d] } }",
    ),
  );
  const questions = createQuestions(drill);
  const asked = Array.from({ length: 2000 }, (_, index) => questions(index));
  const streams = asked.filter(({ stream }) => stream).length / asked.length;
  expect(streams).toBeCloseTo(0.25, 1);
  expect(new Set(asked.map(({ prompt }) => prompt)).size).toBe(4);
  const again = createQuestions(drill);
  expect(asked.map(({ body }) => body)).toEqual(asked.map((_, index) => again(index).body));
  const other = createQuestions({ ...drill, seed: 77 });
  expect(asked.map(({ body }) => body)).not.toEqual(asked.map((_, index) => other(index).body));
});

test("a streamed question says so, and one with a schema asks for it", () => {
  const schema = "{ type: object, properties: {}, required: [] }";
  const drill = prepared(
    DRILL.replace("use_case: chat", `use_cases: { chat: { stream: 1, schema: ${schema} } }`),
  );
  expect(JSON.parse(createQuestions(drill)(0).body)).toMatchObject({
    model: "chat",
    stream: true,
    response_format: { type: "json_schema", json_schema: { schema: { type: "object" } } },
  });
});
