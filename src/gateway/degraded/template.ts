/** The policy's words with their variables. Owns what is filled in; a caller's own text never is. */
import type { Exchange } from "../exchange.ts";

export type TemplateVariables = Readonly<Record<string, string>>;

/** What every message may mention. `retryAfterSeconds`: when it is worth trying again. */
export function commonVariables(exchange: Exchange, retryAfterSeconds: number): TemplateVariables {
  return {
    use_case: exchange.plan?.useCase ?? "",
    request_id: exchange.requestId,
    tenant: exchange.caller?.tenant ?? "",
    retry_after: String(retryAfterSeconds),
  };
}

/** Replaces `{{name}}`; a name that is not known stays as it is, so that a typo can be seen. */
export function fillTemplate(template: string, variables: TemplateVariables): string {
  return template.replace(/\{\{\s*([a-z_]+)\s*\}\}/g, (whole, name: string) =>
    Object.hasOwn(variables, name) ? (variables[name] ?? whole) : whole,
  );
}

/** What was found, after its introduction where there is one. */
export function introduced(introduction: string, text: string): string {
  return introduction === "" ? text : `${introduction}\n\n${text}`;
}
