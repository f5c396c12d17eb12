/** The arm, the shadows and the flags of a request, drawn. Owns the picture; every fact comes from the explanation. */
import { instant } from "./format.ts";
import type { ExplanationView } from "./gateway-answers.ts";
import { headless } from "./headless-table.ts";
import { type Cell, printable, type Terminal } from "./terminal.ts";

type Rollout = NonNullable<ExplanationView["rollout"]>;

const WHY: Readonly<Record<string, string>> = {
  weight: "by weight",
  drawn: "drawn anew for each request",
  live: "the live one",
  asked: "as asked with --arm",
};

/** Sections in order; none where no rollout, shadow or flag concerns the request. */
export function drawRollouts(view: ExplanationView, terminal: Terminal): readonly string[] {
  const sections: string[] = [];
  if (view.rollout) sections.push(drawRollout(view.rollout, view.override ?? null, terminal));
  if (view.shadows.length > 0) {
    const rows = view.shadows.map(({ rollout, deployment, model }): Cell[] => [
      "",
      rollout,
      deployment,
      model,
    ]);
    sections.push(`Shadows   would get a copy, unseen by the caller\n${headless(terminal, 4, rows)}`);
  }
  if (view.flags.length > 0) {
    const rows = view.flags.map(({ flag, value, variant, reason }): Cell[] => [
      "",
      flag,
      { text: String(value), style: "bold" },
      variant ?? "-",
      { text: reason, style: "dim" },
    ]);
    sections.push(`Flags     as this request sees them\n${headless(terminal, 5, rows)}`);
  }
  return sections;
}

function drawRollout(
  rollout: Rollout,
  override: ExplanationView["override"] | null,
  terminal: Terminal,
): string {
  const { kind, arm, why, sticky, prompt, parameters } = rollout;
  const keeps = sticky === "request" ? "nobody keeps an arm" : `sticky by ${sticky}`;
  const head = `${terminal.paint("bold", printable(`${rollout.rollout}/${arm}`))} ${printable(`${kind}, ${WHY[why] ?? why}, ${keeps}`)}`;
  const rows = rollout.arms.map(({ arm: name, weight, bucket }): Cell[] => [
    "",
    name === arm ? { text: "✓", style: "green" } : { text: "–", style: "dim" },
    name,
    `${weight} %`,
    { text: bucket === null ? "" : `has this key from ${bucket} % on`, style: "dim" },
  ]);
  const lines = [`Rollout   ${head}`, headless(terminal, 5, rows)];
  const changes = [...(prompt === null ? [] : [`system prompt ${prompt}`]), ...parameters];
  if (changes.length > 0) lines.push(`          sets ${printable(changes.join(", "))}`);
  if (override) {
    const { verb, actor, at, values } = override;
    const words = `by order of ${actor} (${verb}, ${instant(at)} UTC), over the text: ${values.join(", ")}`;
    lines.push(`          ${terminal.paint("yellow", printable(words))}`);
  }
  return lines.join("\n");
}
