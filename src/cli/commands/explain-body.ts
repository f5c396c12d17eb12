/** The request that `explain` asks about: a prompt, or a body from a file. What a prompt is made into, its use case says. */
import { resolve } from "node:path";
import { isRecord, parseJson } from "../../core/json.ts";
import { listed, nearest } from "../../policy/suggest.ts";
import type { CliPorts } from "../ports.ts";
import { readStdin, readText, type TextFile } from "../read-text.ts";

/** Nesting a body may have; the same as the gateway's. */
const MAX_JSON_DEPTH = 64;

export interface BodyWish {
  readonly prompt: string | undefined;
  readonly body?: string;
  readonly useCase?: string;
  readonly stream?: boolean;
  /** Those of the policy at hand; null when it is the gateway's. */
  readonly useCases: readonly string[] | null;
}

export type AskedBody =
  | { readonly ok: true; readonly body: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly message: string; readonly fix: string };

export async function readBody(ports: CliPorts, wish: BodyWish): Promise<AskedBody> {
  const { body: file, prompt, useCase, stream } = wish;
  if (file === undefined) return bodyOfPrompt(wish);
  if (prompt !== undefined) {
    return { ok: false, message: "Both a prompt and --body are given.", fix: "Give one of them." };
  }
  const read = await readBodyText(ports, file);
  if (!read.ok) return read;
  const parsed = parseJson(new TextEncoder().encode(read.text), MAX_JSON_DEPTH);
  if (!parsed.ok) return { ok: false, message: `${file}: ${parsed.fault.message}`, fix: "Correct the JSON." };
  const { value } = parsed;
  if (!isRecord(value)) {
    return { ok: false, message: `${file} holds no JSON object.`, fix: 'Begin with {"messages": […]}.' };
  }
  const chosen = useCase ?? ("model" in value ? undefined : onlyOne(wish.useCases));
  return {
    ok: true,
    body: { ...value, ...(chosen !== undefined && { model: chosen }), ...(stream === true && { stream }) },
  };
}

async function readBodyText(ports: CliPorts, file: string): Promise<TextFile> {
  if (file !== "-") return readText(resolve(ports.cwd, file), file);
  return { ok: true, text: await readStdin(ports) };
}

function bodyOfPrompt({ prompt = "Hello.", useCase, useCases, stream }: BodyWish): AskedBody {
  const model = useCase ?? onlyOne(useCases);
  if (model === undefined) {
    const near = useCases === null ? null : nearest(prompt, useCases);
    const hint = near === null ? "" : ` Did you mean --use-case ${near}?`;
    const choice = useCases === null ? "" : ` The policy has: ${listed(useCases)}.`;
    const message = `No use case is given.${choice}`;
    return { ok: false, message, fix: `Name one with --use-case.${hint}` };
  }
  return { ok: true, body: { model, prompt, ...(stream === true && { stream }) } };
}

function onlyOne(names: readonly string[] | null): string | undefined {
  return names?.length === 1 ? names[0] : undefined;
}
