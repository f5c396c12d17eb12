/** Keys of a document as the gateway knows them. Owns what makes two of them the same, and what is missing. */

import type { KeySpec, NamedKey } from "../../core/keys.ts";
import type { Steps } from "../../core/steps.ts";
import type { PolicyDocument } from "../document/document.ts";
import type { Path, Report } from "../finding.ts";
import { type CredentialPorts, readSecret } from "./credentials.ts";
import { aliasHint } from "./routes.ts";

export interface KeyPorts extends CredentialPorts {
  /** Lower-case hexadecimal SHA-256 of the key in an environment variable; null when it is not set. */
  keyHash(env: string): string | null;
}

type WrittenKey = PolicyDocument["keys"][number];

interface Checks {
  readonly document: PolicyDocument;
  readonly ports: KeyPorts;
  readonly report: Report;
  /** What must not occur twice, and the key that had it first. */
  readonly ids: Map<string, string>;
  readonly values: Map<string, string>;
  readonly accessKeyIds: Map<string, string>;
}

interface CompiledKeys {
  readonly keys: readonly KeySpec[];
  readonly absentKeys: readonly NamedKey[];
}

/** A key whose value is missing admits nobody and is told apart, with a warning. */
export function* compileKeys(document: PolicyDocument, ports: KeyPorts, report: Report): Steps<CompiledKeys> {
  const checks: Checks = {
    document,
    ports,
    report,
    ids: new Map(),
    values: new Map(),
    accessKeyIds: new Map(),
  };
  const keys: KeySpec[] = [];
  const absentKeys: NamedKey[] = [];
  for (const [index, written] of document.keys.entries()) {
    yield;
    const key = compileKey(written, ["keys", index], checks);
    if ("sha256" in key) keys.push(key);
    else absentKeys.push(key);
  }
  return { keys, absentKeys };
}

function compileKey(written: WrittenKey, path: Path, checks: Checks): KeySpec | NamedKey {
  const { report, ports } = checks;
  if (claim(checks.ids, written.id, written.id) !== null) {
    const message = `Another key is called "${written.id}".`;
    report.error("duplicate_key_id", [...path, "id"], message, "Rename one.");
  }
  checkNames(written, path, checks);
  const { id, tenant, tier, role, use_cases: useCases = null } = written;
  const named: NamedKey = { id, tenant, tier, role, useCases };
  const sha256 = written.sha256 ?? (written.env === undefined ? null : ports.keyHash(written.env));
  if (sha256 === null) {
    const message = `The key "${written.id}" is not set (environment variable ${written.env}): it admits nobody.`;
    report.warning("missing_key_value", [...path, "env"], message, `Set ${written.env} before starting.`);
    return named;
  }
  const twin = claim(checks.values, sha256, written.id);
  if (twin !== null) {
    const message = `The keys "${twin}" and "${written.id}" are the same key.`;
    report.error("duplicate_key_value", path, message, "Give each caller a key of its own.");
  }
  return { ...named, sha256, aws: compileAws(written, path, checks) };
}

/** Without its secret the key still serves, but nobody can sign with it. */
function compileAws(
  { id, aws }: WrittenKey,
  path: Path,
  { ports, report, accessKeyIds }: Checks,
): KeySpec["aws"] {
  if (aws === undefined) return null;
  const { access_key_id: accessKeyId, secret: source } = aws;
  const twin = claim(accessKeyIds, accessKeyId, id);
  if (twin !== null) {
    const message = `The keys "${twin}" and "${id}" have the same access key id.`;
    report.error("duplicate_access_key_id", [...path, "aws", "access_key_id"], message, "Change one.");
  }
  const secret = readSecret(source, ports);
  if (secret !== null) return { accessKeyId, secret };
  const where = source.env === undefined ? `file ${source.file}` : `environment variable ${source.env}`;
  const message = `The secret access key of the key "${id}" is missing (${where}): nobody can sign with it.`;
  const fix =
    source.env === undefined ? `Create the file ${source.file}.` : `Set ${source.env} before starting.`;
  report.warning("missing_key_value", [...path, "aws", "secret"], message, fix);
  return null;
}

function checkNames(written: WrittenKey, path: Path, { document, report }: Checks): void {
  for (const [position, name] of (written.use_cases ?? []).entries()) {
    if (Object.hasOwn(document.use_cases, name)) continue;
    const known = Object.keys(document.use_cases);
    const fix = aliasHint(name, document) ?? report.suggest(name, known, "Add it under use_cases.");
    const message = `There is no use case "${name}".`;
    report.error("unknown_use_case", [...path, "use_cases", position], message, fix);
  }
  const tiers = Object.keys(document.limits.tiers);
  if (tiers.length > 0 && !tiers.includes(written.tier)) {
    const message = `The tier "${written.tier}" of the key "${written.id}" has no limits.`;
    const fix = `Add limits.tiers.${written.tier}, or give the key one of: ${tiers.join(", ")}.`;
    report.warning("unlimited_tier", [...path, "tier"], message, fix);
  }
}

/** The key that has `value` already; otherwise `owner` has it from now on. */
function claim(taken: Map<string, string>, value: string, owner: string): string | null {
  const twin = taken.get(value);
  if (twin === undefined) taken.set(value, owner);
  return twin ?? null;
}
