/**
 * Query parameters that an endpoint does not know: a misspelt one must not do the act without it. Owns which endpoints
 * are strict, and which parameters clients send to all of them.
 */
import { type Fault, fault } from "../core/faults.ts";
import { listed, nearest } from "../policy/suggest.ts";

/** Not the list of models, which clients of every dialect ask with parameters of their own, nor probes and metrics. */
const STRICT = /^\/(?:admin|v1\/(?:jobs|files|batches))(?:\/|$)/;

/** What official clients add to every request: OpenAI's for Azure, and Anthropic's to what is in beta. */
const OF_CLIENTS: ReadonlySet<string> = new Set(["api-version", "beta"]);
const LONGEST_NAME = 100;

/** `given`: the names in the request. Null: they may all be there. */
export function unknownParameter(
  path: string,
  known: readonly string[],
  given: readonly string[],
): Fault | null {
  if (given.length === 0 || !STRICT.test(path)) return null;
  const isClients = (name: string) => path.startsWith("/v1/") && OF_CLIENTS.has(name);
  const unknown = given.find((name) => !known.includes(name) && !isClients(name));
  if (unknown === undefined) return null;
  const param = unknown.slice(0, LONGEST_NAME);
  const near = nearest(param, known);
  const guess = near === null ? "" : ` Did you mean "${near}"?`;
  const choices = known.length === 0 ? "It takes none." : `It takes ${listed(known, known.length)}.`;
  const message = `There is no query parameter ${JSON.stringify(param)} here.${guess} ${choices}`;
  return fault("invalid", "unknown_parameter", message, { param });
}
