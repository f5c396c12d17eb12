/** Which of the two forms of the program the launcher starts: the built one, or its sources. */
import { expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { endToEnd } from "./end-to-end.ts";

const scratch = endToEnd();
const LAUNCHER = join(import.meta.dir, "..", "..", "bin", "pointsman");

/** A package whose program says which of its forms it is. */
function packageWith(files: readonly string[]) {
  const root = scratch.folder();
  for (const file of ["bin/pointsman", "node_modules/bun/bin/bun.exe", ...files]) {
    mkdirSync(join(root, file, ".."), { recursive: true });
  }
  copyFileSync(LAUNCHER, join(root, "bin", "pointsman"));
  chmodSync(join(root, "bin", "pointsman"), 0o755);
  symlinkSync(process.execPath, join(root, "node_modules", "bun", "bin", "bun.exe"));
  for (const file of files) writeFileSync(join(root, file), `console.log("${file}")`);
  return {
    date: (file: string, seconds: number) => utimesSync(join(root, file), seconds, seconds),
    remove: (file: string) => rmSync(join(root, file)),
    start: () => spawnSync(join(root, "bin", "pointsman"), { encoding: "utf8" }).stdout.trim(),
  };
}

test("sources alone are what runs", () => {
  expect(packageWith(["src/main.ts"]).start()).toBe("src/main.ts");
});

test("a built program alone is what runs", () => {
  expect(packageWith(["dist/main.js"]).start()).toBe("dist/main.js");
});

test("the built one runs while it is newer than all sources", () => {
  const pack = packageWith(["src/main.ts", "src/core/one.ts", "src/core/two.ts", "dist/main.js"]);
  const all = ["src", "src/core", "src/main.ts", "src/core/one.ts", "src/core/two.ts"];
  for (const file of all) pack.date(file, 1_000);
  pack.date("dist/main.js", 2_000);
  expect(pack.start()).toBe("dist/main.js");
  pack.date("src/core/two.ts", 3_000);
  expect(pack.start()).toBe("src/main.ts");
  pack.date("src/core/two.ts", 1_000);
  pack.remove("src/core/one.ts");
  expect(pack.start()).toBe("src/main.ts");
});
