/**
 * Parameter Store: one parameter, or all right under a path. Owns the questions; the client is loaded with
 * the first one. SecureStrings come decrypted.
 */
import type { SSMClient } from "@aws-sdk/client-ssm";
import { awsErrorName } from "../../../core/thrown.ts";
import type { PolicyText } from "../../../policy/reading/load.ts";
import { awsFailure, orAborted } from "./aws-problem.ts";
import { settledSource } from "./settled.ts";
import { type Fetched, failedFetch, type PolicySource } from "./source.ts";

/** Several parameters are written one after the other: this soon a change is looked at again. */
const SETTLE_MS = 2_000;

/**
 * `/name` in environment `prod` is overlaid by the parameter `/name.prod`; the parts under `/path/` by those
 * under `/path/prod/`. Parts are laid over each other in the order of their names.
 */
export function ssmSource(name: string, environment: string | null): PolicySource {
  let client: SSMClient | null = null;
  const byPath = name.endsWith("/");
  const overlay = environment === null ? null : byPath ? `${name}${environment}/` : `${name}.${environment}`;
  const source: PolicySource = {
    kind: "ssm",
    address: `ssm:${name}`,
    async fetch(signal): Promise<Fetched> {
      try {
        client ??= await createClient();
        const read = byPath ? readPath : readOne;
        const base = await read(client, name, signal);
        if (base.texts.length === 0) {
          return failedFetch(
            byPath ? "There is no parameter under the path." : "There is no such parameter.",
          );
        }
        const over = overlay === null ? null : await read(client, overlay, signal);
        const texts = [...base.texts, ...(over?.texts ?? [])];
        return { result: "texts", texts, revision: base.version };
      } catch (thrown) {
        const action = byPath ? "ssm:GetParametersByPath" : "ssm:GetParameter";
        return awsFailure(thrown, "Parameter Store", action);
      }
    },
  };
  return byPath ? settledSource(source, SETTLE_MS) : source;
}

async function createClient(): Promise<SSMClient> {
  const { SSMClient } = await import("@aws-sdk/client-ssm");
  return new SSMClient({});
}

interface Read {
  /** None where there is no such parameter. */
  readonly texts: readonly PolicyText[];
  readonly version: string | null;
}

async function readOne(client: SSMClient, name: string, signal: AbortSignal): Promise<Read> {
  const { GetParameterCommand } = await import("@aws-sdk/client-ssm");
  const question = new GetParameterCommand({ Name: name, WithDecryption: true });
  try {
    const { Parameter } = await orAborted(client.send(question, { abortSignal: signal }), signal);
    if (Parameter?.Value === undefined) return { texts: [], version: null };
    const version = Parameter.Version === undefined ? null : String(Parameter.Version);
    return { texts: [{ file: `ssm:${name}`, text: Parameter.Value }], version };
  } catch (thrown) {
    if (awsErrorName(thrown) === "ParameterNotFound") return { texts: [], version: null };
    throw thrown;
  }
}

async function readPath(client: SSMClient, path: string, signal: AbortSignal): Promise<Read> {
  const { GetParametersByPathCommand } = await import("@aws-sdk/client-ssm");
  const found: PolicyText[] = [];
  let NextToken: string | undefined;
  do {
    const question = new GetParametersByPathCommand({
      Path: path === "/" ? path : path.slice(0, -1),
      WithDecryption: true,
      Recursive: false,
      ...(NextToken !== undefined && { NextToken }),
    });
    const page = await orAborted(client.send(question, { abortSignal: signal }), signal);
    for (const { Name, Value } of page.Parameters ?? []) {
      if (Name !== undefined && Value !== undefined) found.push({ file: `ssm:${Name}`, text: Value });
    }
    NextToken = page.NextToken;
  } while (NextToken);
  return { texts: found.sort((a, b) => (a.file < b.file ? -1 : 1)), version: null };
}
