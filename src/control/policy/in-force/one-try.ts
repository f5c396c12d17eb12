/**
 * One try at an act on the policy, upon the newest state that is known. Owns that a try which another gateway was faster
 * than can be told from one that has come to its end.
 */
import type { PolicyTurn } from "./policy-control.ts";

/** Another gateway has written before this one could: nothing has changed, and upon its state the act may succeed. */
export interface Overtaken {
  readonly result: "overtaken";
}

type Writing = "replace" | "stage" | "finishStaging" | "dropStaging";

/** What a turn can do, by acts that say themselves when they were overtaken. */
export type TurnActs = Pick<PolicyTurn, "head" | "pin"> & {
  readonly [Act in Writing]: (
    ...told: Parameters<PolicyTurn[Act]>
  ) => Promise<Awaited<ReturnType<PolicyTurn[Act]>> | Overtaken>;
};

export interface Try {
  readonly turn: PolicyTurn;
  /** Whether an act of this turn was. To whoever does the turn's work it is a conflict. */
  readonly overtaken: boolean;
}

export function oneTry(acts: TurnActs): Try {
  let overtaken = false;
  async function watched<Done extends { readonly result: string } | null>(act: Promise<Done | Overtaken>) {
    const done = await act;
    if (!isOvertaken(done)) return done;
    overtaken = true;
    return { result: "conflict" } as const;
  }
  return {
    get overtaken() {
      return overtaken;
    },
    turn: {
      get head() {
        return acts.head;
      },
      pin: acts.pin,
      replace: (documents, act) => watched(acts.replace(documents, act)),
      stage: (sources, schedule, act) => watched(acts.stage(sources, schedule, act)),
      finishStaging: (act) => watched(acts.finishStaging(act)),
      dropStaging: (act, details) => watched(acts.dropStaging(act, details)),
    },
  };
}

function isOvertaken(done: { readonly result: string } | null): done is Overtaken {
  return done?.result === "overtaken";
}
