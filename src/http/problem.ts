/**
 * Errors of everything that is not a model's dialect: the same shape as OpenAI's, which every client reads. Owns the
 * shape, and the ways to fail that no request to a model has.
 */
import { FAULTS, type Fault } from "../core/faults.ts";
import type { Finding } from "../policy/finding.ts";

/** An act that clashes with another's: no rung, no circuit and no dialect ever hears of it. */
const CLASHES = { conflict: { status: 409 }, precondition_failed: { status: 412 } } as const;

const WAYS = { ...FAULTS, ...CLASHES };

/** Why nothing came of what was asked. */
export interface Problem extends Omit<Fault, "kind"> {
  readonly kind: keyof typeof WAYS;
  /** What is wrong with the text of a policy, and where. */
  readonly findings?: readonly Finding[];
}

export function conflict(code: string, message: string, extra?: Pick<Fault, "param">): Problem {
  return { kind: "conflict", code, message, ...extra };
}

/** Whether a request to a model can fail so, too. */
export function isFault(why: Problem): why is Fault {
  return Object.hasOwn(FAULTS, why.kind);
}

/** `{error: {message, type, code, param}, request_id}` with the problem's status, and its findings if it has any. */
export function problem(why: Problem, requestId: string, headers: Record<string, string> = {}): Response {
  const { status } = WAYS[why.kind];
  const { kind: type, code, message, param = null, findings } = why;
  return Response.json(
    { error: { message, type, code, param }, ...(findings && { findings }), request_id: requestId },
    { status, headers: { "x-request-id": requestId, ...headers } },
  );
}
