/** One request, whatever dialect it came in. Owns the internal shape; knows no wire and no policy. */
import type { Capability, Contract } from "./contract.ts";

export type WireId =
  | "openai-chat"
  | "openai-responses"
  | "openai-embeddings"
  | "anthropic-messages"
  | "bedrock-converse"
  | "bedrock-invoke"
  | "gemini"
  | "gemini-embeddings"
  | "native";

/** What is asked of the model: an answer, vectors, or only how many tokens the request would bring. */
export type Operation = "chat" | "embed" | "count_tokens";

export type MediaSource =
  | { readonly kind: "url"; readonly url: string }
  /** `data` is base64, as every wire carries it. */
  | { readonly kind: "base64"; readonly mediaType: string; readonly data: string }
  | { readonly kind: "text"; readonly mediaType: string; readonly text: string }
  /** A file uploaded to a provider, or an address in its own storage; it means nothing to another one. */
  | { readonly kind: "file"; readonly id: string };

/** The caller asks that the request up to here be kept in the provider's prompt cache. */
export interface CacheHint {
  readonly ttl?: "5m" | "1h";
}

export type ContentPart =
  | { readonly type: "text"; readonly text: string; readonly cache?: CacheHint }
  | {
      readonly type: "image";
      readonly source: MediaSource;
      readonly detail?: "auto" | "low" | "high";
      readonly cache?: CacheHint;
    }
  | {
      readonly type: "document";
      readonly source: MediaSource;
      readonly name?: string;
      readonly cache?: CacheHint;
    }
  /** `arguments` is the JSON text the model wrote, valid or not. */
  | {
      readonly type: "tool_call";
      readonly id: string;
      readonly name: string;
      readonly arguments: string;
      readonly cache?: CacheHint;
    }
  | {
      readonly type: "tool_result";
      readonly callId: string;
      readonly content: readonly ContentPart[];
      /** The tool failed, and `content` says how. */
      readonly isError?: boolean;
      readonly cache?: CacheHint;
    }
  /** `redacted`: reasoning that the provider encrypted whole (base64 or its own text); `text` is then empty. */
  | {
      readonly type: "reasoning";
      readonly text: string;
      readonly signature?: string;
      readonly redacted?: string;
    }
  | { readonly type: "refusal"; readonly text: string }
  /**
   * Content of one wire that the contract does not model, as it was; other wires leave it out and warn. `instead`:
   * it cannot be left out, and this is what the caller is to send in its place.
   */
  | {
      readonly type: "opaque";
      readonly wire: WireId;
      readonly value: Readonly<Record<string, unknown>>;
      readonly instead?: string;
    };

export interface Message {
  readonly role: "system" | "user" | "assistant" | "tool";
  readonly content: readonly ContentPart[];
}

export interface Tool {
  readonly name: string;
  readonly description?: string;
  /** A JSON Schema object. */
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly strict?: boolean;
  readonly cache?: CacheHint;
}

export type ToolChoice =
  | { readonly type: "auto" | "none" | "required" }
  | { readonly type: "tool"; readonly name: string };

export type ResponseFormat =
  | { readonly type: "text" }
  | { readonly type: "json" }
  | {
      readonly type: "json_schema";
      readonly name: string;
      readonly schema: Readonly<Record<string, unknown>>;
      readonly strict: boolean;
    };

/** Sampling controls; an absent one leaves the model's default. */
export interface Sampling {
  readonly temperature?: number;
  readonly topP?: number;
  readonly topK?: number;
  readonly maxTokens?: number;
  readonly stop?: readonly string[];
  readonly seed?: number;
  /** How many choices; 1 when absent. */
  readonly choices?: number;
  readonly frequencyPenalty?: number;
  readonly presencePenalty?: number;
  /** How many alternatives a token, 0 for the chosen token's alone; absent: no log probabilities. */
  readonly logprobs?: number;
}

export const EFFORTS = ["none", "minimal", "low", "medium", "high", "xhigh"] as const;
export type Effort = (typeof EFFORTS)[number];

/** How much the model shall think before it answers; an absent field leaves the model's default. */
export interface ReasoningControl {
  readonly effort?: Effort;
  /** Tokens of thinking at the most. 0: none. */
  readonly budgetTokens?: number;
}

/** What vectors are wanted of. Tokens are ids of the provider's own vocabulary. */
export interface EmbeddingInput {
  readonly inputs: readonly (string | readonly number[])[];
  readonly dimensions?: number;
  /** What the vectors are for, where the model tells queries from documents. */
  readonly purpose?: "query" | "document" | "classification" | "clustering";
}

/** Sections of a request that the ladder may rewrite; a rewritten one is rendered anew on every wire. */
export type Section = "messages" | "sampling" | "responseFormat" | "reasoning";

/**
 * The body as the caller sent it. When the provider speaks the caller's wire, it is the base of what is
 * sent on, so that fields the contract does not model survive.
 */
export interface Origin {
  readonly wire: WireId;
  readonly body: Readonly<Record<string, unknown>>;
  readonly rewritten: ReadonlySet<Section>;
  /** The messages as they were read of the body; absent until they are rewritten. */
  readonly read?: readonly Message[];
  /** The limit in `sampling` is an arm's; absent: the caller's, where it states one. */
  readonly limitByPolicy?: boolean;
  /** The limit that stood in `sampling` before it was lowered or set, null: none did; absent: it stands there still. */
  readonly limitBefore?: number | null;
  /** Nobody states one: the limit in `sampling` is what the cost ceiling pays for. */
  readonly limitByCeiling?: boolean;
  /** The caller's headers that its wire passes on (`anthropic-beta`), by lower-case name. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface ModelRequest {
  readonly operation: Operation;
  /** What the caller named: a use case, one of its aliases, or a model it may use directly. */
  readonly target: string;
  readonly contract: Contract;
  readonly messages: readonly Message[];
  readonly tools: readonly Tool[];
  readonly toolChoice?: ToolChoice;
  readonly parallelToolCalls?: boolean;
  readonly sampling: Sampling;
  readonly responseFormat: ResponseFormat;
  readonly reasoning?: ReasoningControl;
  /** Present exactly when `operation` is `embed`; `messages` is then empty. */
  readonly embedding?: EmbeddingInput;
  readonly stream: boolean;
  /** Whether a streaming caller asked for a usage event of its own. */
  readonly streamUsage: boolean;
  /** True: a control that the model cannot honour is an error instead of a warning. */
  readonly strict: boolean;
  /** The end user's id as the caller states it; used for stickiness, never logged. */
  readonly user?: string;
  readonly origin: Origin;
}

/** `request` with new messages, marked so that no wire sends the old ones by way of the origin. */
export function withMessages(request: ModelRequest, messages: readonly Message[]): ModelRequest {
  const rewritten = new Set<Section>(request.origin.rewritten).add("messages");
  const read = request.origin.read ?? request.messages;
  return { ...request, messages, origin: { ...request.origin, rewritten, read } };
}

const EMBEDDINGS: readonly Capability[] = ["embeddings"];

/** The capabilities without which a model cannot serve `request`; softer controls become warnings. */
export function requiredCapabilities(request: ModelRequest): readonly Capability[] {
  const needed: Capability[] = [];
  if (request.operation === "embed") return EMBEDDINGS;
  if (request.tools.length > 0) needed.push("tools");
  if (request.responseFormat.type === "json_schema") needed.push("json_schema");
  if (request.responseFormat.type === "json") needed.push("json_mode");
  if ((request.sampling.choices ?? 1) > 1) needed.push("multiple_choices");
  let vision = false;
  let documents = false;
  for (const message of request.messages) {
    for (const part of message.content) {
      if (part.type === "image") vision = true;
      else if (part.type === "document") documents = true;
    }
  }
  if (vision) needed.push("vision");
  if (documents) needed.push("documents");
  return needed;
}
