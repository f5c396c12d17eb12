/**
 * `npm run bench:policy`: what the policy costs, in routing and in being changed, one file a measure. Prints a line
 * for each figure and, as its last line, one JSON object. Takes about a minute.
 */
import { measureActivation } from "./policy/activation.ts";
import { measureArms } from "./policy/arm.ts";
import { measureComplexity } from "./policy/complexity.ts";
import type { Measure } from "./policy/measure.ts";
import { measureRollbackByCommand } from "./policy/rollback.ts";
import { measureRouting } from "./policy/route.ts";
import { endEverythingOnExit } from "./processes.ts";

const MEASURES: readonly (() => Measure | Promise<Measure>)[] = [
  measureRouting,
  measureArms,
  measureComplexity,
  measureActivation,
  measureRollbackByCommand,
];

endEverythingOnExit();
let figures: Readonly<Record<string, unknown>> = {};
for (const measure of MEASURES) {
  const { lines, figures: more } = await measure();
  for (const [what, figure] of lines) console.log(what.padEnd(52), figure);
  figures = { ...figures, ...more };
}
console.log(JSON.stringify(figures));
process.exit(0);
