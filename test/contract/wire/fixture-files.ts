/** Fixtures by file name, and their pairing with what is expected of them. Owns folders; knows no wire. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

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
