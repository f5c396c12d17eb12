/**
 * What is done about slowness and doubt, as it is written: hedging and exercise of a use case, probes of the
 * fleet. Owns their form and defaults.
 */
import { z } from "zod";
import { duration, id, milliseconds, ratio } from "./fields.ts";

export const hedge = z
  .strictObject({
    after: z
      .union([z.literal("p95"), duration])
      .prefault("p95")
      .describe(
        "How long the first call may be without content: a duration, or `p95`, what 19 of 20 calls of that " +
          "deployment needed lately.",
      ),
    max_share: ratio.prefault(0.05).describe("Share of the use case's requests that may be hedged."),
  })
  .describe(
    "Calls a second deployment of the same model when the first is slow to begin; the first that answers " +
      "wins. For requests of the interactive tier alone. Absent: no call is hedged.",
  );

export const exercise = z
  .strictObject({
    share: z
      .number()
      .gt(0)
      .max(0.5)
      .prefault(0.01)
      .describe("Share of requests that start at a later rung, half of them at the most."),
  })
  .describe(
    "Sends a few requests to a later rung first, so that it is known to work before it is needed. Absent: none.",
  );

const positive = duration.refine((text) => milliseconds(text) > 0, "must be longer than nothing");
const when = z.enum(["open", "always"]);

const everyText = "How often, give or take a quarter.";
const timeoutText = "How long the answer may take.";
const whenText =
  "`open`: while the circuit is not closed; `always`: also where no request came for as long as `every`.";

export const probes = z
  .strictObject({
    every: positive.prefault("30s").describe(everyText),
    timeout: positive.prefault("5s").describe(timeoutText),
    when: when.prefault("open").describe(whenText),
    prompt: z.string().min(1).max(200).prefault("ping").describe("What is asked. It is sent as it stands."),
    deployments: z
      .record(
        id,
        z.union([
          z.literal("off"),
          z.strictObject({
            every: positive.optional().describe(everyText),
            timeout: positive.optional().describe(timeoutText),
            when: when.optional().describe(whenText),
          }),
        ]),
      )
      .prefault({})
      .describe("Deployments by name that are probed otherwise, or `off`."),
  })
  .describe(
    "Small calls that the gateway makes by itself to learn whether a deployment works. They cost money and " +
      "count as no request. Absent: none.",
  );
