/**
 * Large texts judged without holding up requests: another process reads them, and this one compiles what it
 * read, a slice at a time. Owns the order; what is judged is decided where small texts are.
 */
import { type Pauses, runInSlices, type Steps } from "../../../../core/steps.ts";
import { type CompilePorts, compileSteps } from "../../../../policy/compile/compile.ts";
import type { PolicyDocument } from "../../../../policy/document/document.ts";
import { createReport, type Finding, inOrder, type Locate } from "../../../../policy/finding.ts";
import { policyTestSteps } from "../../../../policy/policy-tests/policy-tests.ts";
import { type PolicyText, parsePolicy } from "../../../../policy/reading/load.ts";
import { type Judged, judgeHere } from "../judge-here.ts";
import type { DocumentPart, FromReader, Place, ToReader } from "./protocol.ts";

/** The other process as this one sees it. Rejects where it died; it answers in the order of the questions. */
export interface JudgeReader {
  ask(question: ToReader): Promise<FromReader>;
}

export interface JudgePorts {
  readonly reader: JudgeReader;
  readonly pauses: Pauses;
  /** Told when the reader failed and the texts were judged here. */
  onFailed(thrown: unknown): void;
}

export interface JudgeQuestion {
  readonly sources: readonly PolicyText[];
  /** The texts in force, as they were compiled; null: none. */
  readonly before: { readonly texts: readonly PolicyText[]; readonly document: PolicyDocument } | null;
  readonly ports: CompilePorts;
  /** Whether the policy's own tests decide, too. */
  readonly tested: boolean;
}

/** One at a time: a place is asked for in the texts that were read last. Never rejects. */
export function createJudge({
  reader,
  pauses,
  onFailed,
}: JudgePorts): (question: JudgeQuestion) => Promise<Judged> {
  const digests: Digests = new WeakMap();
  let last: Promise<unknown> = Promise.resolve();
  return (question) => {
    const judged = last
      .then(() => judge(question, { reader, pauses, digests }))
      .catch((thrown: unknown) => {
        onFailed(thrown);
        return judgeHere(question);
      });
    last = judged;
    return judged;
  };
}

/** Of documents that the reader has read: sending half a megabyte of text again would cost a millisecond. */
type Digests = WeakMap<PolicyDocument, string>;

interface Parts extends Pick<JudgePorts, "reader" | "pauses"> {
  readonly digests: Digests;
}

async function judge(question: JudgeQuestion, { reader, pauses, digests }: Parts): Promise<Judged> {
  const { sources, before, ports, tested } = question;
  const digestBefore = before && digests.get(before.document);
  let read = await reader.ask({ type: "read", sources, before: digestBefore ?? before?.texts ?? null });
  if (read.type === "unknown_before") {
    read = await reader.ask({ type: "read", sources, before: before?.texts ?? null });
  }
  if (read.type === "invalid") return { built: null, findings: read.findings };
  if (read.type !== "read") throw new Error(read.type === "failed" ? read.message : "It gave no document.");
  const validatedAt = pauses.now();
  const places = new Places();
  const { digest, parts, paths, changes } = read;
  const document = await runInSlices(assemble(parts), pauses);
  digests.set(document, digest);
  const compiled = await runInSlices(compileSteps(document, places.locate, ports, { digest }), pauses);
  const { snapshot } = compiled;
  const broken: Finding[] = [];
  if (snapshot && tested) {
    const report = createReport(places.locate);
    const { failed } = await runInSlices(policyTestSteps(document, snapshot, report), pauses);
    if (failed.length > 0) broken.push(...report.findings);
  }
  const found = await places.settle([...compiled.findings, ...broken], reader, sources);
  const findings = [...read.findings, ...inOrder(found)];
  if (!snapshot || broken.length > 0) return { built: null, findings };
  return { built: { snapshot, document, paths, changes }, findings, validatedAt };
}

function* assemble(parts: readonly DocumentPart[]): Steps<PolicyDocument> {
  const document: Record<string, unknown> = {};
  for (const { key, kind, json } of parts) {
    const value: unknown = JSON.parse(json);
    if (kind === "whole") document[key] = value;
    else if (kind === "map") document[key] = Object.assign(document[key] ?? {}, value);
    else {
      document[key] ??= [];
      (document[key] as unknown[]).push(...(value as readonly unknown[]));
    }
    yield;
  }
  // It was checked against the schema where it was read.
  return document as unknown as PolicyDocument;
}

/** Places are with the texts, with the reader: findings get theirs when all are known. */
class Places {
  readonly #asked: Place[] = [];

  readonly locate: Locate = (path, options) => {
    this.#asked.push({ path, options });
    return { file: "", line: this.#asked.length - 1, column: 0 };
  };

  async settle(
    findings: readonly Finding[],
    reader: JudgeReader,
    sources: readonly PolicyText[],
  ): Promise<readonly Finding[]> {
    if (findings.length === 0) return findings;
    const answer = await reader.ask({ type: "locate", places: this.#asked });
    const positions =
      answer.type === "located" ? answer.positions : this.#locateHere(parsePolicy(sources).locate);
    return findings.map((finding) => ({ ...finding, ...positions[finding.line] }));
  }

  #locateHere(locate: Locate) {
    return this.#asked.map(({ path, options }) => locate(path, options));
  }
}
