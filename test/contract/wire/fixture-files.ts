/** Fixtures by file name, and their pairing with what is expected of them. Owns folders; knows no wire. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { ErrorFixture, Expected, ExpectedError, WireFixtures } from "./wire-contract.ts";

export interface FixtureFolder {
  /** The names that `pattern` captures among the folder's files. */
  named(pattern: RegExp): readonly string[];
  text(file: string): string;
  json(file: string): unknown;
  bytes(file: string): Uint8Array;
}

/** `test/fixtures/<wire>` */
export function fixtureFolder(wire: string): FixtureFolder {
  const folder = join(import.meta.dir, "../../fixtures", wire);
  const files = readdirSync(folder);
  return {
    named: (pattern) => files.flatMap((file) => pattern.exec(file)?.[1] ?? []),
    text: (file) => readFileSync(join(folder, file), "utf8"),
    json: (file) => JSON.parse(readFileSync(join(folder, file), "utf8")),
    bytes: (file) => new Uint8Array(readFileSync(join(folder, file))),
  };
}

/** Pairs each expectation with its fixture; a fixture that nothing expects anything of is a mistake. */
export function paired<Fixture, Wanted, Pair>(
  expected: Readonly<Record<string, Wanted>>,
  names: readonly string[],
  load: (name: string) => Fixture,
  pair: (fixture: Fixture, expected: Wanted) => Pair,
): Record<string, Pair> {
  const unexpected = names.filter((name) => !Object.hasOwn(expected, name));
  if (unexpected.length > 0) throw new Error(`fixtures without an expectation: ${unexpected.join(", ")}`);
  return Object.fromEntries(
    Object.entries(expected).map(([name, wanted]) => [name, pair(load(name), wanted)]),
  );
}

/** What is expected of the fixtures of a folder whose streams are server-sent events. */
export interface SseExpectations {
  readonly streams: Readonly<Record<string, Expected>>;
  readonly answers: Readonly<Record<string, Expected>>;
  readonly errors: Readonly<Record<string, ExpectedError>>;
  readonly requests: readonly string[];
}

export function sseFixtures(
  { named, json, bytes }: FixtureFolder,
  expected: SseExpectations,
): Pick<WireFixtures, "streams" | "answers" | "errors" | "requests"> {
  return {
    streams: paired(
      expected.streams,
      named(/^(.+)\.sse$/),
      (name) => bytes(`${name}.sse`),
      (stream, wanted) => ({ bytes: stream, expected: wanted }),
    ),
    answers: paired(
      expected.answers,
      named(/^(?!error-|request-)(.+)\.json$/),
      (name) => json(`${name}.json`),
      (body, wanted) => ({ body, expected: wanted }),
    ),
    errors: paired(
      expected.errors,
      named(/^error-(.+)\.json$/),
      (name) => json(`error-${name}.json`) as ErrorFixture,
      (fixture, wanted) => ({ fixture, expected: wanted }),
    ),
    requests: paired(
      Object.fromEntries(expected.requests.map((name) => [name, null])),
      named(/^request-(.+)\.json$/),
      (name) => json(`request-${name}.json`) as Record<string, unknown>,
      (body) => ({ body }),
    ),
  };
}
