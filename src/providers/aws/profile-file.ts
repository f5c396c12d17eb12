/** What was learnt of inference profiles, kept across starts. Owns the file's form. */
import { readFileSync } from "node:fs";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { isRecord } from "../../core/json.ts";
import type { ProfileRegions } from "./list-profiles.ts";

/** What one identity heard in one region. */
export interface KnownProfiles {
  /** Names the identity and the region. */
  readonly source: string;
  readonly region: string;
  readonly profiles: ProfileRegions;
}

const VERSION = 1;

/** Empty where there is no such file, or it is not one of ours: it is a cache. */
export function readProfileFile(file: string): readonly KnownProfiles[] {
  try {
    const content: unknown = JSON.parse(readFileSync(file, "utf8"));
    if (!isRecord(content) || content.version !== VERSION || !Array.isArray(content.sources)) return [];
    return content.sources.flatMap(readSource);
  } catch {
    return [];
  }
}

function readSource(written: unknown): readonly KnownProfiles[] {
  if (!isRecord(written) || !isRecord(written.profiles)) return [];
  const { source, region } = written;
  if (typeof source !== "string" || typeof region !== "string") return [];
  const profiles = new Map<string, readonly string[]>();
  for (const [id, regions] of Object.entries(written.profiles)) {
    if (Array.isArray(regions) && regions.length > 0 && regions.every((each) => typeof each === "string")) {
      profiles.set(id, regions);
    }
  }
  return [{ source, region, profiles }];
}

/** Written beside and moved into place, so that a reader sees the old file or the new one. */
export async function writeProfileFile(file: string, known: readonly KnownProfiles[]): Promise<void> {
  const sources = known.map(({ source, region, profiles }) => ({
    source,
    region,
    profiles: Object.fromEntries(profiles),
  }));
  await mkdir(dirname(file), { recursive: true });
  const beside = `${file}.${process.pid}.tmp`;
  await writeFile(beside, `${JSON.stringify({ version: VERSION, sources }, null, 1)}\n`);
  await rename(beside, file);
}
