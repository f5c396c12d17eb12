/** A strict reader of Prometheus' text format 0.0.4. Throws at the first line that does not keep it. */

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Family {
  readonly name: string;
  readonly type: string;
  readonly samples: readonly Sample[];
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\\\|\\"|\\n)*)"(,|$)/y;
const TYPES = ["counter", "gauge", "histogram"];

/** Families in the order of the text; each has HELP and TYPE before its samples, which are all different. */
export function parsePrometheus(text: string): ReadonlyMap<string, Family> {
  if (!text.endsWith("\n")) throw new Error("The text does not end with a line feed.");
  const families = new Map<string, Family & { samples: Sample[] }>();
  const seen = new Set<string>();
  let current: (Family & { samples: Sample[] }) | null = null;
  let helped = "";
  for (const line of text.slice(0, -1).split("\n")) {
    const complain = (what: string): never => {
      throw new Error(`${what}: ${line}`);
    };
    const [hash, keyword, name = "", rest = ""] = line.split(" ");
    if (hash === "#" && keyword === "HELP") {
      if (!NAME.test(name) || rest === "") complain("bad HELP");
      helped = name;
    } else if (hash === "#" && keyword === "TYPE") {
      if (name !== helped || !TYPES.includes(rest) || families.has(name)) complain("bad TYPE");
      current = { name, type: rest, samples: [] };
      families.set(name, current);
    } else {
      const sample = parseSample(line) ?? complain("bad sample");
      if (current === null || !belongs(sample.name, current)) complain("a sample outside its family");
      const series = `${sample.name} ${JSON.stringify(Object.entries(sample.labels).sort())}`;
      if (seen.has(series)) complain("the same series twice");
      seen.add(series);
      current?.samples.push(sample);
    }
  }
  for (const family of families.values()) if (family.type === "histogram") checkHistogram(family);
  return families;
}

/** The sum of the series that have these labels, among others or alone; 0 where there is none. */
export function sumOf(
  families: ReadonlyMap<string, Family>,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number {
  const fits = (sample: Sample) =>
    Object.entries(labels).every(([label, value]) => sample.labels[label] === value);
  return (families.get(name)?.samples ?? []).filter(fits).reduce((sum, sample) => sum + sample.value, 0);
}

function parseSample(line: string): Sample | null {
  const [, name, labelText, number = ""] = SAMPLE.exec(line) ?? [];
  const value = number === "+Inf" ? Number.POSITIVE_INFINITY : Number(number);
  if (name === undefined || Number.isNaN(value)) return null;
  const labels: Record<string, string> = {};
  if (labelText === undefined) return { name, labels, value };
  LABEL.lastIndex = 0;
  for (let at = 0; at < labelText.length; at = LABEL.lastIndex) {
    LABEL.lastIndex = at;
    const [, label, text = ""] = LABEL.exec(labelText) ?? [];
    if (label === undefined || label in labels) return null;
    labels[label] = text.replace(/\\(.)/g, (_, escaped) => (escaped === "n" ? "\n" : escaped));
  }
  return { name, labels, value };
}

function belongs(sample: string, family: Family): boolean {
  if (family.type !== "histogram") return sample === family.name;
  return ["_bucket", "_sum", "_count"].some((suffix) => sample === family.name + suffix);
}

/** Buckets rise to +Inf, which is the count. */
function checkHistogram({ name, samples }: Family): void {
  const bySeries = new Map<string, Sample[]>();
  for (const sample of samples) {
    const { le: _, ...rest } = sample.labels;
    const key = JSON.stringify(rest);
    bySeries.set(key, [...(bySeries.get(key) ?? []), sample]);
  }
  for (const series of bySeries.values()) {
    const buckets = series.filter((sample) => sample.name === `${name}_bucket`);
    const bounds = buckets.map(({ labels }) =>
      labels.le === "+Inf" ? Number.POSITIVE_INFINITY : Number(labels.le),
    );
    const counts = buckets.map(({ value }) => value);
    const count = series.find((sample) => sample.name === `${name}_count`)?.value;
    const rises = (list: readonly number[]) =>
      list.every((value, i) => i === 0 || value >= (list[i - 1] ?? 0));
    const hasSum = series.some((sample) => sample.name === `${name}_sum`);
    if (
      !rises(bounds) ||
      !rises(counts) ||
      bounds.at(-1) !== Number.POSITIVE_INFINITY ||
      counts.at(-1) !== count ||
      !hasSum
    ) {
      throw new Error(`The histogram ${name} is not one.`);
    }
  }
}
