/**
 * What gateways of one fleet pin up for each other, as a port: a card of each, gone when its owner is, and orders that
 * hold for all. Owns the shapes; what is on a card and in an order is their authors' business. Nothing that serves
 * requests waits for it.
 */

export interface FleetBoard {
  /**
   * Puts this gateway's card up, or renews it; it is gone after `ttlMs`. How many are up then, this one among them.
   * Rejects where it cannot be.
   */
  post(id: string, card: string, ttlMs: number): Promise<number>;
  /** Takes it down. Rejects where it cannot be. */
  withdraw(id: string): Promise<void>;
  /** By id, those that are not gone. Rejects where nobody knows. */
  cards(): Promise<ReadonlyMap<string, string>>;
  /** Keeps `order` under `key`, where its `stamp` is later than that of the one there. Rejects where it cannot. */
  putOrder(key: string, stamp: OrderStamp, order: string): Promise<void>;
  /** Takes the order of that stamp down; a later one stays. */
  removeOrder(key: string, stamp: OrderStamp): Promise<void>;
  /** By key. Rejects where nobody knows. */
  orders(): Promise<ReadonlyMap<string, string>>;
  close(): Promise<void>;
}

/** What a board rejects with. `reason`: one word for a log, without address or secret. */
export class FleetBoardError extends Error {
  readonly reason: string;

  constructor(reason: string) {
    super(`The fleet's board cannot be used: ${reason}.`);
    this.reason = reason;
  }
}

/** Of two the later counts; of the same time, that of the greater origin. */
export interface OrderStamp {
  readonly at: number;
  readonly origin: string;
}
