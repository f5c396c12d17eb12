/** Files, folders and the store under the contract of sources. */
import { describe, expect, test } from "bun:test";
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { localSource } from "../../../src/control/policy/sources/local.ts";
import { storeSource } from "../../../src/control/policy/sources/store.ts";
import { createMemoryStore } from "../../../src/store/memory/memory-store.ts";
import { BASE_DOCUMENT, type PolicyHeadStore } from "../../../src/store/policy-heads.ts";
import { createScratch } from "../../scratch.ts";
import { ENVIRONMENT } from "./place.ts";
import { sourceContract } from "./source-contract.ts";

const scratch = createScratch();

function write(path: string, text: string | null): void {
  if (text === null) rmSync(path, { force: true });
  else writeFileSync(path, text);
}

sourceContract("a file", "file", async () => {
  const folder = scratch.folder();
  const file = join(folder, "policy.yaml");
  const overlay = join(folder, "policy.prod.yaml");
  return {
    open: () => localSource(file, ENVIRONMENT),
    files: [file, overlay],
    close: async () => {},
    ...movable(folder, file, overlay),
  };
});

sourceContract("a folder", "directory", async () => {
  const folder = scratch.folder();
  const file = join(folder, "policy.yaml");
  const overlay = join(folder, "policy.prod.yaml");
  return {
    open: () => localSource(folder, ENVIRONMENT),
    ...movable(folder, file, overlay),
    files: [file, overlay],
    close: async () => {},
  };
});

/** Fails by being away; what is written meanwhile is written where it is. */
function movable(folder: string, file: string, overlay: string) {
  let away = false;
  const at = (path: string) => (away ? path.replace(folder, `${folder}.away`) : path);
  return {
    async put(document: "base" | "overlay", text: string | null) {
      write(at(document === "base" ? file : overlay), text);
    },
    fail(words: string | null) {
      if (away === (words !== null)) return;
      away = words !== null;
      // The folder stays a folder: only what is in it is gone.
      if (away) {
        renameSync(folder, `${folder}.away`);
        mkdirSync(folder);
      } else {
        rmSync(folder, { recursive: true });
        renameSync(`${folder}.away`, folder);
      }
    },
  };
}

sourceContract("the store", "store", async () => {
  let heads = createMemoryStore().policyHeads;
  const documents: Record<string, string> = {};
  let failing: string | null = null;
  const doors: PolicyHeadStore = {
    async read(after) {
      if (failing !== null) throw new Error("The store is closed.");
      return heads.read(after);
    },
    write: (head) => heads.write(head),
  };
  return {
    open: () => storeSource(doors, ENVIRONMENT),
    async put(document, text) {
      const name = document === "base" ? BASE_DOCUMENT : ENVIRONMENT;
      if (text === null) delete documents[name];
      else documents[name] = text;
      if (Object.keys(documents).length === 0) heads = createMemoryStore().policyHeads;
      const revision = ((await heads.read(0))?.revision ?? 0) + 1;
      if (Object.keys(documents).length > 0) {
        await heads.write({ revision, at: 0, actor: "ops", note: null, documents: { ...documents } });
      }
    },
    fail(words) {
      failing = words;
    },
    files: ["store:policy.yaml", "store:policy.prod.yaml"],
    close: async () => {},
  };
});

describe("only a folder", () => {
  test("parts in the order of their names, then overlays in the same order; other files are none of it", async () => {
    const folder = scratch.folder();
    for (const name of [
      "policy",
      "b.policy",
      "a.policy",
      "policy.prod",
      "a.policy.prod",
      "b.policy.dev",
      "notes",
    ]) {
      writeFileSync(join(folder, `${name}.yaml`), `name: ${name}\n`);
    }
    const fetched = await localSource(folder, "prod").fetch(new AbortController().signal);
    if (fetched.result !== "texts") throw new Error("no texts");
    expect(fetched.texts.map(({ text }) => text.trim().slice("name: ".length))).toEqual([
      "policy",
      "a.policy",
      "b.policy",
      "policy.prod",
      "a.policy.prod",
    ]);
  });

  test("an edit of two files is taken when it has stood still for one look", async () => {
    const folder = scratch.folder();
    const signal = new AbortController().signal;
    writeFileSync(join(folder, "policy.yaml"), "a: 1\n");
    writeFileSync(join(folder, "b.policy.yaml"), "b: 1\n");
    const source = localSource(folder, null);
    await source.fetch(signal);
    writeFileSync(join(folder, "policy.yaml"), "a: 2\n");
    expect(await source.fetch(signal)).toEqual({ result: "unchanged" });
    writeFileSync(join(folder, "b.policy.yaml"), "b: 2\n");
    expect(await source.fetch(signal)).toEqual({ result: "unchanged" });
    const settled = await source.fetch(signal);
    expect(settled.result === "texts" && settled.texts.map(({ text }) => text)).toEqual(["a: 2\n", "b: 2\n"]);
  });
});

test("a folder without policy.yaml is told with the path that is missing", async () => {
  const folder = scratch.folder();
  const fetched = await localSource(folder, null).fetch(new AbortController().signal);
  expect(fetched).toMatchObject({
    result: "failed",
    problem: expect.stringContaining(join(folder, "policy.yaml")),
  });
});
