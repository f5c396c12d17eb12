/** Errors of everything that is not a model's dialect: the same shape as OpenAI's, which every client reads. */
import { FAULTS, type Fault } from "../core/faults.ts";

/** `{error: {message, type, code}, request_id}` with the fault's status. */
export function problem(fault: Fault, requestId: string, headers: Record<string, string> = {}): Response {
  const { status } = FAULTS[fault.kind];
  return Response.json(
    {
      error: { message: fault.message, type: fault.kind, code: fault.code, param: fault.param ?? null },
      request_id: requestId,
    },
    { status, headers: { "x-request-id": requestId, ...headers } },
  );
}
