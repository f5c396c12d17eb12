/** One question to the gateway on behalf of a command: asked, read, or told why not. Knows no drawing. */
import type { z } from "zod";
import type { CommandContext } from "./context.ts";
import { createGatewayClient, type GatewayFailure, unexpectedAnswer } from "./gateway-client.ts";
import type { GatewayOptions } from "./options.ts";
import type { Terminal } from "./terminal.ts";

export type Query = Readonly<Record<string, string | number | undefined>>;

/** `raw` is the answer as it came, `view` what a drawing reads of it. */
export type Asked<View> = { readonly ok: true; readonly raw: unknown; readonly view: View } | GatewayFailure;

export async function askGateway<Schema extends z.ZodType>(
  context: CommandContext,
  options: GatewayOptions,
  question: { readonly path: string; readonly query?: Query; readonly body?: unknown },
  schema: Schema,
): Promise<Asked<z.output<Schema>>> {
  const created = createGatewayClient(context.ports, options);
  if (!created.ok) return created;
  const { path, query, body } = question;
  const answer = await (body === undefined
    ? created.client.get(path, query)
    : created.client.post(path, body));
  if (!answer.ok) return answer;
  const view = schema.safeParse(answer.value);
  return view.success ? { ok: true, raw: answer.value, view: view.data } : unexpectedAnswer(path);
}

/** Says why there is no answer; the exit code. */
export function reportFailure(terminal: Terminal, failure: GatewayFailure): number {
  terminal.complain(failure.message, failure.fix);
  return failure.exitCode;
}
