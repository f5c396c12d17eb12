/** What is done about a request that is too long, drawn. Owns the words; every fact comes from the explanation. */
import { counted } from "./format.ts";
import type { OverflowView } from "./gateway-answers.ts";
import { printable, type Terminal } from "./terminal.ts";

type Measure = OverflowView["withoutSummary"][number];

const PASSED_OVER: Readonly<Record<string, string>> = {
  no_larger_model: "none that holds it is left in the ladder",
  cannot_be_shortened: "it cannot be shortened so far",
  no_summary: "there is no summary",
  no_call_left: "no call would be left for the answer",
  over_ceiling: "it could cost more than the ceiling",
  nobody_serves_it: "nobody may serve what is left",
};

export function drawOverflow(view: OverflowView, terminal: Terminal): string {
  const whom = view.tooLongFor.map(
    ({ deployment, room }, i) => `${i === 0 ? "for " : ""}${deployment} (room for ${counted(room, "token")})`,
  );
  const size = [counted(view.messages, "message"), `about ${counted(view.inputTokens, "token")}`];
  const lines = [
    terminal.phrase("Too long  ", [...size, ...whom], ", "),
    ...drawMeasure(view, view.messages, terminal),
  ];
  for (const other of view.withoutSummary) {
    lines.push(`  ${terminal.paint("dim", "should the summary fail:")}`);
    lines.push(...drawMeasure(other, view.messages, terminal));
    if (other.fault) lines.push(`  ${terminal.paint("red", `refused: ${printable(other.fault.message)}`)}`);
  }
  return lines.join("\n");
}

function drawMeasure(view: Measure, all: number, terminal: Terminal): readonly string[] {
  const { how, passedOver, leftOut, remains, summary, first } = view;
  const lines = passedOver.map(({ measure, why }) => {
    const reason = printable(PASSED_OVER[why] ?? why);
    return `  ${terminal.paint("dim", `– ${printable(measure)}: ${reason}`)}`;
  });
  if (leftOut) {
    const indexes = leftOut.messages.map(({ index }) => index + 1);
    const what = `${counted(indexes.length, "message")} of ${all} (${runs(indexes)}), about ${counted(leftOut.tokens, "token")}`;
    lines.push(
      `  ${terminal.paint("yellow", printable(how))}: left out ${indexes.length === 1 ? "is" : "are"} ${what}`,
    );
  }
  if (summary) {
    const { deployment, region, estimatedInputTokens, estimatedOutputTokens, estimatedCostUsd } = summary;
    const cost = estimatedCostUsd === null ? "unpriced" : `at most $${estimatedCostUsd}`;
    const asked = `summed up by ${deployment} in ${region}: ${counted(estimatedInputTokens, "token")} in`;
    lines.push(terminal.phrase("    ", [asked, `${estimatedOutputTokens} out at most`, cost], ", "));
    lines.push("    whether that goes well is not known before it is asked");
  }
  if (remains) {
    const most = summary ? " at most" : "";
    lines.push(
      `    what remains: ${counted(remains.messages, "message")}, about ${counted(remains.tokens, "token")}${most}`,
    );
  }
  if (!remains && first) lines.push(`  ${terminal.paint("yellow", printable(how))}: it goes on whole`);
  if (first) lines.push(`    answered by ${printable(first.deployment)} (${printable(first.rung)})`);
  return lines;
}

/** Numbers in a row as one: `2–5, 8`. */
function runs(numbers: readonly number[]): string {
  const found: { from: number; to: number }[] = [];
  for (const number of numbers) {
    const last = found[found.length - 1];
    if (last && number === last.to + 1) last.to = number;
    else found.push({ from: number, to: number });
  }
  return found.map(({ from, to }) => (from === to ? String(from) : `${from}–${to}`)).join(", ");
}
