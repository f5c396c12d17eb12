/**
 * Everything a release needs, one suite after the other: `npm test`. Ends with one plain line of totals.
 * `--only NAME[,NAME]` runs some suites. A suite whose service is missing is skipped with its reason, except
 * under `CI=true`, where it fails.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

interface Suite {
  readonly name: string;
  readonly run: () => Tally;
}

interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

const reports = mkdtempSync(join(tmpdir(), "pointsman-test-"));

const suites: readonly Suite[] = [
  { name: "types", run: () => check("tsc", ["--noEmit"]) },
  { name: "lint", run: () => check("biome", ["check", "."]) },
  { name: "floors", run: () => check("depcruise", ["--config", ".dependency-cruiser.cjs", "src"]) },
  { name: "rooms", run: () => check("depcruise", ["--config", ".dependency-cruiser.rooms.cjs", "src"]) },
  { name: "dead", run: () => check("knip", []) },
  { name: "unit", run: () => bunTest("unit", ["src", "bench"]) },
  { name: "contract", run: () => bunTest("contract", ["test/contract"]) },
  { name: "e2e", run: () => bunTest("e2e", ["test/e2e"]) },
];

/** What the suites start that npm does not install, by the name that the package and its program share. */
const SYSTEM_PACKAGES = ["redis-server"];

/** Installs what is missing where that is possible without asking: as root, on Debian. */
function ensureSystemPackages(packages: readonly string[]): void {
  const missing = packages.filter((name) => Bun.which(name) === null);
  if (missing.length === 0 || process.getuid?.() !== 0 || !existsSync("/etc/debian_version")) return;
  console.log(`installing ${missing.join(", ")}`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const installer = "apt-get";
  spawnSync(installer, ["update", "-qq"], { stdio: "inherit", env });
  spawnSync(installer, ["install", "-y", "-qq", "--no-install-recommends", ...missing], {
    stdio: "inherit",
    env,
  });
}

function check(tool: string, args: readonly string[]): Tally {
  const passed = runTool(tool, args) === 0;
  return { passed: passed ? 1 : 0, failed: passed ? 0 : 1, skipped: 0 };
}

/** Runs the files through Bun's test runner and reads the counts from its JUnit report. */
function bunTest(name: string, paths: readonly string[]): Tally {
  const report = join(reports, `${name}.xml`);
  const code = runTool("bun", [
    "test",
    ...paths,
    "--timeout",
    "60000",
    "--reporter=junit",
    `--reporter-outfile=${report}`,
  ]);
  const counts = readReport(report);
  // A crash of the runner or a file that does not load leaves no failing test behind: it counts as one.
  return code !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
}

function runTool(tool: string, args: readonly string[]): number {
  const done = spawnSync(join("node_modules", ".bin", tool), args, { stdio: "inherit" });
  return done.status ?? 1;
}

function readReport(path: string): Tally {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return { passed: 0, failed: 0, skipped: 0 };
  }
  const head = /<testsuites [^>]*>/.exec(text)?.[0] ?? "";
  const count = (attribute: string): number =>
    Number(new RegExp(` ${attribute}="(\\d+)"`).exec(head)?.[1] ?? 0);
  const failed = count("failures") + count("errors");
  const skipped = count("skipped");
  return { passed: count("tests") - failed - skipped, failed, skipped };
}

function chosenSuites(): readonly Suite[] {
  const flag = process.argv.indexOf("--only");
  if (flag === -1) return suites;
  const names = new Set((process.argv[flag + 1] ?? "").split(","));
  return suites.filter((suite) => names.has(suite.name));
}

const total = { passed: 0, failed: 0, skipped: 0 };
const rows: string[] = [];
const chosen = chosenSuites();
if (chosen.some(({ name }) => name === "contract" || name === "e2e")) ensureSystemPackages(SYSTEM_PACKAGES);
for (const suite of chosen) {
  console.log(`\n== ${suite.name}`);
  const startedAt = performance.now();
  const tally = suite.run();
  total.passed += tally.passed;
  total.failed += tally.failed;
  total.skipped += tally.skipped;
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  rows.push(
    `${suite.name.padEnd(9)} ${tally.passed} passed, ${tally.failed} failed, ${tally.skipped} skipped, ${seconds} s`,
  );
}
rmSync(reports, { recursive: true, force: true });
console.log(`\n${rows.join("\n")}\n`);
console.log(
  `${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ""}`,
);
process.exit(total.failed === 0 && total.passed > 0 ? 0 : 1);
