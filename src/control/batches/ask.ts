/** One request of a batch until it has an answer: backs off where the gateway says later, and gives up in time. */
import { type Clock, type Random, sleep } from "../../core/clock.ts";
import type { InferAnswer } from "../background/infer.ts";
import type { WorkLimits, WorkPorts } from "./batch-ports.ts";
import type { LineRequest } from "./check-line.ts";
import type { Run } from "./run.ts";
import type { Slots } from "./slots.ts";

export type Asked =
  | { readonly kind: "answered"; readonly answer: InferAnswer }
  /** The gateway itself failed on it. */
  | { readonly kind: "broken" }
  /** The batch stopped first, and the request has no result. */
  | { readonly kind: "given_up" };

const GIVEN_UP: Asked = Object.freeze({ kind: "given_up" });

/** Makes the request, and again after 429 and 503 up to `limits.retries` times; then such an answer stands. */
export async function ask(
  run: Run,
  request: LineRequest,
  slots: Slots,
  ports: Pick<WorkPorts, "infer" | "clock" | "random" | "limits" | "report">,
): Promise<Asked> {
  const { clock, random, limits } = ports;
  for (let attempt = 0; ; attempt++) {
    // A place is held while the request is made, not while it waits: others go on meanwhile.
    if (!(await slots.take(run.stop))) return GIVEN_UP;
    const answer = await once(run, request, ports).finally(() => slots.give());
    if (answer === "cut") return GIVEN_UP;
    if (answer === "broken") return { kind: "broken" };
    const later = answer.status === 429 || answer.status === 503;
    if (!later || attempt === limits.retries) return { kind: "answered", answer };
    const waited = await backOff(attempt, answer.retryAfterMs ?? 0, clock, random, limits, run.stop);
    if (!waited) return GIVEN_UP;
  }
}

function backOff(
  attempt: number,
  retryAfterMs: number,
  clock: Clock,
  random: Random,
  limits: WorkLimits,
  stop: AbortSignal,
): Promise<boolean> {
  const ceiling = Math.min(limits.backoffMaxMs, limits.backoffBaseMs * 2 ** attempt);
  const wish = Math.min(retryAfterMs, limits.retryAfterMaxMs);
  // The jitter comes on top of the wish, or everybody would come back in the same moment.
  return sleep(clock, wish + random() * ceiling, stop);
}

/** Does not wait for an answer that nobody wants, even where `infer` does not heed the signal. */
function once(
  { batch, cut }: Run,
  { body }: LineRequest,
  { infer, report }: Pick<WorkPorts, "infer" | "report">,
): Promise<InferAnswer | "broken" | "cut"> {
  if (cut.aborted) return Promise.resolve("cut");
  return new Promise((resolve) => {
    const onCut = (): void => resolve("cut");
    cut.addEventListener("abort", onCut, { once: true });
    const settle = (outcome: InferAnswer | "broken" | "cut"): void => {
      cut.removeEventListener("abort", onCut);
      resolve(cut.aborted ? "cut" : outcome);
    };
    infer(batch.endpoint, body, batch.caller, cut).then(settle, (thrown) => {
      if (!cut.aborted) report(batch.id, thrown);
      settle("broken");
    });
  });
}
