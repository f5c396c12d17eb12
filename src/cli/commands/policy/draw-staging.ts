/** A version that is taking over by steps, as people read it. Owns the drawing. */
import type { z } from "zod";
import { instant } from "../../format.ts";
import { printable } from "../../terminal.ts";
import type { stagingView } from "./views.ts";

/** Three lines at the most, aligned with those of `policy status`. */
export function drawStaging(staging: z.output<typeof stagingView>): readonly string[] {
  const { version, actor, at, note, stage, endsAt, sourceWaits = false } = staging;
  const why = note ? `: ${note}` : "";
  const next =
    stage.next === null
      ? "complete in a moment"
      : `${stage.next.share} % at ${instant(stage.next.at)} UTC, all at ${instant(endsAt)} UTC`;
  const lines = [
    `Taking over  ${version}, by ${actor} at ${instant(at)} UTC${why}`,
    `Share        ${stage.share} % (step ${stage.step} of ${stage.steps}); ${next}`,
  ];
  if (sourceWaits)
    lines.push("Waiting      the source has another text by now, which is taken when this ends");
  return lines.map(printable);
}
