/** One request of a batch until it has an answer: backs off where the gateway says later, and gives up in time. */
import { sleep } from "../../core/clock.ts";
import { statedAndJitter } from "../../resilience/backoff.ts";
import { askInBackground } from "../background/ask-in-background.ts";
import type { InferAnswer } from "../background/infer.ts";
import type { WorkPorts } from "./batch-ports.ts";
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
  const { infer, clock, random, limits, report } = ports;
  const { batch, stop, cut } = run;
  for (let attempt = 0; ; attempt++) {
    // A place is held while the request is made, not while it waits: others go on meanwhile.
    if (!(await slots.take(stop))) return GIVEN_UP;
    const answer = await askInBackground(
      cut,
      (signal) => infer(batch.endpoint, request.body, batch.caller, signal),
      (thrown) => report(batch.id, thrown),
    ).finally(() => slots.give());
    if (answer === "unwanted") return GIVEN_UP;
    if (answer === "broken") return { kind: "broken" };
    const later = answer.status === 429 || answer.status === 503;
    if (!later || attempt === limits.retries) return { kind: "answered", answer };
    const wait = statedAndJitter(random, answer.retryAfterMs ?? 0, limits, attempt);
    if (!(await sleep(clock, wait, stop))) return GIVEN_UP;
  }
}
