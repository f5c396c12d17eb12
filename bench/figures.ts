/** The figures by name, each null until it is measured. Owns the shape of the bench's last line. */

/** Microseconds of CPU a request, by gateway. */
export interface CpuFigures {
  pointsman: number | null;
  bare_proxy: number | null;
  nginx: number | null;
  portkey: number | null;
}

export interface Figures {
  cpu_us: CpuFigures;
  /** Milliseconds added at 1,000 requests a second. */
  added_ms: { p50: number | null; p99: number | null };
  /** Wall time of 2,000 slow streams at once over that of one. */
  streams_2000_ratio: number | null;
  cpu_us_per_chunk: number | null;
  rss_ratio: number | null;
  start_ms: number | null;
}

export const FIGURE_NAMES = ["cpu", "latency", "chunks", "streams", "memory", "start"] as const;
export type FigureName = (typeof FIGURE_NAMES)[number];

export function noFigures(): Figures {
  return {
    cpu_us: { pointsman: null, bare_proxy: null, nginx: null, portkey: null },
    added_ms: { p50: null, p99: null },
    streams_2000_ratio: null,
    cpu_us_per_chunk: null,
    rss_ratio: null,
    start_ms: null,
  };
}
