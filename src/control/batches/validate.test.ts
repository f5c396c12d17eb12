import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { FilePart, FileStore } from "../../store/file-store.ts";
import { createMemoryStore } from "../../store/memory/memory-store.ts";
import { MAX_INPUT_LINES, MAX_LINE_BYTES } from "./batch-ports.ts";
import { checkLine } from "./check-line.ts";
import { inputLine } from "./fake-work.ts";
import { readLines } from "./read-lines.ts";
import { validateInput } from "./validate.ts";

const ENDPOINT = "/v1/chat/completions";
const never = new AbortController().signal;

async function filesWith(parts: readonly Uint8Array[]): Promise<FileStore> {
  const { files } = createMemoryStore();
  await files.begin({ id: "in", tenant: "acme", createdAt: 0 });
  for (const [part, bytes] of parts.entries()) await files.append("in", { part, bytes } satisfies FilePart);
  return files;
}

async function validated(text: string) {
  const files = await filesWith([new TextEncoder().encode(text)]);
  return validateInput(files, { inputFileId: "in", endpoint: ENDPOINT }, never);
}

describe("lines", () => {
  test("are the same wherever the file is cut into parts, and blank ones are passed over", async () => {
    const line = fc.oneof(
      fc.constant(""),
      fc.constant(" \t\r"),
      fc.string({ unit: "grapheme", maxLength: 12 }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { maxLength: 8 }),
        fc.integer({ min: 1, max: 9 }),
        async (lines, size) => {
          const texts = lines.map((text) => text.replaceAll("\n", ""));
          const bytes = new TextEncoder().encode(texts.join("\n"));
          const parts = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
            bytes.subarray(i * size, (i + 1) * size),
          );
          const read: [number, string][] = [];
          for await (const { line, bytes } of readLines(await filesWith(parts), "in", 1000)) {
            read.push([
              line,
              new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes ?? new Uint8Array()),
            ]);
          }
          const expected = texts
            .map((text, i): [number, string] => [i + 1, text])
            .filter(([, text]) => /[^ \t\r]/.test(text));
          expect(read).toEqual(expected);
        },
      ),
      { numRuns: 200 },
    );
  });

  test("one that is too long is passed on as such, and the next one is whole", async () => {
    const files = await filesWith([
      new TextEncoder().encode("x".repeat(8)),
      new TextEncoder().encode("x".repeat(8)),
      new TextEncoder().encode("\nshort\n"),
    ]);
    const read = await Array.fromAsync(readLines(files, "in", 15));
    expect(read.map(({ line, bytes }) => [line, bytes && new TextDecoder().decode(bytes)])).toEqual([
      [1, null],
      [2, "short"],
    ]);
  });
});

describe("a line", () => {
  const line = (change: Readonly<Record<string, unknown>>) =>
    JSON.stringify({ custom_id: "a", method: "POST", url: ENDPOINT, body: {}, ...change });
  const deep = `${"[".repeat(70)}${"]".repeat(70)}`;
  const cases: [string, string, string, string | null][] = [
    ["no JSON", "{", "invalid_json_line", null],
    ["no object", "[1]", "invalid_json_line", null],
    ["a number", "7", "invalid_json_line", null],
    ["null", "null", "invalid_json_line", null],
    ["nested without end", line({}).replace('"body":{}', `"body":{"a":${deep}}`), "invalid_json_line", null],
    ["a key that bites", line({}).replace('"body":{}', '"body":{"__proto__":{}}'), "invalid_json_line", null],
    ["no custom_id", line({ custom_id: undefined }), "missing_required_parameter", "custom_id"],
    ["a custom_id that is no text", line({ custom_id: 7 }), "invalid_custom_id", "custom_id"],
    ["an empty custom_id", line({ custom_id: "" }), "invalid_custom_id", "custom_id"],
    ["a custom_id without end", line({ custom_id: "x".repeat(513) }), "invalid_custom_id", "custom_id"],
    ["no method", line({ method: undefined }), "missing_required_parameter", "method"],
    ["another method", line({ method: "GET" }), "invalid_method", "method"],
    ["no url", line({ url: undefined }), "missing_required_parameter", "url"],
    ["another url", line({ url: "/v1/embeddings" }), "url_mismatch", "url"],
    ["no body", line({ body: undefined }), "missing_required_parameter", "body"],
    ["a body that is no object", line({ body: "x" }), "invalid_body", "body"],
    ["a stream", line({ body: { stream: true } }), "stream_not_supported", "body.stream"],
  ];
  test.each(cases)("%s", async (_, text, code, param) => {
    const checked = checkLine(new TextEncoder().encode(text), ENDPOINT);
    expect(checked).toMatchObject({ ok: false, issue: { code, param } });
    const issues = (await validated(`${inputLine("first")}${text}\n`))?.issues;
    expect(issues).toMatchObject([{ code, param, line: 2 }]);
  });

  test("bytes that are no UTF-8", () => {
    expect(checkLine(new Uint8Array([0x7b, 0xff, 0x7d]), ENDPOINT)).toMatchObject({
      issue: { code: "invalid_json_line" },
    });
  });

  test("that is too long", () => {
    expect(checkLine(null, ENDPOINT)).toMatchObject({ issue: { code: "line_too_long" } });
    expect(MAX_LINE_BYTES).toBe(20 * 1024 * 1024);
  });

  test("never quotes what it holds", () => {
    for (const [, text] of cases) {
      const checked = checkLine(new TextEncoder().encode(text.replaceAll("GET", "SECRET")), ENDPOINT);
      expect(checked.ok ? "" : checked.issue.message).not.toContain("SECRET");
    }
  });

  test("with a line end of Windows and a byte order mark is a request", () => {
    const bytes = new TextEncoder().encode(`\ufeff${line({ body: { model: "m" } })}\r`);
    expect(checkLine(bytes, ENDPOINT)).toEqual({
      ok: true,
      request: { customId: "a", body: { model: "m" } },
    });
  });
});

describe("a file", () => {
  test("that fits has its number of requests and the model that all of them name", async () => {
    expect(await validated(`${inputLine("a")}\n  \n${inputLine("b")}`)).toEqual({
      issues: [],
      total: 2,
      model: "support-chat",
    });
    expect((await validated(`${inputLine("a")}${inputLine("b", { model: "other" })}`))?.model).toBeNull();
    expect((await validated(inputLine("a", { model: 7 })))?.model).toBeNull();
  });

  test.each(["", "\n", " \n\r\n"])("of nothing, %j, is empty", async (text) => {
    expect((await validated(text))?.issues).toMatchObject([{ code: "empty_file", line: null }]);
  });

  test("where a custom_id comes twice names the second line", async () => {
    const text = ["a", "b", "a", "b"].map((id) => inputLine(id)).join("");
    expect((await validated(text))?.issues).toMatchObject([
      { code: "duplicate_custom_id", line: 3 },
      { code: "duplicate_custom_id", line: 4 },
    ]);
  });

  test("with very many mistakes names the first hundred", async () => {
    const validation = await validated("{}\n".repeat(1000));
    expect(validation?.issues).toHaveLength(100);
    expect(validation?.total).toBe(100);
  });

  test("with more requests than allowed is refused, with as many as allowed it is not", async () => {
    const lines = Array.from({ length: MAX_INPUT_LINES }, (_, i) => inputLine(`r${i}`)).join("");
    expect(await validated(lines)).toMatchObject({ issues: [], total: MAX_INPUT_LINES });
    expect((await validated(`${lines}${inputLine("one more")}`))?.issues).toMatchObject([
      { code: "too_many_tasks", line: null },
    ]);
  });

  test("is put down when the batch is stopped", async () => {
    const files = await filesWith([new TextEncoder().encode(inputLine("a"))]);
    const batch = { inputFileId: "in", endpoint: ENDPOINT } as const;
    expect(await validateInput(files, batch, AbortSignal.abort())).toBeNull();
  });
});
