import { describe, expect, test } from "bun:test";
import {
  AS_JSON,
  ask,
  type Chat,
  contentOf,
  faulted,
  follow,
  framesOf,
  start,
  turns,
  until,
} from "./fake-client.ts";
import type { FaultInput } from "./fault-list.ts";
import { CUT_AFTER_MS } from "./playback.ts";

describe("faults that are an answer", () => {
  test.each<[FaultInput["fault"], number, string | null, string | null]>([
    [{ status: 503 }, 503, null, null],
    [{ status: 529, code: "overloaded_error" }, 529, "overloaded_error", null],
    [{ status: 429, retry_after: 7 }, 429, null, "7"],
    [{ status: 503, retry_after: 2, retry_after_date: true }, 503, null, "Tue, 14 Nov 2023 22:13:22 GMT"],
    ["throttle", 429, "rate_limit_exceeded", "1"],
    [{ throttle: "5s" }, 429, "rate_limit_exceeded", "5"],
    ["context_overflow", 400, "context_length_exceeded", null],
    ["content_filter", 400, "content_filter", null],
    [{ error_in_stream_after_tokens: 2 }, 500, "server_error", null],
  ])("%j", async (fault, status, code, retryAfter) => {
    const { answer } = await faulted(fault);
    const response = await answer;
    expect(response.status).toBe(status);
    expect(response.headers.get("retry-after")).toBe(retryAfter);
    expect(response.headers.get("x-pointsman-simulated")).toBe("true");
    expect(await response.json()).toMatchObject({
      error: { code, message: expect.any(String) },
      simulated: true,
    });
  });
});

describe("faults of the connection", () => {
  test("reset", async () => {
    const { answer } = await faulted("reset");
    await expect(answer).rejects.toMatchObject({ code: "ECONNRESET" });
  });

  test.each([true, false])("hang: nothing comes, and leaving frees it (stream %p)", async (stream) => {
    const { simulator, answer, leave } = await faulted("hang", { stream });
    await until(() => simulator.stats().atlas?.faults.hang === 1);
    expect(await Promise.race([answer, turns(50)])).toBe("nothing");
    expect(simulator.stats().atlas?.active).toBe(1);
    leave();
    await expect(answer).rejects.toThrow();
    await until(() => simulator.stats().atlas?.cancelled === 1);
    expect(simulator.stats().atlas?.active).toBe(0);
  });

  test("stall_after_tokens: so many tokens, then silence", async () => {
    const { answer } = await faulted({ stall_after_tokens: 3 }, { stream: true });
    const reader = (await answer).body?.getReader();
    const first = await reader?.read();
    expect(contentOf(framesOf(new TextDecoder().decode(first?.value)))).toHaveLength(3);
    expect(await Promise.race([reader?.read(), turns(50)])).toBe("nothing");
  });

  test("stall_after_tokens without a stream: headers, then silence", async () => {
    const { answer } = await faulted({ stall_after_tokens: 3 });
    const response = await answer;
    expect(response.status).toBe(200);
    expect(await Promise.race([response.text(), turns(50)])).toBe("nothing");
  });

  test.each([0, 1, 4])("cut_after_tokens: %p of a stream, then the connection breaks", async (count) => {
    const { answer, clock } = await faulted({ cut_after_tokens: count }, { stream: true });
    const arrival = follow(await answer);
    await until(() => arrival.text.includes('"role"') && contentOf(framesOf(arrival.text)).length === count);
    await clock.advance(CUT_AFTER_MS);
    await until(() => arrival.state === "broken");
    expect(contentOf(framesOf(arrival.text))).toHaveLength(count);
    expect(arrival.text).not.toContain("[DONE]");
  });

  test("cut_after_tokens without a stream: part of the body", async () => {
    const { answer, clock } = await faulted({ cut_after_tokens: 3 });
    const arrival = follow(await answer);
    await until(() => arrival.text !== "");
    await clock.advance(CUT_AFTER_MS);
    await until(() => arrival.state === "broken");
    expect(() => JSON.parse(arrival.text)).toThrow();
  });
});

describe("faults of the content", () => {
  test("malformed_chunk_at: a chunk that is not JSON before that token", async () => {
    const { answer } = await faulted({ malformed_chunk_at: 2 }, { stream: true });
    const frames = framesOf(await (await answer).text());
    const bad = frames.findIndex((frame) => frame !== "[DONE]" && !frame.endsWith("}"));
    expect(contentOf(frames.slice(0, bad))).toHaveLength(2);
    expect(frames.at(-1)).toBe("[DONE]");
  });

  test("error_in_stream_after_tokens: an error object, and no end mark", async () => {
    const { answer } = await faulted({ error_in_stream_after_tokens: 2 }, { stream: true });
    const frames = framesOf(await (await answer).text());
    expect(contentOf(frames)).toHaveLength(2);
    expect(JSON.parse(frames.at(-1) ?? "")).toMatchObject({ error: { code: "server_error" } });
  });

  test("missing_done: everything but [DONE]", async () => {
    const { answer } = await faulted("missing_done", { stream: true });
    const text = await (await answer).text();
    expect(JSON.parse(framesOf(text).at(-1) ?? "").choices[0].finish_reason).toBe("stop");
  });

  test("empty_answer: an end without content", async () => {
    const { answer } = await faulted("empty_answer", { stream: true });
    const frames = framesOf(await (await answer).text());
    expect(contentOf(frames)).toEqual([]);
    expect(frames.at(-1)).toBe("[DONE]");
    const whole = await faulted("empty_answer");
    const body = (await (await whole.answer).json()) as Chat;
    expect(body.choices[0]?.message.content ?? "").toBe("");
  });

  test.each([{}, { response_format: { type: "json_object" } }, { stream: true }])(
    "invalid_json for %j",
    async (body) => {
      const { answer } = await faulted("invalid_json", body);
      const text = await (await answer).text();
      if ("response_format" in body) {
        const content = (JSON.parse(text) as Chat).choices[0]?.message.content ?? "";
        expect(() => JSON.parse(content)).toThrow();
      } else if ("stream" in body) {
        expect(framesOf(text)[1]).toStartWith("<html>");
      } else {
        expect(() => JSON.parse(text)).toThrow();
      }
    },
  );

  test("malformed_chunk_at without a stream: half a body with its stated length", async () => {
    const { answer } = await faulted({ malformed_chunk_at: 2 });
    const text = await (await answer).text();
    expect(() => JSON.parse(text)).toThrow();
  });

  test("schema_violation: JSON, but not the schema's", async () => {
    const sound = await start();
    const right = (await (await ask(sound.simulator, { response_format: AS_JSON }).answer).json()) as Chat;
    expect(JSON.parse(right.choices[0]?.message.content ?? "")).toEqual({ city: "Paris" });
    const { answer } = await faulted("schema_violation", { response_format: AS_JSON });
    const wrong = (await (await answer).json()) as Chat;
    expect(typeof JSON.parse(wrong.choices[0]?.message.content ?? "").city).toBe("undefined");
  });

  test("content_filter_finish", async () => {
    const { answer } = await faulted("content_filter_finish");
    expect(((await (await answer).json()) as Chat).choices[0]?.finish_reason).toBe("content_filter");
  });
});
