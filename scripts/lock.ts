/**
 * Rewrites package-lock.json so that any registry can serve it: `npm run lock` after a change of dependencies.
 *
 * Two things npm leaves behind are mended: addresses of the registry it happened to ask, and platform
 * packages that this registry does not carry, which npm drops from the lock file and then misses in `npm ci`.
 * Such a package is entered with its version and the platforms its name tells; npm installs it nowhere else.
 */
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";

interface LockEntry {
  version?: string;
  resolved?: string;
  dev?: boolean;
  optional?: boolean;
  os?: readonly string[];
  cpu?: readonly string[];
  libc?: readonly string[];
  optionalDependencies?: Readonly<Record<string, string>>;
}

const FILE = "package-lock.json";
const SYSTEMS = ["darwin", "win32", "android", "freebsd", "openharmony", "linux"];
const PROCESSORS = ["arm64", "x64", "ia32", "ppc64", "s390x", "riscv64", "arm"];

const made = spawnSync("npm", ["install", "--package-lock-only", "--ignore-scripts"], { stdio: "inherit" });
if (made.status !== 0) process.exit(made.status ?? 1);
const lock = JSON.parse(readFileSync(FILE, "utf8")) as { packages: Record<string, LockEntry> };
for (const entry of Object.values(lock.packages)) {
  delete entry.resolved;
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const place = `node_modules/${name}`;
    if (lock.packages[place]) continue;
    const platform = platformOf(name);
    if (!platform) continue;
    lock.packages[place] = { version, ...platform, ...(entry.dev && { dev: true }), optional: true };
    console.log(`entered ${name}@${version}`);
  }
}
const sorted = Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1));
writeFileSync(FILE, `${JSON.stringify({ ...lock, packages: Object.fromEntries(sorted) }, null, 2)}\n`);

/** What the name of a prebuilt binary's package says of where it runs; null when it says nothing. */
function platformOf(name: string): Pick<LockEntry, "os" | "cpu" | "libc"> | null {
  const words = name.split(/[/-]/);
  const system = SYSTEMS.find((known) => words.includes(known));
  const processor = PROCESSORS.find((known) => words.includes(known));
  if (!system || !processor) return null;
  if (system !== "linux") return { os: [system], cpu: [processor] };
  const musl = words.some((word) => word.startsWith("musl"));
  return { os: [system], cpu: [processor], libc: [musl ? "musl" : "glibc"] };
}
