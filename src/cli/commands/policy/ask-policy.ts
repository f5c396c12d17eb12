/**
 * A question about the policy, with what such questions need beyond others: a method, headers, and the findings
 * of a refusal. Draws no answer.
 */
import { z } from "zod";
import type { Finding } from "../../../policy/finding.ts";
import { type Asked, askGateway, reportFailure } from "../../ask.ts";
import type { CommandContext } from "../../context.ts";
import { drawFindings } from "../../draw-findings.ts";
import { EXIT } from "../../exit-codes.ts";
import type { GatewayFailure } from "../../gateway-client.ts";
import type { GatewayOptions } from "../../options.ts";
import type { Terminal } from "../../terminal.ts";
import { findingView } from "./views.ts";

export interface PolicyQuestion {
  readonly path: string;
  readonly method?: "PUT";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

export type PolicyAnswer<View> =
  | Extract<Asked<View>, { ok: true }>
  | (GatewayFailure & { readonly findings: readonly Finding[]; readonly raw: unknown });

export async function askPolicy<Schema extends z.ZodType>(
  context: CommandContext,
  options: GatewayOptions,
  question: PolicyQuestion,
  schema: Schema,
): Promise<PolicyAnswer<z.output<Schema>>> {
  let raw: unknown = null;
  const { ports } = context;
  const fetching = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const headers = { ...headersOf(init), ...question.headers };
    const response = await ports.fetch(input, {
      ...init,
      headers,
      ...(question.method && { method: question.method }),
    });
    raw = await response
      .clone()
      .json()
      .catch(() => null);
    return response;
  };
  const tapped = { ...ports, fetch: Object.assign(fetching, { preconnect: ports.fetch.preconnect }) };
  const { path, body } = question;
  const asked = await askGateway({ ...context, ports: tapped }, options, { path, body }, schema);
  return asked.ok ? asked : { ...asked, raw, findings: findingsOf(raw) };
}

/** The client gives them as a plain map. */
function headersOf(init: RequestInit | undefined): Record<string, string> {
  return Object.fromEntries(new Headers(init?.headers));
}

const refusalView = z.object({ findings: z.array(findingView) });

function findingsOf(body: unknown): readonly Finding[] {
  const read = refusalView.safeParse(body);
  return read.success ? read.data.findings : [];
}

/** Says why nothing was done; the exit code. A policy that was judged and found wanting is no failure to ask. */
export function reportRefusal(
  terminal: Terminal,
  failure: Extract<PolicyAnswer<unknown>, { ok: false }>,
  sources: readonly { readonly file: string; readonly text: string }[],
): number {
  const { findings, raw } = failure;
  if (findings.length === 0) return reportFailure(terminal, failure);
  if (terminal.json) terminal.printJson(raw);
  else terminal.print(`${drawFindings(findings, sources, terminal)}\n`);
  terminal.complain("The policy was refused; nothing has changed.", "Mend it as the findings say.");
  return EXIT.notRight;
}
