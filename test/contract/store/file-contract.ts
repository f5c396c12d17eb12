/** What every driver does with files. A driver's test calls it with a way to open a store. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { type FileQuery, PART_BYTES, UNFINISHED_FOR_MS } from "../../../src/store/file-store.ts";
import type { Store } from "../../../src/store/ports.ts";
import { aBatchOrder } from "./batch-fixture.ts";
import { AT, addFile, bytesOf, fileId, wholeText } from "./file-fixture.ts";

export function fileContract(name: string, open: () => Promise<Store>): void {
  describe(`${name}: files`, () => {
    let store: Store;
    beforeEach(async () => {
      store = await open();
    });
    afterEach(() => store.close());

    const add = (
      n: number,
      ...rest: Parameters<typeof addFile> extends [unknown, unknown, ...infer R] ? R : never
    ) => addFile(store.files, n, ...rest);
    const idsOf = async (query: Partial<FileQuery> = {}) => {
      const page = await store.files.list({ tenant: "acme", now: AT, limit: 10, order: "desc", ...query });
      return page.files.map((file) => file.id);
    };

    describe("writing and reading", () => {
      test("a file comes back as it was written, with its size", async () => {
        const id = await add(1, ["first, ", "second ", "世界"], {
          filename: 'Grüße "x".jsonl',
          expiresAt: AT + 5,
        });
        expect(await store.files.get("acme", id, AT)).toEqual({
          id,
          tenant: "acme",
          purpose: "batch",
          filename: 'Grüße "x".jsonl',
          bytes: 20,
          createdAt: AT,
          expiresAt: AT + 5,
        });
        expect(await wholeText(store.files, id)).toBe("first, second 世界");
      });

      test("bytes that are no text, and a view into a larger buffer, stay as they are", async () => {
        const id = fileId(1);
        await store.files.begin({ id, tenant: "acme", createdAt: AT });
        const large = new Uint8Array(1000).map((_, i) => i % 256);
        await store.files.append(id, { part: 0, bytes: large.subarray(250, 260) });
        large.fill(0);
        await store.files.finish(id, { purpose: "user_data", filename: "b", expiresAt: null });
        const [part] = await store.files.read(id, -1);
        expect([...(part?.bytes ?? [])]).toEqual([250, 251, 252, 253, 254, 255, 0, 1, 2, 3]);
      });

      test("an empty file can be seen and has nothing to read", async () => {
        const id = await add(1, []);
        expect((await store.files.get("acme", id, AT))?.bytes).toBe(0);
        expect(await store.files.read(id, -1)).toEqual([]);
      });

      test("writing a part again changes nothing", async () => {
        const id = fileId(1);
        await store.files.begin({ id, tenant: "acme", createdAt: AT });
        await store.files.append(id, { part: 0, bytes: bytesOf("one") });
        await store.files.append(id, { part: 0, bytes: bytesOf("another") });
        const file = await store.files.finish(id, { purpose: "batch", filename: "f", expiresAt: null });
        expect(file?.bytes).toBe(3);
        expect(await wholeText(store.files, id)).toBe("one");
      });

      test("is read in pages, in order, whatever the gaps and the order of writing", async () => {
        const id = fileId(1);
        await store.files.begin({ id, tenant: "acme", createdAt: AT });
        for (const part of [7, 2, 900, 40]) {
          await store.files.append(id, { part, bytes: bytesOf(String(part % 10).repeat(PART_BYTES / 2)) });
        }
        const first = await store.files.read(id, -1);
        expect(first.map(({ part }) => part)).toEqual([2, 7]);
        expect((await store.files.read(id, 7)).map(({ part }) => part)).toEqual([40, 900]);
        expect(await store.files.read(id, 900)).toEqual([]);
      });

      test("a part larger than a page is a page of its own", async () => {
        const id = await add(1, ["a".repeat(3 * PART_BYTES), "b", "c"]);
        expect((await store.files.read(id, -1)).map(({ part }) => part)).toEqual([0]);
        expect((await store.files.read(id, 0)).map(({ part }) => part)).toEqual([1, 2]);
      });

      test("many small parts come in order and once each", async () => {
        const id = await add(
          1,
          Array.from({ length: 700 }, (_, i) => `${i},`),
        );
        expect(await wholeText(store.files, id)).toBe(
          Array.from({ length: 700 }, (_, i) => `${i},`).join(""),
        );
      });
    });

    describe("an upload that is not finished", () => {
      beforeEach(async () => {
        await store.files.begin({ id: fileId(1), tenant: "acme", createdAt: AT });
        await store.files.append(fileId(1), { part: 0, bytes: bytesOf("half") });
      });

      test("is not seen", async () => {
        expect(await store.files.get("acme", fileId(1), AT)).toBeNull();
        expect(await idsOf()).toEqual([]);
        expect(await store.files.remove("acme", fileId(1), AT)).toBe("unknown");
      });

      test("counts for what the tenant uses", async () => {
        await add(2, ["12345"]);
        await add(3, ["1234567"], { tenant: "globex" });
        expect(await store.files.usedBytes("acme")).toBe(9);
        expect(await store.files.usedBytes("nobody")).toBe(0);
      });

      test("that is given up takes no more and cannot be finished", async () => {
        await store.files.discard(fileId(1));
        await store.files.append(fileId(1), { part: 1, bytes: bytesOf("more") });
        const finish = { purpose: "batch", filename: "f", expiresAt: null };
        expect(await store.files.finish(fileId(1), finish)).toBeNull();
        expect(await store.files.sweep(AT)).toBe(1);
        expect(await store.files.usedBytes("acme")).toBe(0);
        expect(await store.files.read(fileId(1), -1)).toEqual([]);
      });

      test("is given up by itself after an hour, not before", async () => {
        expect(await store.files.sweep(AT + UNFINISHED_FOR_MS - 1)).toBe(0);
        expect(await store.files.sweep(AT + UNFINISHED_FOR_MS)).toBe(1);
        expect(await store.files.usedBytes("acme")).toBe(0);
      });

      test("a finished file is not discarded", async () => {
        const id = await add(2, ["kept"]);
        await store.files.discard(id);
        expect(await wholeText(store.files, id)).toBe("kept");
        expect(await idsOf()).toEqual([id]);
      });
    });

    describe("tenants", () => {
      test("another tenant's file is not there, cannot be listed and cannot be removed", async () => {
        const id = await add(1, ["secret"], { tenant: "globex" });
        expect(await store.files.get("acme", id, AT)).toBeNull();
        expect(await idsOf()).toEqual([]);
        expect(await store.files.remove("acme", id, AT)).toBe("unknown");
        expect(await idsOf({ tenant: "globex" })).toEqual([id]);
      });
    });

    describe("lists", () => {
      beforeEach(async () => {
        for (const n of [1, 2, 3, 4, 5])
          await add(n, ["x"], { purpose: n % 2 === 0 ? "user_data" : "batch" });
      });

      test.each([
        [{}, [5, 4, 3, 2, 1]],
        [{ order: "asc" }, [1, 2, 3, 4, 5]],
        [{ purpose: "batch" }, [5, 3, 1]],
        [{ after: fileId(3) }, [2, 1]],
        [{ after: fileId(3), order: "asc" }, [4, 5]],
        [{ after: fileId(4), limit: 1, purpose: "batch" }, [3]],
        [{ limit: 0 }, [5]],
      ] as [Partial<FileQuery>, number[]][])("%j", async (query, expected) => {
        expect(await idsOf(query)).toEqual(expected.map(fileId));
      });

      test("say whether there is more", async () => {
        const query = { tenant: "acme", now: AT, order: "desc" } as const;
        expect((await store.files.list({ ...query, limit: 4 })).more).toBe(true);
        expect((await store.files.list({ ...query, limit: 5 })).more).toBe(false);
      });

      test("go on after a file that was removed meanwhile", async () => {
        await store.files.remove("acme", fileId(3), AT);
        expect(await idsOf({ after: fileId(3) })).toEqual([2, 1].map(fileId));
      });
    });

    describe("removal", () => {
      test("a removed file is gone at once, and can be read on until it is swept", async () => {
        const id = await add(
          1,
          Array.from({ length: 200 }, () => "x".repeat(100)),
        );
        expect(await store.files.remove("acme", id, AT)).toBe("removed");
        expect(await store.files.get("acme", id, AT)).toBeNull();
        expect(await store.files.remove("acme", id, AT)).toBe("unknown");
        expect((await wholeText(store.files, id)).length).toBe(20_000);
        expect(await store.files.sweep(AT)).toBe(1);
        expect(await store.files.sweep(AT)).toBe(0);
        expect(await store.files.read(id, -1)).toEqual([]);
        expect(await store.files.usedBytes("acme")).toBe(0);
      });

      test("a file that expired is not there any more, and is swept", async () => {
        const id = await add(1, ["x"], { expiresAt: AT + 1000 });
        await add(2, ["y"]);
        expect(await idsOf({ now: AT + 999 })).toEqual([2, 1].map(fileId));
        expect(await idsOf({ now: AT + 1000 })).toEqual([fileId(2)]);
        expect(await store.files.get("acme", id, AT + 1000)).toBeNull();
        expect(await store.files.sweep(AT + 999)).toBe(0);
        expect(await store.files.sweep(AT + 1000)).toBe(1);
        expect(await wholeText(store.files, fileId(2))).toBe("y");
      });

      test("the input of a batch that is not over stays, even past its time", async () => {
        const id = await add(1, ["x"], { expiresAt: AT + 1000 });
        await store.batches.create(aBatchOrder(1, { inputFileId: id }), 10);
        expect(await store.files.remove("acme", id, AT)).toBe("in_use");
        expect(await store.files.sweep(AT + 2000)).toBe(0);
        expect(await wholeText(store.files, id)).toBe("x");
      });
    });

    test("a closed store refuses, nothing hangs", async () => {
      await add(1, ["x"]);
      await store.close();
      const refused = { name: "StoreError", kind: "closed" };
      await expect(store.files.begin({ id: "a", tenant: "t", createdAt: AT })).rejects.toMatchObject(refused);
      await expect(store.files.get("acme", fileId(1), AT)).rejects.toMatchObject(refused);
      await expect(store.files.read(fileId(1), -1)).rejects.toMatchObject(refused);
      await expect(store.files.sweep(AT)).rejects.toMatchObject(refused);
    });
  });
}
