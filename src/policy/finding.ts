/** What validation says about a policy, and where. Owns findings and their places; knows no rule. */

import { choices, suggestion } from "./suggest.ts";

type Severity = "error" | "warning";

/** Keys and list indexes from the document's root. */
export type Path = readonly (string | number)[];

/** 1-based, as editors count. */
export interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export interface LocateOptions {
  /** The place of the key itself, not of its value. */
  readonly key?: boolean;
  /** Characters into the scalar's text. */
  readonly offset?: number;
}

/** `hiddenKey`: a key under the path that has the place, and must not be named. */
interface ReportOptions extends LocateOptions {
  readonly hiddenKey?: string;
}

/** The place of a value of the merged document: in the overlay when the value came from it. */
export type Locate = (path: Path, options?: LocateOptions) => Position;

export interface Finding extends Position {
  readonly severity: Severity;
  /** Stable and machine-readable. */
  readonly code: string;
  /** What is wrong. Never repeats a value that looks like a secret. */
  readonly message: string;
  /** What to do about it. */
  readonly fix: string;
  /** Dotted: `use_cases.support-chat.ladder.fallback[0]`. */
  readonly path: string;
}

/** Collects findings of one document. */
export interface Report {
  readonly findings: readonly Finding[];
  error(code: string, path: Path, message: string, fix: string, at?: ReportOptions): void;
  warning(code: string, path: Path, message: string, fix: string, at?: ReportOptions): void;
  readonly failed: boolean;
  /** As `suggestion`; after the first ones of a report no near name is looked for in long lists any more. */
  suggest(name: string, known: readonly string[], otherwise: string): string;
}

/** Names compared for the suggestions of one report: about a third of a second. */
const MAX_COMPARED = 1_000_000;

export function createReport(locate: Locate): Report {
  const findings: Finding[] = [];
  let failed = false;
  let compared = 0;
  const add = (severity: Severity, code: string, path: Path, text: [string, string], at?: ReportOptions) => {
    const place = at?.hiddenKey === undefined ? path : [...path, at.hiddenKey];
    findings.push({
      severity,
      code,
      message: text[0],
      fix: text[1],
      ...locate(place, at),
      path: formatPath(path),
    });
  };
  return {
    findings,
    error(code, path, message, fix, at) {
      failed = true;
      add("error", code, path, [message, fix], at);
    },
    warning(code, path, message, fix, at) {
      add("warning", code, path, [message, fix], at);
    },
    get failed() {
      return failed;
    },
    suggest(name, known, otherwise) {
      compared += known.length;
      return compared > MAX_COMPARED ? choices(known, otherwise) : suggestion(name, known, otherwise);
    },
  };
}

export function formatPath(path: Path): string {
  let text = "";
  for (const segment of path) {
    if (typeof segment === "number") text += `[${segment}]`;
    else text += text === "" ? segment : `.${segment}`;
  }
  return text;
}

/** By place, file after file in the order in which they first occur. */
export function inOrder(findings: readonly Finding[]): readonly Finding[] {
  const files = [...new Set(findings.map((finding) => finding.file))];
  return findings.toSorted(
    (a, b) => files.indexOf(a.file) - files.indexOf(b.file) || a.line - b.line || a.column - b.column,
  );
}
