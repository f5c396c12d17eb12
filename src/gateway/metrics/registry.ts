/**
 * Counters, gauges and histograms in Prometheus' text format 0.0.4. Owns the arithmetic and the rendering;
 * knows no metric by name. Ours because a sample must cost tens of nanoseconds: see docs/adr.
 */

type LabelValues = readonly string[];
/** Values of a metric's labels in their order: six at the most, since a list would be made anew for every sample. */
type Labels = readonly [a?: string, b?: string, c?: string, d?: string, e?: string, f?: string];

export interface Counter {
  add(value: number, ...labels: Labels): void;
}

export interface Histogram {
  observe(value: number, ...labels: Labels): void;
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
  /** In the order of their making, for the documentation. */
  readonly families: readonly MetricFamily[];
  render(): string;
}

/** One metric as it is described, without its samples. */
export interface MetricFamily {
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly help: string;
  readonly labels: readonly string[];
}

/** Series of one metric; what comes after is counted under `other`, so that no caller can grow memory. */
const MAX_SERIES = 2000;
const OTHER = "other";

interface Family extends MetricFamily {
  renderSamples(lines: string[]): void;
}

export function createRegistry(): Registry {
  const families: Family[] = [];
  return {
    counter(name, help, labels) {
      const series = createSeries(labels, () => ({ total: 0 }));
      families.push({
        name,
        type: "counter",
        help,
        labels,
        renderSamples(lines) {
          for (const [suffix, cell] of series.all()) lines.push(`${name}${braces(suffix)} ${cell.total}`);
        },
      });
      return {
        add(value, a, b, c, d, e, f) {
          series.at(a, b, c, d, e, f).total += value;
        },
      };
    },
    gauge(name, help, labels, read) {
      families.push({
        name,
        type: "gauge",
        help,
        labels,
        renderSamples(lines) {
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
      families.push({
        name,
        type: "histogram",
        help,
        labels,
        renderSamples: (lines) => renderHistogram(lines, name, buckets, series.all()),
      });
      return {
        observe(value, a, b, c, d, e, f) {
          const cell = series.at(a, b, c, d, e, f);
          let bucket = 0;
          while (bucket < buckets.length && value > (buckets[bucket] ?? Infinity)) bucket++;
          cell.counts[bucket] = (cell.counts[bucket] ?? 0) + 1;
          cell.sum += value;
        },
      };
    },
    families,
    render() {
      const lines: string[] = [];
      for (const family of families) {
        lines.push(`# HELP ${family.name} ${family.help}`, `# TYPE ${family.name} ${family.type}`);
        family.renderSamples(lines);
      }
      return `${lines.join("\n")}\n`;
    },
  };
}

interface Series<Cell> {
  at(...labels: Labels): Cell;
  /** Label text without braces, and the cell. */
  all(): Iterable<readonly [string, Cell]>;
}

/** A tree with one level a label: finding a series builds no key. */
interface Branch<Cell> {
  readonly branches: Map<string, Branch<Cell>>;
  cell: Cell | null;
}

function createSeries<Cell>(labels: readonly string[], create: () => Cell): Series<Cell> {
  const root: Branch<Cell> = { branches: new Map(), cell: null };
  const cells: (readonly [LabelValues, Cell])[] = [];
  let other: Cell | null = null;
  const at = (a?: string, b?: string, c?: string, d?: string, e?: string, f?: string): Cell => {
    const third = branchAt(branchAt(branchAt(root, a), b), c);
    const branch = branchAt(branchAt(branchAt(third, d), e), f);
    return branch?.cell ?? add(labels.map((_, i) => [a, b, c, d, e, f][i] ?? ""));
  };
  const add = (values: LabelValues): Cell => {
    if (cells.length < MAX_SERIES) return put(values);
    other ??= put(labels.map(() => OTHER));
    return other;
  };
  const put = (values: LabelValues): Cell => {
    let branch = root;
    for (const value of values) {
      let next = branch.branches.get(value);
      if (!next) {
        next = { branches: new Map(), cell: null };
        branch.branches.set(value, next);
      }
      branch = next;
    }
    if (branch.cell === null) {
      branch.cell = create();
      cells.push([values, branch.cell]);
    }
    return branch.cell;
  };
  return {
    at,
    *all() {
      for (const [values, cell] of cells) yield [labelText(labels, values), cell] as const;
    },
  };
}

function branchAt<Cell>(
  branch: Branch<Cell> | undefined,
  label: string | undefined,
): Branch<Cell> | undefined {
  return branch === undefined || label === undefined ? branch : branch.branches.get(label);
}

function renderHistogram(
  lines: string[],
  name: string,
  buckets: readonly number[],
  cells: Iterable<readonly [string, { readonly counts: Float64Array; readonly sum: number }]>,
): void {
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
