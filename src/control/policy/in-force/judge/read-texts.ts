/**
 * The reader's side: texts to a valid document, in parts, with what changes. Owns the work that cannot be cut into
 * steps (YAML, the schema, the digest) and therefore must not be done where requests are served.
 */
import { diffDocuments } from "../../../../policy/diff.ts";
import { digestOf } from "../../../../policy/digest.ts";
import type { PolicyDocument } from "../../../../policy/document/document.ts";
import type { Locate } from "../../../../policy/finding.ts";
import { parsePolicy } from "../../../../policy/reading/load.ts";
import { describeChanges } from "../../history/describe-changes.ts";
import type { DocumentPart, FromReader, ToReader } from "./protocol.ts";

/** Entries of one part. */
const ENTRIES = 64;
/** Documents that are remembered, by their digests: the one in force is compared with the next one. */
const REMEMBERED = 2;

export type TextReader = (question: ToReader) => FromReader;

/** Answers in order; remembers the places of the texts that were read last. */
export function createTextReader(): TextReader {
  const remembered = new Map<string, PolicyDocument>();
  let locate: Locate | null = null;

  const remember = (name: string, document: PolicyDocument): void => {
    remembered.delete(name);
    remembered.set(name, document);
    for (const oldest of remembered.keys()) {
      if (remembered.size <= REMEMBERED) break;
      remembered.delete(oldest);
    }
  };

  return (question) => {
    if (question.type === "locate") {
      const find = locate ?? (() => ({ file: "", line: 1, column: 1 }));
      return {
        type: "located",
        positions: question.places.map(({ path, options }) => find(path, options)),
      };
    }
    const { before: asked } = question;
    const before = typeof asked === "string" ? remembered.get(asked) : asked && parsePolicy(asked).document;
    if (before === undefined) return { type: "unknown_before" };
    const parsed = parsePolicy(question.sources);
    locate = parsed.locate;
    const { document, findings } = parsed;
    if (!document) return { type: "invalid", findings };
    const digest = digestOf(document);
    if (typeof asked === "string" && before) remember(asked, before);
    remember(digest, document);
    const paths = before ? diffDocuments(before, document) : [];
    const changes = describeChanges(paths, before, document);
    return { type: "read", parts: partsOf(document), digest, findings, paths, changes };
  };
}

export function partsOf(document: PolicyDocument): readonly DocumentPart[] {
  return Object.entries(document).flatMap(([key, value]: [string, unknown]) => {
    if (value === undefined) return [];
    if (Array.isArray(value) && value.length > ENTRIES) {
      return slices(value).map((slice): DocumentPart => ({ key, kind: "list", json: JSON.stringify(slice) }));
    }
    const entries = typeof value === "object" && value !== null ? Object.entries(value) : [];
    if (!Array.isArray(value) && entries.length > ENTRIES) {
      return slices(entries).map(
        (slice): DocumentPart => ({ key, kind: "map", json: JSON.stringify(Object.fromEntries(slice)) }),
      );
    }
    return [{ key, kind: "whole" as const, json: JSON.stringify(value) }];
  });
}

function slices<T>(items: readonly T[]): readonly (readonly T[])[] {
  const found: (readonly T[])[] = [];
  for (let i = 0; i < items.length; i += ENTRIES) found.push(items.slice(i, i + ENTRIES));
  return found;
}
