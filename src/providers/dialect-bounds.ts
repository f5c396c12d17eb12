/**
 * What a dialect takes less of than others: stop sequences, choices, the letters of a user's id, of a tool's name; and the
 * limit on an answer below which it takes none. Owns the bounds, and how a request that crosses from a wider dialect is
 * brought within them. A caller of the dialect itself knows them: what it sent is not touched.
 */
import { createHash } from "node:crypto";
import { type Fault, fault } from "../core/faults.ts";
import type { ModelRequest, Sampling, WireId } from "../core/request.ts";
import { statedLimit } from "../core/stated-limit.ts";
import { nameOf } from "../wires/losses.ts";
import type { LowerTarget, Warning } from "../wires/wire.ts";
import { renameTools, type ToolNaming, underOwnNames } from "./tool-names.ts";
import type { AnyWire } from "./wire-registry.ts";

interface Bounds {
  readonly tools?: ToolNaming;
  readonly stops?: number;
  readonly choices?: number;
  readonly leastTokens?: number;
  readonly user?: (user: string) => boolean;
}

export interface Fitted {
  readonly request: ModelRequest;
  readonly wire: AnyWire;
  readonly warnings: readonly Warning[];
}

/** OpenAI's, Amazon Bedrock's `ToolSpecification` (API_runtime_ToolSpecification.html), Anthropic's but for the length. */
const PLAIN = /^[a-zA-Z0-9_-]+$/;
const OPENAI_TOOLS: ToolNaming = { pattern: PLAIN, maxLength: 64 };
const ANTHROPIC: Bounds = { tools: { pattern: PLAIN, maxLength: 128 }, user: isOpaque };

/** Of the providers that gave each dialect its name. */
const BOUNDS: Readonly<Partial<Record<WireId, Bounds>>> = {
  // "You can pass up to four stop sequences": help.openai.com/en/articles/5072263. "Invalid 'user': string too long.
  // Expected a string with maximum length 64": its API, which the reference does not say.
  "openai-chat": { tools: OPENAI_TOOLS, stops: 4, user: atMost(64) },
  // "Invalid 'max_output_tokens': integer below minimum value. Expected a value >= 16": its API, too.
  "openai-responses": { tools: OPENAI_TOOLS, leastTokens: 16, user: atMost(64) },
  "openai-embeddings": { user: atMost(64) },
  "anthropic-messages": ANTHROPIC,
  "bedrock-invoke": ANTHROPIC,
  // Its stop sequences may be 2,500 (API_InferenceConfiguration.html), which no caller reaches.
  "bedrock-converse": { tools: OPENAI_TOOLS },
  // "Must start with a letter or an underscore. Must be a-z, A-Z, 0-9, or contain underscores, dots and dashes, with a
  // maximum length of 64": FunctionDeclaration.name. "The set of character sequences (up to 5)": GenerationConfig.
  // Of candidates no model gives more than eight.
  gemini: { tools: { pattern: /^[a-zA-Z_][a-zA-Z0-9_.-]*$/, maxLength: 64 }, stops: 5, choices: 8 },
};
/** Servers that imitate OpenAI's dialect stop at more sequences; the strictest of them take ids of 128 letters. */
const IMITATORS: Bounds = { tools: OPENAI_TOOLS, user: atMost(128) };

/** Null where `request` is within the bounds already. A fault under `strict`, where it is not. */
export function withinBounds(
  request: ModelRequest,
  wire: AnyWire,
  target: LowerTarget,
): Fitted | Fault | null {
  const bounds = boundsOf(wire, target);
  if (bounds === undefined) return null;
  const renamed = bounds.tools === undefined ? null : renameTools(request, bounds.tools);
  const warnings: Warning[] = [];
  const say: Say = (control, why) => warnings.push({ control, message: `\`${control}\` ${why}` });
  if (renamed !== null) {
    const many = renamed.own.size === 1 ? "has a name" : `has ${renamed.own.size} names`;
    say("tools", `${many} that the API of the chosen model refuses, and was sent with shorter ones.`);
  }
  const sampling = fitSampling(request, bounds, say);
  const user = fitUser(request, bounds, say);
  if (renamed === null && sampling === request.sampling && user === request.user) return null;
  const [first] = warnings;
  if (request.strict && first !== undefined) {
    return fault("invalid", "unsupported_control", first.message, { param: first.control });
  }
  const fitted = { ...(renamed?.request ?? request), sampling, ...(user !== undefined && { user }) };
  return { request: fitted, wire: renamed === null ? wire : underOwnNames(wire, renamed.own), warnings };
}

/**
 * The same of a caller of the dialect itself, of whose request only a limit on the answer is not its own: the policy's, or
 * what is left of its own to a continuation.
 */
export function withinLeast(request: ModelRequest, wire: AnyWire, target: LowerTarget): Fitted | null {
  const { sampling } = request;
  const least = boundsOf(wire, target)?.leastTokens;
  if (least === undefined || sampling.maxTokens === undefined || sampling.maxTokens >= least) return null;
  const isOwn = statedLimit(request) === sampling.maxTokens;
  return isOwn
    ? null
    : { request: { ...request, sampling: { ...sampling, maxTokens: least } }, wire, warnings: [] };
}

function boundsOf(wire: AnyWire, target: LowerTarget): Bounds | undefined {
  return target.imitates === true ? IMITATORS : BOUNDS[wire.id];
}

type Say = (control: string, why: string) => void;

/** The very same controls where they are within the bounds. */
function fitSampling(request: ModelRequest, bounds: Bounds, say: Say): Sampling {
  const { sampling, origin } = request;
  const { stop, choices, maxTokens } = sampling;
  let fitted = sampling;
  if (stop !== undefined && bounds.stops !== undefined && stop.length > bounds.stops) {
    fitted = { ...fitted, stop: stop.slice(0, bounds.stops) };
    const many = `goes with ${bounds.stops} sequences at the most on the API of the chosen model`;
    say(nameOf("stop", origin.wire), `${many}: the first were kept.`);
  }
  if (choices !== undefined && bounds.choices !== undefined && choices > bounds.choices) {
    fitted = { ...fitted, choices: bounds.choices };
    say(nameOf("choices", origin.wire), `is ${bounds.choices} at the most on the API of the chosen model.`);
  }
  if (maxTokens !== undefined && bounds.leastTokens !== undefined && maxTokens < bounds.leastTokens) {
    fitted = { ...fitted, maxTokens: bounds.leastTokens };
    const least = `is ${bounds.leastTokens} at the least on the API of the chosen model.`;
    // Nobody is told of a limit that the policy has set, or that is left of a greater one.
    if ((statedLimit(request) ?? bounds.leastTokens) < bounds.leastTokens)
      say(nameOf("maxTokens", origin.wire), least);
  }
  return fitted;
}

function fitUser({ user, origin }: ModelRequest, bounds: Bounds, say: Say): string | undefined {
  if (user === undefined || bounds.user === undefined || bounds.user(user)) return user;
  say(nameOfUser(origin.wire), "is no id that the chosen model's API takes: its SHA-256 was sent.");
  return digestOf(user);
}

function atMost(length: number): (user: string) => boolean {
  return (user) => user.length <= length;
}

/**
 * "This should be a uuid, hash value, or other opaque identifier" of 256 characters at the most; the API refuses what
 * appears to be an e-mail address or a telephone number. Digits alone are an id.
 */
function isOpaque(user: string): boolean {
  if (user.length > 256 || /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(user)) return false;
  return !/^\+?[\d\s().-]{7,}$/.test(user) || /^\d+$/.test(user);
}

/** 64 letters, the same for one user in every request. */
function digestOf(user: string): string {
  return createHash("sha256").update(user).digest("hex");
}

function nameOfUser(wire: WireId): string {
  return wire === "anthropic-messages" || wire === "bedrock-invoke" ? "metadata.user_id" : "user";
}
