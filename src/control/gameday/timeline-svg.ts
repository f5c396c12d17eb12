/**
 * A drill second by second as a drawing: requests by who served them, the slowest hundredth, faults as bands,
 * circuits as lanes. Owns the geometry; how marks look is marks.ts's.
 */
import { escapeHtml } from "./escape-html.ts";
import { fillOf, renderPatterns } from "./marks.ts";
import type { Timeline } from "./report.ts";
import { SERVED } from "./tally.ts";

const WIDTH = 980;
const LEFT = 170;
const RIGHT = 12;
const BARS = { top: 8, height: 200 };
const LINE = { gap: 26, height: 60 };
const LANE = { gap: 26, height: 16, step: 22 };

/** `lastedS`: seconds that the load lasted, which is where open circuits end. */
export function renderTimeline(timeline: Timeline, lastedS: number): string {
  const count = Math.max(1, timeline.seconds.length);
  const scale = (WIDTH - LEFT - RIGHT) / count;
  const at = (ms: number): number => LEFT + Math.min(count, Math.max(0, ms / 1000)) * scale;
  const lineTop = BARS.top + BARS.height + LINE.gap;
  const lanesTop = lineTop + LINE.height + LANE.gap;
  const faults = timeline.faults.filter(({ bands }) => bands.length > 0);
  const circuitsTop = lanesTop + faults.length * LANE.step;
  const height = circuitsTop + timeline.circuits.length * LANE.step + 26;
  const parts = [
    ...bandsBehind(faults, at, lineTop + LINE.height),
    ...bars(timeline, scale),
    ...slowest(timeline, scale, lineTop),
    ...faultLanes(faults, at, lanesTop),
    ...circuitLanes(timeline, at, circuitsTop, lastedS * 1000),
    ...axis(count, scale, height - 8),
  ];
  const label = "Requests by who served them, second by second, with faults and circuits";
  const head = `<svg class="timeline" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${label}">`;
  return `${head}<defs>${renderPatterns()}</defs>${parts.join("")}</svg>`;
}

type At = (ms: number) => number;
type Faults = Timeline["faults"];

function bandsBehind(faults: Faults, at: At, bottom: number): readonly string[] {
  return faults.flatMap(({ bands }) =>
    bands.map(({ startMs, endMs }) => {
      const [from, to] = [at(startMs), at(endMs)];
      return box(from, BARS.top, to - from, bottom - BARS.top, fillOf("fault"), null);
    }),
  );
}

function bars({ seconds }: Timeline, scale: number): readonly string[] {
  const totals = seconds.map((second) => SERVED.reduce((sum, served) => sum + second[served], 0));
  const most = Math.max(1, ...totals);
  const parts = [label("requests a second", BARS.top + 12), label(String(most), BARS.top + 27, "soft")];
  for (const [index, second] of seconds.entries()) {
    let bottom = BARS.top + BARS.height;
    for (const served of SERVED) {
      const count = second[served];
      if (count === 0) continue;
      const tall = (count / most) * BARS.height;
      bottom -= tall;
      const title = `second ${index}: ${count} ${served}`;
      parts.push(box(LEFT + index * scale, bottom, Math.max(0.5, scale - 1), tall, fillOf(served), title));
    }
  }
  return parts;
}

function slowest({ seconds }: Timeline, scale: number, top: number): readonly string[] {
  const most = Math.max(1, ...seconds.map((second) => second.p99_ms ?? 0));
  const points = seconds.flatMap((second, index) => {
    if (second.p99_ms === null) return [];
    const y = top + LINE.height * (1 - second.p99_ms / most);
    return [`${fixed(LEFT + (index + 0.5) * scale)},${fixed(y)}`];
  });
  return [
    label("p99 latency", top + 12),
    label(`${Math.round(most)} ms`, top + 27, "soft"),
    `<polyline points="${points.join(" ")}" fill="none" stroke="var(--ink)" stroke-width="1.5"/>`,
  ];
}

function faultLanes(faults: Faults, at: At, top: number): readonly string[] {
  return faults.flatMap(({ name, kind, bands }, index) => {
    const y = top + index * LANE.step;
    const boxes = bands.map(({ startMs, endMs }) => {
      const title = `${name} (${kind}): ${startMs / 1000} s to ${endMs / 1000} s`;
      return box(at(startMs), y, at(endMs) - at(startMs), LANE.height, fillOf("fault"), title, "var(--soft)");
    });
    return [label(name, y + 12), ...boxes];
  });
}

function circuitLanes({ circuits }: Timeline, at: At, top: number, endMs: number): readonly string[] {
  return circuits.flatMap(({ deployment, changes }, index) => {
    const y = top + index * LANE.step;
    const boxes = changes.flatMap(({ atMs, state }, change) => {
      const untilMs = Math.max(atMs, changes[change + 1]?.atMs ?? endMs);
      const title = `${deployment} ${state}: ${atMs / 1000} s to ${untilMs / 1000} s`;
      if (state === "closed") return [];
      const width = Math.max(1, at(untilMs) - at(atMs));
      return [box(at(atMs), y, width, LANE.height, fillOf(state), title, "var(--soft)")];
    });
    const rail = `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y + 8}" y2="${y + 8}" stroke="var(--line)"/>`;
    return [label(deployment, y + 12), rail, ...boxes];
  });
}

function axis(count: number, scale: number, y: number): readonly string[] {
  const every = [1, 2, 5, 10, 30, 60, 300, 600].find((step) => step * scale >= 34) ?? 1200;
  const marks: string[] = [];
  for (let second = 0; second <= count; second += every) {
    const x = fixed(LEFT + second * scale);
    marks.push(`<text x="${x}" y="${y}" text-anchor="middle" class="soft">${second} s</text>`);
  }
  return marks;
}

const MAX_LABEL = 26;

function label(text: string, y: number, kind = ""): string {
  const short = text.length > MAX_LABEL ? `${text.slice(0, MAX_LABEL - 1)}…` : text;
  return `<text x="0" y="${fixed(y)}" class="${kind}">${escapeHtml(short)}</text>`;
}

function box(
  x: number,
  y: number,
  width: number,
  height: number,
  fill: string,
  title: string | null,
  edge: string | null = null,
): string {
  const place = `x="${fixed(x)}" y="${fixed(y)}" width="${fixed(width)}" height="${fixed(height)}"`;
  const stroke = edge === null ? "" : ` stroke="${edge}"`;
  const inside = title === null ? "/>" : `><title>${escapeHtml(title)}</title></rect>`;
  return `<rect ${place} fill="${fill}"${stroke}${inside}`;
}

function fixed(value: number): string {
  return String(Math.round(value * 100) / 100);
}
