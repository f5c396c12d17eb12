/** Sums of what requests cost then and would cost now. Owns that what has no price is in no sum. */
import { formatUsd, type NanoDollars } from "../../core/money.ts";
import type { CostComparison } from "./report.ts";

export class CostLedger {
  #compared = 0;
  #before = 0;
  #after = 0;
  #unpricedBefore = 0;
  #unpricedAfter = 0;

  /** Null: it has no price. */
  add(before: NanoDollars | null, after: NanoDollars | null): void {
    if (before === null) this.#unpricedBefore++;
    if (after === null) this.#unpricedAfter++;
    if (before === null || after === null) return;
    this.#compared++;
    this.#before += before;
    this.#after += after;
  }

  comparison(): CostComparison {
    return {
      compared: this.#compared,
      beforeUsd: formatUsd(this.#before),
      afterUsd: formatUsd(this.#after),
      differenceUsd: formatUsd(this.#after - this.#before),
      unpricedBefore: this.#unpricedBefore,
      unpricedAfter: this.#unpricedAfter,
    };
  }
}
