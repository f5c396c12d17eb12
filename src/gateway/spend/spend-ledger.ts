/**
 * What was spent in the present UTC day and month, by tenant, by key and by a tenant's use case. Owns the sums of this
 * process; knows no store and no rule. A request costs it three look-ups, and memory only whoever spends the first time.
 */
import type { Decision } from "../../core/decision.ts";
import type { NanoDollars } from "../../core/money.ts";
import type { Spender, SpendSum, SpendView } from "../../core/spend.ts";
import { DAY_MS, dayStart, monthEnd, monthStart } from "./utc-periods.ts";

/**
 * Sums kept at once, about 150 bytes each. Names come from the policy, so that only a policy with more of them meets
 * it; whoever comes beyond counts as having spent nothing until the month ends.
 */
const MAX_SUMS = 100_000;

export interface SpendLedger extends SpendView {
  /** From then on requests are counted when they end; those that arrived before are `add`ed. Epoch milliseconds. */
  readonly since: number;
  /**
   * Counts a request, or a copy for a shadow, that has ended: in the day and the month in which it arrived. A cost
   * that is not known counts nothing.
   */
  count(decision: Pick<Decision, "at" | "tenant" | "keyId" | "useCase" | "cost">): void;
  /** Adds what requests that arrived about `at` cost together. */
  add(who: Spender, cost: NanoDollars, at: number): void;
}

export interface LedgerOptions {
  /** When this process began; epoch milliseconds. */
  readonly since: number;
  readonly maxSums?: number;
  /** Told once a month that there is no room for more. */
  onFull?(maxSums: number): void;
}

export function createSpendLedger(options: LedgerOptions): SpendLedger {
  return new Ledger(options);
}

interface Sums {
  /** Start of the day that `today` is about. */
  day: number;
  today: NanoDollars;
  month: NanoDollars;
}

interface TenantSums extends Sums {
  readonly useCases: Map<string, Sums>;
}

class Ledger implements SpendLedger {
  readonly since: number;
  readonly #maxSums: number;
  readonly #onFull: (maxSums: number) => void;
  readonly #tenants = new Map<string, TenantSums>();
  readonly #keys = new Map<string, Sums>();
  #size = 0;
  #full = false;
  #day = 0;
  #dayEnd = 0;
  #month = 0;
  #monthEnd = 0;

  constructor({ since, maxSums = MAX_SUMS, onFull = () => undefined }: LedgerOptions) {
    this.#maxSums = maxSums;
    this.#onFull = onFull;
    this.since = since;
    this.#turn(since);
  }

  count({ at, tenant, keyId, useCase, cost }: Pick<Decision, keyof Spender | "at" | "cost">): void {
    if (cost === null || cost <= 0) return;
    this.#add(tenant, keyId, useCase, cost, at);
  }

  add({ tenant, keyId, useCase }: Spender, cost: NanoDollars, at: number): void {
    this.#add(tenant, keyId, useCase, cost, at);
  }

  spent(sum: SpendSum, { tenant, keyId, useCase }: Spender, now: number): NanoDollars {
    if (now >= this.#dayEnd) this.#turn(now);
    switch (sum) {
      case "tenant_today":
        return this.#today(this.#tenants.get(tenant));
      case "tenant_month":
        return this.#tenants.get(tenant)?.month ?? 0;
      case "key_today":
        return this.#today(this.#keys.get(keyId));
      case "key_month":
        return this.#keys.get(keyId)?.month ?? 0;
      case "use_case_today":
        return this.#today(this.#tenants.get(tenant)?.useCases.get(useCase ?? ""));
      case "use_case_month":
        return this.#tenants.get(tenant)?.useCases.get(useCase ?? "")?.month ?? 0;
    }
  }

  #add(tenant: string, keyId: string, useCase: string | null, cost: NanoDollars, at: number): void {
    if (at >= this.#dayEnd) this.#turn(at);
    if (at < this.#month) return;
    const isToday = at >= this.#day;
    const tenantSums = this.#tenants.get(tenant) ?? this.#newTenant(tenant);
    this.#raise(tenantSums, cost, isToday);
    this.#raise(this.#keys.get(keyId) ?? this.#newSums(this.#keys, keyId), cost, isToday);
    if (tenantSums === null || useCase === null) return;
    const { useCases } = tenantSums;
    this.#raise(useCases.get(useCase) ?? this.#newSums(useCases, useCase), cost, isToday);
  }

  #raise(sums: Sums | null, cost: NanoDollars, isToday: boolean): void {
    if (sums === null) return;
    sums.month += cost;
    if (!isToday) return;
    if (sums.day === this.#day) sums.today += cost;
    else {
      sums.day = this.#day;
      sums.today = cost;
    }
  }

  #today(sums: Sums | undefined): NanoDollars {
    return sums?.day === this.#day ? sums.today : 0;
  }

  #newTenant(tenant: string): TenantSums | null {
    if (!this.#hasRoom()) return null;
    const sums = { day: this.#day, today: 0, month: 0, useCases: new Map<string, Sums>() };
    this.#tenants.set(tenant, sums);
    return sums;
  }

  #newSums(all: Map<string, Sums>, name: string): Sums | null {
    if (!this.#hasRoom()) return null;
    const sums = { day: this.#day, today: 0, month: 0 };
    all.set(name, sums);
    return sums;
  }

  #hasRoom(): boolean {
    if (this.#size < this.#maxSums) {
      this.#size++;
      return true;
    }
    if (!this.#full) this.#onFull(this.#maxSums);
    this.#full = true;
    return false;
  }

  /**
   * To the day of `now`, which only requests and readers know: until one of them comes the sums of a day that is over
   * hurt nobody. Yesterday's are told by their day; those of another month are let go.
   */
  #turn(now: number): void {
    this.#day = dayStart(now);
    this.#dayEnd = this.#day + DAY_MS;
    if (now < this.#monthEnd) return;
    this.#month = monthStart(now);
    this.#monthEnd = monthEnd(now);
    this.#tenants.clear();
    this.#keys.clear();
    this.#size = 0;
    this.#full = false;
  }
}
