/** What a figure is measured with. Owns the shape that main.ts fills and the measuring files read. */
import type { FigureName, Figures } from "./figures.ts";
import type { Gateway, StartGateway } from "./gateway.ts";
import type { Target } from "./load.ts";
import type { PolicyPorts } from "./policy/bench-policy.ts";
import type { Settings } from "./settings.ts";

export interface Bench {
  readonly settings: Settings;
  readonly ports: PolicyPorts;
  /** The upstream that answers at once, asked directly. */
  readonly upstream: Target;
  /** Peers that could be started, in the order of the table. */
  readonly peers: readonly Target[];
  /** Pointsman, or what stands in for it; null where it did not start. */
  readonly subject: Gateway | null;
  readonly startSubject: StartGateway;
  /** Filled in by the measuring functions. */
  readonly figures: Figures;
  /** Figures for which the machine was too busy or the run too short; a bar says nothing about them. */
  readonly doubtful: Set<FigureName>;
  /** A line of the report about something that is not in the table. */
  note(line: string): void;
}

/** The running subject, for figures that make no sense without it. */
export function subjectOf(bench: Bench): Gateway {
  if (bench.subject === null) throw new Error("Pointsman is not running");
  return bench.subject;
}

export type Measure = (bench: Bench) => Promise<void>;
