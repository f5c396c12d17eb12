/** Turns where a secret is kept into a `Credential`. Owns reading the environment's secrets and files. */
import { readFileSync } from "node:fs";
import type { Credential } from "../core/deployment.ts";
import { Secret } from "../core/secret.ts";

/** Where a policy says a secret is. The value itself is never in a policy. */
export interface CredentialSource {
  readonly env?: string | undefined;
  readonly file?: string | undefined;
  /** The header that carries it; absent: `Authorization: Bearer …`. */
  readonly header?: string | undefined;
}

/** Reads the secret once, at activation. An absent or empty one becomes `missing` with where it was sought. */
export function resolveCredential(
  source: CredentialSource | null,
  environment: Readonly<Record<string, string | undefined>>,
): Credential {
  if (!source) return { type: "none" };
  const found = source.env !== undefined ? environment[source.env] : readSecretFile(source.file);
  const value = found?.trim();
  if (!value) {
    return {
      type: "missing",
      where: source.env !== undefined ? `environment variable ${source.env}` : `file ${source.file}`,
    };
  }
  const secret = new Secret(value);
  return source.header ? { type: "header", header: source.header, secret } : { type: "bearer", secret };
}

function readSecretFile(path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
