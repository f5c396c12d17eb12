/**
 * Where a staged activation is written down, so that it outlasts the process: in the store where the policy lives
 * there, and every gateway on it follows; else in a file of this gateway's own. Owns what each move writes.
 */
import type { ActivationPlan } from "../../../core/activation-plan.ts";
import type { Clock, Timer } from "../../../core/clock.ts";
import { codeOf } from "../../../core/thrown.ts";
import type { PolicyText } from "../../../policy/reading/load.ts";
import { StoreError } from "../../../store/store-error.ts";
import type { StagedOffer } from "../sources/source.ts";
import { documentsWith, holdsTexts } from "../store-documents.ts";
import type { StoredPolicy } from "../stored-policy.ts";

/** As one gateway keeps it. */
export interface KeptStaging {
  readonly plan: ActivationPlan;
  readonly older: readonly PolicyText[];
  readonly newer: readonly PolicyText[];
  /** Of what the source said when it began. */
  readonly sourceDigest: string;
}

export interface StagingMove {
  /** What is staged until now, by the id of its plan; null: nothing is. */
  readonly from: string | null;
  /** `begin`: `staged` is under way. `finish`: its texts are the policy. `drop`: those of before stay. */
  readonly to: "begin" | "finish" | "drop";
  readonly staged: StagedOffer;
  readonly older: readonly PolicyText[];
  readonly sourceDigest: string;
  readonly actor: string;
  readonly note: string | null;
}

/**
 * `conflict`: something else is staged than was taken for granted. `overtaken`: another gateway has written first.
 * `behind`: what the store has could not be put in force here.
 */
export type Written = "written" | "conflict" | "overtaken" | "behind";

export interface StagingPlace {
  /** It is the policy's source as well: other gateways follow, and nothing need be pinned. */
  readonly isSource: boolean;
  /** Unless it is `written`, nothing has changed. Rejects where it cannot be written. */
  write(move: StagingMove): Promise<Written>;
}

export function storePlace(stored: StoredPolicy, environment: string | null): StagingPlace {
  return {
    isSource: true,
    async write({ from, to, staged, older, actor, note }) {
      const { head } = stored;
      if (!head || (head.staged?.plan.id ?? null) !== from) return "conflict";
      // What this gateway could not put in force is not taken over from.
      if (from === null && !holdsTexts(head.documents, environment, older)) return "behind";
      // What is staged may be another environment's: its texts are as whoever began it wrote them.
      const documents = head.staged?.documents ?? documentsWith(head.documents, staged.sources, environment);
      const begun = to === "begin" ? { plan: staged.plan, documents } : null;
      const isFinished = to === "finish";
      const written = await stored.write(
        isFinished ? { actor, note, via: "activate", documents } : { ...head, staged: begun },
      );
      return written ? "written" : "overtaken";
    },
  };
}

const AGAIN_MS = 1000;

/**
 * `save`: keeps it over restarts; null: there is none any more. A plan that the disk does not let go of is tried until it
 * is gone or another has its place: a later start would go on with what is over.
 */
export function ownPlace(
  save: (kept: KeptStaging | null) => Promise<void>,
  clock: Pick<Clock, "after">,
): StagingPlace {
  let isStale = false;
  let timer: Timer | null = null;
  let last: Promise<void> = Promise.resolve();
  const write = async (kept: KeptStaging | null): Promise<void> => {
    timer?.cancel();
    if (kept === null) isStale = true;
    try {
      await save(kept);
      isStale = false;
    } finally {
      if (isStale) timer = clock.after(AGAIN_MS, () => void inTurn(again).catch(() => {}));
    }
  };
  // Another may have taken its place meanwhile.
  const again = async (): Promise<void> => {
    if (isStale) await write(null);
  };
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    const done = last.then(work);
    last = done.catch(() => {});
    return done;
  };
  return {
    isSource: false,
    async write({ to, staged, older, sourceDigest }) {
      const kept = to === "begin" ? { plan: staged.plan, older, newer: staged.sources, sourceDigest } : null;
      await inTurn(() => write(kept));
      return "written";
    },
  };
}

/** The gateway's own folder did not take what an activation has to leave there. */
export function notKept(thrown: unknown): StoreError {
  if (thrown instanceof StoreError) return thrown;
  const code = codeOf(thrown);
  const isFull = code === null || !BARRED.has(code);
  const fix = isFull ? "Make room on its disk" : "Let the gateway write there";
  const why = code === null ? "" : ` (${code})`;
  return new StoreError(
    isFull ? "disk" : "inaccessible",
    `The activation cannot be written down in the data directory${why}: nothing has changed. ${fix}, and try again.`,
  );
}

const BARRED: ReadonlySet<string> = new Set(["EACCES", "EPERM", "EROFS", "ENOTDIR", "ENOENT"]);
