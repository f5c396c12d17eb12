/** What the conditions of a policy see of a request, and what a condition is. Owns the shapes; evaluates nothing. */

/** What a condition can see. Names are those that a policy author writes. */
export interface RuleContext {
  readonly request: {
    readonly use_case: string;
    readonly task_type: string;
    readonly latency_tier: string;
    readonly safety_level: string;
    readonly stream: boolean;
    readonly has_tools: boolean;
    readonly has_images: boolean;
    readonly response_format: string;
    readonly messages: number;
    readonly max_tokens: number;
  };
  readonly caller: {
    readonly key: string;
    readonly tenant: string;
    readonly tier: string;
    readonly role: string;
  };
  readonly signals: {
    readonly input_tokens: number;
    /** Between 0 and 1; estimated from the request's text when it is read. */
    readonly complexity: number;
    /** ISO 639-1, or `und`; estimated from the request's text when it is read. */
    readonly language: string;
    /** UTC. */
    readonly hour: number;
    /** Of the hour. */
    readonly minute: number;
    /** 0 is Sunday. UTC. */
    readonly weekday: number;
    /** By deployment id: true while its circuit admits traffic. */
    readonly healthy: Readonly<Record<string, boolean>>;
    /** By deployment id: smoothed milliseconds to the first token; 0 before any was seen. */
    readonly first_token_ms: Readonly<Record<string, number>>;
    /** The two above for one deployment, without a record around them. */
    isHealthy(deployment: string): boolean;
    firstTokenOf(deployment: string): number;
    /** US dollars in the UTC day and the UTC month, of the caller and of its tenant's use case. */
    readonly spend_tenant_today: number;
    readonly spend_tenant_month: number;
    readonly spend_key_today: number;
    readonly spend_key_month: number;
    readonly spend_use_case_today: number;
    readonly spend_use_case_month: number;
  };
  /** By name, evaluated when it is read; absent where the policy has none. */
  readonly flags?: Readonly<Record<string, FlagValue>>;
}

/** Returns false, never throws, when a condition cannot be evaluated for this context. */
export type Condition = (context: RuleContext) => boolean;

/** Of a flag, as conditions read it. */
export type FlagValue = boolean | string | number;
