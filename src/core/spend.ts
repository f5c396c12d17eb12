/** What was spent, as rules may read it. Owns the sums' names and the port; gateway/spend keeps them. */
import type { NanoDollars } from "./money.ts";

/** By whom and since when: the UTC day, the UTC calendar month. Rules read them as `signals.spend_` and the name. */
export const SPEND_SUMS = [
  "tenant_today",
  "tenant_month",
  "key_today",
  "key_month",
  "use_case_today",
  "use_case_month",
] as const;
export type SpendSum = (typeof SPEND_SUMS)[number];

/** Of which request the sums are. */
export interface Spender {
  readonly tenant: string;
  readonly keyId: string;
  /** The tenant's own share of it: what other tenants spend on the use case moves nobody else's requests. */
  readonly useCase: string | null;
}

export interface SpendView {
  /** 0 for whoever has spent nothing. `now`: epoch milliseconds. Never throws, and keeps nothing of `who`. */
  spent(sum: SpendSum, who: Spender, now: number): NanoDollars;
}

/** The same, of one request. */
export interface RequestSpend {
  spent(sum: SpendSum): NanoDollars;
}

export const NOTHING_SPENT: RequestSpend = { spent: () => 0 };
