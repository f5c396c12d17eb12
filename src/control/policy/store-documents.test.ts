import { describe, expect, test } from "bun:test";
import {
  documentFile,
  documentName,
  documentsWith,
  documentTexts,
  fitsStore,
  holdsTexts,
} from "./store-documents.ts";

const BASE = { file: "policy.yaml", text: "base" };
const PROD = { file: "policy.prod.yaml", text: "prod" };
const DOCUMENTS = { "": "base", prod: "prod", staging: "staging" };

describe("what the store's documents say in an environment", () => {
  test("is the base, then its own overlay, under the store's names", () => {
    expect(documentTexts(DOCUMENTS, "prod")).toEqual([
      { file: "store:policy.yaml", text: "base" },
      { file: "store:policy.prod.yaml", text: "prod" },
    ]);
    expect(documentTexts(DOCUMENTS, null)).toEqual([{ file: "store:policy.yaml", text: "base" }]);
    expect(documentTexts(DOCUMENTS, "elsewhere")).toHaveLength(1);
    // A name that every object has is no overlay.
    expect(documentTexts(DOCUMENTS, "constructor")).toHaveLength(1);
  });

  test("are these texts, by whatever name, in this order, and no others", () => {
    expect(holdsTexts(DOCUMENTS, "prod", [BASE, PROD])).toBe(true);
    expect(holdsTexts(DOCUMENTS, null, [BASE])).toBe(true);
    expect(holdsTexts(DOCUMENTS, "prod", [BASE])).toBe(false);
    expect(holdsTexts(DOCUMENTS, "prod", [PROD, BASE])).toBe(false);
    expect(holdsTexts(DOCUMENTS, null, [BASE, PROD])).toBe(false);
    expect(holdsTexts({}, null, [])).toBe(true);
  });
});

describe("texts on their way into the store", () => {
  test("have one place without an environment, and two with one", () => {
    expect(fitsStore([BASE], null)).toBe(true);
    expect(fitsStore([BASE, PROD], null)).toBe(false);
    expect(fitsStore([BASE, PROD], "prod")).toBe(true);
    expect(fitsStore([BASE, PROD, PROD], "prod")).toBe(false);
  });

  test("take the places of the base and of the own overlay alone", () => {
    expect(documentsWith(DOCUMENTS, [{ ...BASE, text: "new" }], "prod")).toEqual({
      "": "new",
      staging: "staging",
    });
    expect(documentsWith({}, [BASE, PROD], "prod")).toEqual({ "": "base", prod: "prod" });
    expect(documentsWith({}, [BASE, PROD], null)).toEqual({ "": "base" });
  });

  test("what fits is held afterwards", () => {
    for (const environment of [null, "prod"]) {
      for (const texts of [[BASE], [BASE, PROD]]) {
        if (!fitsStore(texts, environment)) continue;
        expect(holdsTexts(documentsWith(DOCUMENTS, texts, environment), environment, texts)).toBe(true);
      }
    }
  });
});

test.each(["", "prod", "eu.west"])("the document %p is known by its file", (name) => {
  expect(documentName(documentFile(name))).toBe(name);
});

test("another file is no document of the store", () => {
  expect(documentName("policy.yaml")).toBeNull();
});
