/** Writes the published JSON Schemas from the schemas in the source: `bun scripts/write-schemas.ts`. */
import { mkdir, writeFile } from "node:fs/promises";
import { policyJsonSchema } from "../src/policy/document.ts";

const directory = new URL("../schemas/", import.meta.url);
await mkdir(directory, { recursive: true });
await writeFile(new URL("policy.schema.json", directory), `${JSON.stringify(policyJsonSchema(), null, 2)}\n`);
