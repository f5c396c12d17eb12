/** A file of JSON lines, record by record: one line is in memory. Owns the bounds; knows no record. */
import { createReadStream } from "node:fs";

/** Code units of one line: a page of 500 records is far below. */
const MAX_LINE = 16 * 1024 * 1024;

export type JsonLine =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly why: "not_json" | "too_long" };

/** Of a file, or of pieces of text. Rejects with what the file system throws. */
export async function* readJsonLines(source: string | AsyncIterable<string>): AsyncGenerator<JsonLine> {
  const pieces = typeof source === "string" ? createReadStream(source, { encoding: "utf8" }) : source;
  let rest = "";
  let tooLong = false;
  for await (const piece of pieces as AsyncIterable<string>) {
    const lines = (rest + piece).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      if (tooLong) yield { ok: false, why: "too_long" };
      else yield* parseLine(line);
      tooLong = false;
    }
    if (rest.length > MAX_LINE) {
      rest = "";
      tooLong = true;
    }
  }
  if (tooLong) yield { ok: false, why: "too_long" };
  else yield* parseLine(rest);
}

function* parseLine(line: string): Generator<JsonLine> {
  const text = line.startsWith("\uFEFF") ? line.slice(1) : line;
  if (text.trim() === "") return;
  try {
    yield { ok: true, value: JSON.parse(text) };
  } catch {
    yield { ok: false, why: "not_json" };
  }
}
