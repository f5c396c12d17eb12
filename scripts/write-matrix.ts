/** Writes the pair matrix into README.md: run it after a change to a wire. */
import { readFileSync, writeFileSync } from "node:fs";
import { matrixText, withMatrix } from "./matrix-text.ts";

const FILE = "README.md";
writeFileSync(FILE, withMatrix(readFileSync(FILE, "utf8"), matrixText()));
