/** This gateway among its replicas: its card, the fleet's board where there is one, and what orders from there do. */
import { hostname } from "node:os";
import { aliasOfSubject } from "../control/alias/open-alias.ts";
import { startBoardRunner } from "../control/fleet/board-runner.ts";
import { listReplicas, type ReplicaList } from "../control/fleet/list-replicas.ts";
import { cardOf, type ReplicaCard } from "../control/fleet/replica-card.ts";
import type { PolicyControl } from "../control/policy/in-force/policy-control.ts";
import type { OverrideBook } from "../control/rollout/override-book.ts";
import { authorityOf } from "../core/authority.ts";
import type { Clock } from "../core/clock.ts";
import type { FleetBoard } from "../store/fleet-board.ts";
import type { Log } from "./log.ts";

export interface ReplicaParts {
  readonly id: string;
  readonly startedAt: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly control: PolicyControl;
  readonly book: OverrideBook | null;
  /** Null: this gateway shares nothing. Whoever opened it closes it, when this has stopped. */
  readonly board: FleetBoard | null;
  /** How many gateways there are, told again and again. */
  onCounted(replicas: number): void;
}

export interface Replicas {
  list(): Promise<ReplicaList>;
  /** It listens from now on. */
  listening(host: string, port: number): void;
  /** Another version, or another share of it, serves. */
  changed(): void;
  stop(): Promise<void>;
}

export function startReplicas(parts: ReplicaParts): Replicas {
  const { id, startedAt, clock, log, control, book, board } = parts;
  let address: string | null = null;
  const card = (): ReplicaCard => {
    const { digest } = control.snapshot();
    return cardOf({ id, address, startedAt, digest, status: control.status() }, clock.now());
  };
  const runner =
    board &&
    startBoardRunner({
      board,
      clock,
      id,
      book,
      card: () => JSON.stringify(card()),
      async onOrder({ rollout, verb, actor, note, origin }) {
        log("info", "rollout_order_taken", { rollout, verb, actor, from: origin });
        await control.recompile(actor, aliasOfSubject(rollout) === null ? "rollout" : "alias", note);
      },
      onReached: () => log("info", "fleet_board_reached"),
      onCounted: parts.onCounted,
      onLost: (reason) => log("warn", "fleet_board_lost", { reason }),
    });
  return {
    list: () => listReplicas(board, card(), runner?.sees() ?? false),
    listening(host, port) {
      // Others are told a name that means something to them.
      const name = host === "0.0.0.0" || host === "::" ? hostname() : host;
      address = `http://${authorityOf(name, port)}`;
      runner?.changed();
    },
    changed: () => runner?.changed(),
    stop: async () => runner?.stop(),
  };
}
