/** A policy in the body of a request: YAML as it is, or JSON around it. Owns both forms and their limit. */
import { z } from "@hono/zod-openapi";
import { MAX_NOTE } from "../../control/policy/policy-acts.ts";
import { MAX_DOCUMENT_BYTES } from "../../control/policy/sources/source.ts";
import { failed, ok, type Result } from "../../core/faults.ts";
import { parseJson } from "../../core/json.ts";
import { decodePolicy } from "../../policy/reading/decode-text.ts";
import type { ControlPorts } from "../control-ports.ts";

/** JSON may write each character in six. */
const MAX_BODY_BYTES = 2 * MAX_DOCUMENT_BYTES;

/** How whoever sends a text calls it. */
export const textName = z.string().min(1).max(4096);

export const pushed = z.strictObject({
  text: z.string(),
  file: textName.nullish().openapi({ description: "how findings name the text" }),
  environment: z.string().max(64).nullish(),
  note: z.string().max(MAX_NOTE).nullish(),
});

export interface PushedPolicy extends z.output<typeof pushed> {
  /** Where the bytes stop to be UTF-8, in UTF-16 code units; absent: they are. */
  readonly invalidAt?: number;
}

/** JSON where the content type says so, YAML otherwise. */
export async function readPushed(
  { readBytes }: Pick<ControlPorts, "readBytes">,
  request: Request,
): Promise<Result<PushedPolicy>> {
  const bytes = await readBytes(request, MAX_BODY_BYTES);
  if (!bytes.ok && bytes.fault.kind === "too_large") return tooLarge();
  if (!bytes.ok) return bytes;
  const type = request.headers.get("content-type") ?? "";
  if (!/^application\/json\b/i.test(type)) {
    const decoded = decodePolicy(bytes.value);
    const { text } = decoded;
    if (text.trim() === "")
      return failed("invalid", "empty_policy", "The request has no policy in its body.");
    return ok(decoded.ok ? { text } : { text, invalidAt: decoded.invalidAt });
  }
  const json = parseJson(bytes.value, 4);
  if (!json.ok) return json;
  const parsed = pushed.safeParse(json.value);
  if (parsed.success) return ok(parsed.data);
  const param = parsed.error.issues[0]?.path.join(".") ?? "";
  const message = "The body is no {text, file?, environment?, note?}. Send it so, or the YAML itself.";
  return failed("invalid", "invalid_value", message, { param });
}

function tooLarge(): Result<never> {
  return failed("too_large", "policy_too_large", "The policy is larger than 10 MiB. Split or shorten it.");
}
