import { expect, test } from "bun:test";
import fc from "fast-check";
import { boundaryOf, createMultipartReader, type MultipartEvent } from "./multipart.ts";

interface Part {
  name: string;
  filename: string | null;
  content: string;
  ended: boolean;
}

/** Feeds `bytes` in pieces of the given sizes, over and over, and joins what comes out. */
function read(bytes: Uint8Array, boundary: string, sizes: readonly number[]) {
  const reader = createMultipartReader(boundary);
  const parts: Part[] = [];
  let fault: string | null = null;
  for (let at = 0, i = 0; at < bytes.length && fault === null; i++) {
    const size = sizes[i % sizes.length] ?? 1;
    const pushed = reader.push(bytes.slice(at, at + size));
    at += size;
    if (pushed.ok) for (const event of pushed.value) take(parts, event);
    else fault = pushed.fault.code;
  }
  return { parts, fault, complete: reader.complete() };
}

function take(parts: Part[], event: MultipartEvent): void {
  const last = parts.at(-1);
  if (event.type === "part") {
    parts.push({ name: event.name, filename: event.filename, content: "", ended: false });
  } else if (event.type === "data" && last) {
    last.content += Buffer.from(event.bytes).toString("latin1");
  } else if (last) last.ended = true;
}

function text(body: string, boundary = "b", sizes: readonly number[] = [1 << 20]) {
  return read(Buffer.from(body, "latin1"), boundary, sizes);
}

test("what a client's FormData holds comes out, wherever the bytes are cut", async () => {
  const value = fc
    .string({ unit: "binary", maxLength: 40 })
    .map((v) => v.replaceAll(/[\r\n]|[\ud800-\udfff]/g, ""));
  await fc.assert(
    fc.asyncProperty(
      value,
      fc.uint8Array({ maxLength: 300 }),
      fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 5 }),
      async (field, content, sizes) => {
        const form = new FormData();
        form.append("purpose", field);
        form.append("file", new File([new Uint8Array(content)], 'a "quoted".jsonl'));
        const request = new Request("http://localhost/", { method: "POST", body: form });
        const boundary = boundaryOf(request.headers.get("content-type")) ?? "";
        const { parts, fault, complete } = read(await request.bytes(), boundary, sizes);
        expect({ fault, complete }).toEqual({ fault: null, complete: true });
        expect(parts).toEqual([
          { name: "purpose", filename: null, content: Buffer.from(field).toString("latin1"), ended: true },
          {
            name: "file",
            filename: 'a "quoted".jsonl',
            content: Buffer.from(content).toString("latin1"),
            ended: true,
          },
        ]);
      },
    ),
    { numRuns: 150 },
  );
});

test("content that looks like the start of a delimiter is content", () => {
  const content = "\r\n--\r\n--boundar\r\n-\r\n\r\n--boundar";
  const body = `--boundary\r\nContent-Disposition: form-data; name="f"\r\n\r\n${content}\r\n--boundary--\r\n`;
  for (const size of [1, 2, 3, 7, 1000]) {
    expect(text(body, "boundary", [size]).parts).toEqual([
      { name: "f", filename: null, content, ended: true },
    ]);
  }
});

test("a preamble, blanks after a delimiter, other headers and an epilogue are passed over", () => {
  const { parts, complete } = text(
    "words\r\n--b \t\r\nContent-Type: text/plain\r\ncontent-disposition: form-data; name=x\r\n\r\n1\r\n--b--\r\nmore\r\n--b\r\n",
  );
  expect(parts).toEqual([{ name: "x", filename: null, content: "1", ended: true }]);
  expect(complete).toBe(true);
});

test("an empty part ends", () => {
  const { parts } = text('--b\r\nContent-Disposition: form-data; name="x"\r\n\r\n\r\n--b--');
  expect(parts).toEqual([{ name: "x", filename: null, content: "", ended: true }]);
});

test("a body that stops early is not complete, and its part has no end", () => {
  const { parts, complete, fault } = text(
    '--b\r\nContent-Disposition: form-data; name="x"\r\n\r\nhalf\r\n--',
  );
  expect({ ended: parts[0]?.ended, complete, fault }).toEqual({ ended: false, complete: false, fault: null });
});

test.each([
  ["a part without a name", "--b\r\nContent-Disposition: form-data\r\n\r\n1\r\n--b--"],
  ["a part that is no form-data", '--b\r\nContent-Disposition: attachment; name="x"\r\n\r\n1\r\n--b--'],
  ["a part without a disposition", "--b\r\nContent-Type: text/plain\r\n\r\n1\r\n--b--"],
  ["a delimiter that no line end follows", "--bb\r\n\r\n"],
  ["headers without an end", `--b\r\n${"x".repeat(10_000)}`],
  ["a delimiter's line full of blanks", `--b${" ".repeat(100)}`],
])("%s is refused", (_, body) => {
  expect(text(body).fault).toBe("invalid_multipart");
});

test.each([
  ['form-data; name="file"; filename="a%22b%0D%0A.jsonl"', 'a"b\r\n.jsonl'],
  ['form-data; name="file"; filename="a\\"b.jsonl"', 'a"b.jsonl'],
  ["form-data; name=file; filename=plain.jsonl", "plain.jsonl"],
  ['form-data; name="file"; filename="x"; filename*=utf-8\'\'%e2%82%ac.jsonl', "€.jsonl"],
  ['form-data; name="file"; filename="x"; filename*=utf-8\'\'%e2%8', "x"],
  ['form-data; name="file"; filename=""', ""],
])("%s names its file", (disposition, filename) => {
  const { parts } = text(`--b\r\nContent-Disposition: ${disposition}\r\n\r\n\r\n--b--`);
  expect(parts).toMatchObject([{ name: "file", filename }]);
});

test.each([
  ["multipart/form-data; boundary=abc", "abc"],
  ['Multipart/Form-Data; charset=utf-8; boundary="a b"', "a b"],
  ["multipart/form-data", null],
  ["multipart/mixed; boundary=abc", null],
  ["application/json", null],
  [`multipart/form-data; boundary="${"x".repeat(71)}"`, null],
  [null, null],
])("the boundary of %p is %p", (contentType, boundary) => {
  expect(boundaryOf(contentType)).toBe(boundary);
});
