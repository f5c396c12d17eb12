/**
 * This gateway at the fleet's board: its card renewed, orders over rollouts taken down and put up. Owns how often; what
 * is on a card and what an order does is decided elsewhere. Nothing that serves requests waits for it.
 */
import { type Clock, type Timer, within } from "../../core/clock.ts";
import { type FleetBoard, FleetBoardError } from "../../store/fleet-board.ts";
import { type OverrideBook, readOverride } from "../rollout/override-book.ts";
import { isNewer, type RolloutOverride } from "../rollout/overrides.ts";

export interface BoardRunnerPorts {
  readonly board: FleetBoard;
  readonly clock: Clock;
  readonly id: string;
  /** The card as of now. */
  card(): string;
  readonly book: OverrideBook | null;
  /** Another gateway's order counts from now on. */
  onOrder(override: RolloutOverride): Promise<void>;
  /** Told once when the board cannot be used, with the reason in one word, and once when it can be again. */
  onLost(reason: string): void;
  onReached(): void;
  /** How many gateways there are, this one among them, each time that somebody can tell. */
  onCounted?(replicas: number): void;
}

export interface BoardRunner {
  /** The card has changed, or an order was given here: both are put up at once. */
  changed(): void;
  /** Whether this gateway's card is up, and has been for as long as others need to put theirs up again. */
  sees(): boolean;
  /** Takes the card down, for a quarter of a second at the most. */
  stop(): Promise<void>;
}

/** An order that is given elsewhere is taken up within this and the time of two answers of the board. Milliseconds. */
const LOOK_EVERY_MS = 100;
const POST_EVERY_MS = 1000;
/** A gateway that is not heard of for so long is gone. */
const CARD_TTL_MS = 5000;
const FAREWELL_MS = 250;
/** So long after the start a board that is not there is said to be lost: a connection takes its time. */
const START_GRACE_MS = 5000;

export function startBoardRunner(ports: BoardRunnerPorts): BoardRunner {
  const { board, clock, id, book } = ports;
  let timer: Timer | null = null;
  let stopped = false;
  let postedAt = Number.NEGATIVE_INFINITY;
  let isDue = true;
  let reached: boolean | null = null;
  const graceEndsAt = clock.now() + START_GRACE_MS;
  let seesFrom = 0;
  let looking: Promise<void> = Promise.resolve();
  const sync = book && createOrderSync(ports, book);

  const sees = () => reached === true && clock.now() >= seesFrom;
  const reach = (): void => {
    if (reached === false) {
      seesFrom = clock.now() + CARD_TTL_MS;
      ports.onReached();
    }
    reached = true;
  };
  const lose = (thrown: unknown): void => {
    if (reached === false || (reached === null && clock.now() < graceEndsAt)) return;
    reached = false;
    ports.onLost(thrown instanceof FleetBoardError ? thrown.reason : "error");
  };
  const look = async (): Promise<void> => {
    try {
      await sync?.();
      if (isDue || clock.now() - postedAt >= POST_EVERY_MS) {
        isDue = false;
        postedAt = clock.now();
        const up = await board.post(id, ports.card(), CARD_TTL_MS);
        reach();
        if (sees()) ports.onCounted?.(up);
      }
      reach();
    } catch (thrown) {
      isDue = true;
      lose(thrown);
    }
  };
  const again = (): void => {
    timer = null;
    looking = look();
    void looking.then(() => {
      if (!stopped) timer = clock.after(isDue && reached ? 0 : LOOK_EVERY_MS, again);
    });
  };
  again();
  return {
    changed() {
      isDue = true;
      // Where a look is under way, the next one follows at once.
      if (timer === null || stopped) return;
      timer.cancel();
      again();
    },
    sees,
    async stop() {
      stopped = true;
      timer?.cancel();
      const farewell = looking.then(() => board.withdraw(id)).catch(() => undefined);
      await within(clock, FAREWELL_MS, farewell);
    },
  };
}

/** Of each rollout the newest order counts, here and at the board; one that has ended here is not taken up again. */
function createOrderSync({ board, id, onOrder }: BoardRunnerPorts, book: OverrideBook): () => Promise<void> {
  /** Taken down once each: a gateway whose text has not changed yet puts its order up again, and is right to. */
  const takenDown = new Set<string>();
  return async () => {
    const there = new Map<string, RolloutOverride>();
    for (const text of (await board.orders()).values()) {
      const override = readOverride(text);
      if (override) there.set(override.rollout, override);
    }
    for (const override of there.values()) {
      const { rollout, at, origin } = override;
      if (book.hasEnded(override)) {
        const name = `${rollout} ${at} ${origin}`;
        if (takenDown.has(name)) continue;
        takenDown.add(name);
        await board.removeOrder(rollout, override);
      } else if (await book.put(override)) await onOrder(override);
    }
    for (const override of book.all()) {
      if (!isNewer(override, there.get(override.rollout))) continue;
      if (book.isHeld(override)) await board.putOrder(override.rollout, override, JSON.stringify(override));
      else if (!there.has(override.rollout) && override.origin !== id) book.forget(override);
    }
  };
}
