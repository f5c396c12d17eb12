/**
 * Counters, gauges and histograms in Prometheus' text format 0.0.4. Owns the arithmetic and the rendering;
 * knows no metric by name. Ours because a sample must cost tens of nanoseconds: see docs/adr.
 */

type LabelValues = readonly string[];

export interface Counter {
  add(value: number, ...labels: LabelValues): void;
}

export interface Histogram {
  observe(value: number, ...labels: LabelValues): void;
}

export interface Registry {
  counter(name: string, help: string, labels: readonly string[]): Counter;
  /** Read at scrape time: rows of label values and a value. */
  gauge(
    name: string,
    help: string,
    labels: readonly string[],
    read: () => Iterable<readonly [LabelValues, number]>,
  ): void;
  histogram(name: string, help: string, labels: readonly string[], buckets: readonly number[]): Histogram;
  render(): string;
}

/** Series of one metric; what comes after is counted under `other`, so that no caller can grow memory. */
const MAX_SERIES = 2000;
const OTHER = "other";
/** A character that no label value of ours holds. */
const SEPARATOR = "\u0001";

interface Family {
  render(lines: string[]): void;
}

export function createRegistry(): Registry {
  const families: Family[] = [];
  return {
    counter(name, help, labels) {
      const series = createSeries(labels, () => ({ total: 0 }));
      families.push({
        render(lines) {
          lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} counter`);
          for (const [suffix, cell] of series.all()) lines.push(`${name}${braces(suffix)} ${cell.total}`);
        },
      });
      return {
        add(value, ...values) {
          series.at(values).total += value;
        },
      };
    },
    gauge(name, help, labels, read) {
      families.push({
        render(lines) {
          lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} gauge`);
          for (const [values, value] of read()) {
            lines.push(`${name}${braces(labelText(labels, values))} ${value}`);
          }
        },
      });
    },
    histogram(name, help, labels, buckets) {
      const series = createSeries(labels, () => ({
        counts: new Float64Array(buckets.length + 1),
        sum: 0,
      }));
      families.push({ render: (lines) => renderHistogram(lines, name, help, buckets, series.all()) });
      return {
        observe(value, ...values) {
          const cell = series.at(values);
          let bucket = 0;
          while (bucket < buckets.length && value > (buckets[bucket] ?? Infinity)) bucket++;
          cell.counts[bucket] = (cell.counts[bucket] ?? 0) + 1;
          cell.sum += value;
        },
      };
    },
    render() {
      const lines: string[] = [];
      for (const family of families) family.render(lines);
      return `${lines.join("\n")}\n`;
    },
  };
}

interface Series<Cell> {
  at(values: LabelValues): Cell;
  /** Label text without braces, and the cell. */
  all(): Iterable<readonly [string, Cell]>;
}

function createSeries<Cell>(labels: readonly string[], create: () => Cell): Series<Cell> {
  const cells = new Map<string, readonly [LabelValues, Cell]>();
  const overflow = labels.map(() => OTHER);
  const at = (values: LabelValues): Cell => {
    const key = values.length === 1 ? (values[0] ?? "") : values.join(SEPARATOR);
    const known = cells.get(key);
    if (known) return known[1];
    if (cells.size >= MAX_SERIES && values !== overflow) return at(overflow);
    const cell = create();
    cells.set(key, [values, cell]);
    return cell;
  };
  return {
    at,
    *all() {
      for (const [values, cell] of cells.values()) yield [labelText(labels, values), cell] as const;
    },
  };
}

function renderHistogram(
  lines: string[],
  name: string,
  help: string,
  buckets: readonly number[],
  cells: Iterable<readonly [string, { readonly counts: Float64Array; readonly sum: number }]>,
): void {
  lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} histogram`);
  for (const [suffix, cell] of cells) {
    const prefix = suffix === "" ? "" : `${suffix},`;
    let cumulative = 0;
    for (let i = 0; i <= buckets.length; i++) {
      cumulative += cell.counts[i] ?? 0;
      lines.push(`${name}_bucket{${prefix}le="${buckets[i] ?? "+Inf"}"} ${cumulative}`);
    }
    lines.push(`${name}_sum${braces(suffix)} ${cell.sum}`, `${name}_count${braces(suffix)} ${cumulative}`);
  }
}

function braces(suffix: string): string {
  return suffix === "" ? "" : `{${suffix}}`;
}

function labelText(labels: readonly string[], values: LabelValues): string {
  return labels.map((label, i) => `${label}="${escapeLabel(values[i] ?? "")}"`).join(",");
}

function escapeLabel(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
