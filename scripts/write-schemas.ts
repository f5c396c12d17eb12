/** Writes the published JSON Schemas from the schemas in the source: `bun scripts/write-schemas.ts`. */
import { mkdir, writeFile } from "node:fs/promises";
import { drillJsonSchema } from "../src/control/gameday/drill.ts";
import { policyJsonSchema } from "../src/policy/document/document.ts";

const directory = new URL("../schemas/", import.meta.url);
await mkdir(directory, { recursive: true });
await writeFile(new URL("policy.schema.json", directory), `${JSON.stringify(policyJsonSchema(), null, 2)}\n`);
await writeFile(new URL("gameday.schema.json", directory), `${JSON.stringify(drillJsonSchema(), null, 2)}\n`);
