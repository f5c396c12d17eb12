/**
 * What a condition sees of one request. Owns the facts' classes: the condition language recognises a value
 * by its class, which costs nothing, where plain objects would be converted on every call.
 */
import { type Caller, ROLES } from "../../core/caller.ts";
import { LATENCY_TIERS, SAFETY_LEVELS, TASK_TYPES } from "../../core/contract.ts";
import type { HealthView } from "../../core/health.ts";
import { NANO_PER_USD } from "../../core/money.ts";
import type { ModelRequest } from "../../core/request.ts";
import type { RoutingFacts } from "../../core/routing-facts.ts";
import { NOTHING_SPENT, type RequestSpend, SPEND_SUMS, type SpendSum } from "../../core/spend.ts";
import type { Writable } from "../../core/writable.ts";
import { prepareScanner } from "../estimates/complexity/scan.ts";
import { COMPLEXITY_VERSION, estimateComplexity } from "../estimates/complexity.ts";
import { LANGUAGES, languageOf, prepareLanguages, UNDETERMINED } from "../estimates/language.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** 1 January 1970 was a Thursday. */
const EPOCH_WEEKDAY = 4;

/** Fields a condition may read of the request, with their types. */
export const REQUEST_FIELDS = {
  use_case: "string",
  task_type: "string",
  latency_tier: "string",
  safety_level: "string",
  stream: "bool",
  has_tools: "bool",
  has_images: "bool",
  response_format: "string",
  messages: "double",
  max_tokens: "double",
} as const;

export const CALLER_FIELDS = { key: "string", tenant: "string", tier: "string", role: "string" } as const;

export const SIGNAL_FIELDS = {
  input_tokens: "double",
  complexity: "double",
  language: "string",
  hour: "double",
  minute: "double",
  weekday: "double",
  healthy: "map<string, bool>",
  first_token_ms: "map<string, double>",
  spend_tenant_today: "double",
  spend_tenant_month: "double",
  spend_key_today: "double",
  spend_key_month: "double",
  spend_use_case_today: "double",
  spend_use_case_month: "double",
} as const;

export const RESPONSE_FORMATS = ["text", "json", "json_schema"] as const;

/** All that a text field can hold, where that is known; a comparison with anything else is a mistake. */
export const FIELD_VALUES: Readonly<Record<string, readonly string[]>> = {
  "request.task_type": TASK_TYPES,
  "request.latency_tier": LATENCY_TIERS,
  "request.safety_level": SAFETY_LEVELS,
  "request.response_format": RESPONSE_FORMATS,
  "caller.role": ROLES,
  "signals.language": [...LANGUAGES, UNDETERMINED],
};

/** Signals that are estimated from the request's text when a condition reads them. */
export const ESTIMATED_SIGNALS = ["complexity", "language"] as const;
export type EstimatedSignal = (typeof ESTIMATED_SIGNALS)[number];

/** Builds now what estimating these of `signals` needs: the first request that is estimated is not to wait for it. */
export function prepareEstimates(signals: Iterable<string>): void {
  for (const signal of signals) {
    if (signal === "complexity") prepareScanner();
    else if (signal === "language") prepareLanguages();
  }
}

/** Signals of what was spent, in US dollars, each by the sum that it reads. */
export const SPEND_SIGNALS: ReadonlyMap<string, SpendSum> = new Map(
  SPEND_SUMS.map((sum) => [`spend_${sum}` satisfies keyof typeof SIGNAL_FIELDS, sum]),
);

const OF_THE_MOMENT: ReadonlySet<string> = new Set([
  "hour",
  "minute",
  "weekday",
  "healthy",
  "first_token_ms",
] satisfies (keyof typeof SIGNAL_FIELDS)[]);

/** Whether `signal` may be another one for the same request, a while later. */
export function isOfTheMoment(signal: string): boolean {
  return OF_THE_MOMENT.has(signal) || SPEND_SIGNALS.has(signal);
}

/**
 * Whether it is worth knowing that a rule reads `signal`: something is made, kept or shown for it, or the rule may
 * match the same request at another time alone.
 */
export function isTracked(signal: string): boolean {
  return isOfTheMoment(signal) || (ESTIMATED_SIGNALS as readonly string[]).includes(signal);
}

/** Field names are those a policy author writes, hence their case. */
export class RequestFacts {
  use_case = "";
  task_type = "";
  latency_tier = "";
  safety_level = "";
  stream = false;
  has_tools = false;
  has_images = false;
  response_format = "text";
  messages = 0;
  /** What the caller asked for; 0 when it did not say. */
  max_tokens = 0;
}

export class CallerFacts {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  get key(): string {
    return this.#caller.keyId;
  }

  get tenant(): string {
    return this.#caller.tenant;
  }

  get tier(): string {
    return this.#caller.tier;
  }

  get role(): string {
    return this.#caller.role;
  }
}

/** What can be estimated from a request's text. */
export interface Estimates {
  complexity(): number;
  language(): string;
}

/** Each estimate is made when it is first wanted, and once. */
export class RequestEstimates implements Estimates {
  readonly #request: ModelRequest;
  #complexity: number | undefined;
  #language: string | undefined;

  constructor(request: ModelRequest) {
    this.#request = request;
  }

  complexity(): number {
    this.#complexity ??= estimateComplexity(this.#request);
    return this.#complexity;
  }

  language(): string {
    this.#language ??= languageOf(this.#request);
    return this.#language;
  }

  /** What was made so far. */
  made(): Pick<RoutingFacts, "complexity" | "complexityVersion" | "language"> {
    const made: Writable<ReturnType<RequestEstimates["made"]>> = {};
    if (this.#complexity !== undefined) {
      made.complexity = this.#complexity;
      made.complexityVersion = COMPLEXITY_VERSION;
    }
    if (this.#language !== undefined) made.language = this.#language;
    return made;
  }
}

/**
 * Everything but the token count is worked out when a condition reads it, and the estimates once: rules
 * without them cost nothing.
 */
export class SignalFacts {
  readonly input_tokens: number;
  readonly #now: number;
  readonly #health: HealthView;
  readonly #estimates: Estimates;
  readonly #spend: RequestSpend;

  constructor(
    inputTokens: number,
    now: number,
    health: HealthView,
    estimates: Estimates,
    spend: RequestSpend = NOTHING_SPENT,
  ) {
    this.input_tokens = inputTokens;
    this.#now = now;
    this.#health = health;
    this.#estimates = estimates;
    this.#spend = spend;
  }

  get complexity(): number {
    return this.#estimates.complexity();
  }

  get language(): string {
    return this.#estimates.language();
  }

  get hour(): number {
    return Math.floor((this.#now % DAY_MS) / HOUR_MS);
  }

  get minute(): number {
    return Math.floor((this.#now % HOUR_MS) / MINUTE_MS);
  }

  get weekday(): number {
    return (Math.floor(this.#now / DAY_MS) + EPOCH_WEEKDAY) % 7;
  }

  get healthy(): Readonly<Record<string, boolean>> {
    return recordsOf(this.#health).healthy;
  }

  get first_token_ms(): Readonly<Record<string, number>> {
    return recordsOf(this.#health).firstTokenMs;
  }

  isHealthy(deployment: string): boolean {
    return this.#health.healthy(deployment);
  }

  firstTokenOf(deployment: string): number {
    return this.#health.firstTokenMs(deployment);
  }

  get spend_tenant_today(): number {
    return this.#spend.spent("tenant_today") / NANO_PER_USD;
  }

  get spend_tenant_month(): number {
    return this.#spend.spent("tenant_month") / NANO_PER_USD;
  }

  get spend_key_today(): number {
    return this.#spend.spent("key_today") / NANO_PER_USD;
  }

  get spend_key_month(): number {
    return this.#spend.spent("key_month") / NANO_PER_USD;
  }

  get spend_use_case_today(): number {
    return this.#spend.spent("use_case_today") / NANO_PER_USD;
  }

  get spend_use_case_month(): number {
    return this.#spend.spent("use_case_month") / NANO_PER_USD;
  }
}

interface HealthRecords {
  readonly healthy: Readonly<Record<string, boolean>>;
  readonly firstTokenMs: Readonly<Record<string, number>>;
}

const records = new WeakMap<HealthView, HealthRecords>();

function recordsOf(health: HealthView): HealthRecords {
  let found = records.get(health);
  if (found === undefined) {
    found = {
      healthy: lazyRecord((id) => health.healthy(id)),
      firstTokenMs: lazyRecord((id) => health.firstTokenMs(id)),
    };
    records.set(health, found);
  }
  return found;
}

/** A record that has every key and asks for a value when it is read. It cannot be listed. */
function lazyRecord<T>(read: (key: string) => T): Readonly<Record<string, T>> {
  const empty: Record<string, T> = {};
  return new Proxy(empty, {
    get: (target, key) =>
      typeof key === "symbol" || key === "constructor" ? Reflect.get(target, key) : read(key),
    has: (_target, key) => typeof key === "string",
    getOwnPropertyDescriptor: (_target, key) =>
      typeof key === "symbol"
        ? undefined
        : { value: read(key), configurable: true, enumerable: true, writable: false },
  });
}

/** `plain` as an instance of the class that has `prototype`, for a context that routing did not make. */
export function adoptFacts<T extends object>(prototype: T, plain: object): T {
  return Object.create(prototype, Object.getOwnPropertyDescriptors(plain));
}
