/** Turns where a secret is kept into a `Credential`. Owns reading the environment's secrets and files. */
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import type { Credential } from "../core/deployment.ts";
import { Secret } from "../core/secret.ts";

/** Where a policy says a secret is. The value itself is never in a policy. */
export interface CredentialSource {
  readonly env?: string | undefined;
  readonly file?: string | undefined;
  /** The header that carries it; absent: `Authorization: Bearer …`. */
  readonly header?: string | undefined;
}

/**
 * Reads the secret once, at activation; one of a file says where it was. An absent or empty one becomes `missing` with
 * where it was sought.
 */
export function resolveCredential(
  { env, file, header }: CredentialSource,
  environment: Readonly<Record<string, string | undefined>>,
): Credential {
  const secret = secretOf(env !== undefined ? environment[env] : textOf(file));
  if (secret === null) {
    return { type: "missing", where: env !== undefined ? `environment variable ${env}` : `file ${file}` };
  }
  const known = { secret, ...(env === undefined && file !== undefined && { file }) };
  return header ? { type: "header", header, ...known } : { type: "bearer", ...known };
}

/** The secret that stands in the file now; null where there is none. */
export async function readSecretFile(path: string): Promise<Secret | null> {
  try {
    return secretOf(await readFile(path, "utf8"));
  } catch {
    return null;
  }
}

function secretOf(found: string | undefined): Secret | null {
  const value = found?.trim();
  return value ? new Secret(value) : null;
}

function textOf(path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
