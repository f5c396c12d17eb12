import { beforeEach, describe, expect, test } from "bun:test";
import { FakeClock } from "../../core/fake-clock.ts";
import type { StoredFile } from "../../store/file-store.ts";
import { PART_BYTES } from "../../store/file-store.ts";
import { createMemoryStore } from "../../store/memory/memory-store.ts";
import { fileContent } from "./content.ts";
import {
  BATCH_FILES_KEPT_MS,
  DEFAULT_UPLOAD_LIMITS,
  type FilePorts,
  type UploadLimits,
} from "./file-ports.ts";
import { removeFile } from "./remove.ts";
import { uploadFile } from "./upload.ts";

const MEBIBYTE = 1024 * 1024;
let clock: FakeClock;
let ports: FilePorts;

function portsWith(uploads: Partial<UploadLimits> = {}): FilePorts {
  let n = 0;
  return {
    files: createMemoryStore().files,
    clock,
    nextId: (prefix) => `${prefix}_${n++}`,
    uploads: { ...DEFAULT_UPLOAD_LIMITS, ...uploads },
  };
}

beforeEach(() => {
  clock = new FakeClock();
  ports = portsWith();
});

type Field = readonly [name: string, value: string | File];

function posted(...fields: readonly Field[]): Request {
  const form = new FormData();
  for (const [name, value] of fields) {
    if (typeof value === "string") form.append(name, value);
    else form.append(name, value);
  }
  return new Request("http://localhost/v1/files", { method: "POST", body: form });
}

const jsonl = (content: string | Uint8Array<ArrayBuffer> = "{}\n", name = "in.jsonl") =>
  new File([content], name);

async function upload(...fields: readonly Field[]) {
  return uploadFile(ports, "acme", posted(...fields));
}

async function stored(...fields: readonly Field[]): Promise<StoredFile> {
  const result = await upload(...fields);
  if (!result.ok) throw new Error(result.fault.message);
  return result.value;
}

/** Nothing is left of it, seen or not. */
async function expectNothingKept(): Promise<void> {
  await ports.files.sweep(clock.now());
  expect(await ports.files.usedBytes("acme")).toBe(0);
}

/** A body that comes in `pieces`, and then in whatever `end` says. */
function streamed(pieces: readonly string[], end: "close" | "error" | "silence"): Request {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const piece of pieces) controller.enqueue(new TextEncoder().encode(piece));
      if (end === "close") controller.close();
      if (end === "error") controller.error(new Error("gone"));
    },
  });
  const headers = { "content-type": "multipart/form-data; boundary=b" };
  return new Request("http://localhost/v1/files", { method: "POST", body, headers });
}

const HEAD = '--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n';

describe("an upload", () => {
  test("is kept as it came, under its name and purpose", async () => {
    const file = await stored(["purpose", "user_data"], ["file", jsonl("Grüße\r\n", "ü.txt")]);
    expect(file).toEqual({
      id: "file_0",
      tenant: "acme",
      purpose: "user_data",
      filename: "ü.txt",
      bytes: 9,
      createdAt: clock.now(),
      expiresAt: null,
    });
    expect(await new Response(fileContent(ports.files, file)).text()).toBe("Grüße\r\n");
  });

  test("may name its purpose after the file", async () => {
    expect((await stored(["file", jsonl()], ["purpose", "batch"])).purpose).toBe("batch");
  });

  test("of many parts is written in parts of one size, and read back whole", async () => {
    const content = new Uint8Array(3 * PART_BYTES + 17).map((_, i) => (i * 31) % 251);
    const file = await stored(["purpose", "vision"], ["file", jsonl(content)]);
    const sizes: number[] = [];
    for (let after = -1, parts = await ports.files.read(file.id, after); parts.length > 0; ) {
      for (const { part, bytes } of parts) {
        sizes.push(bytes.byteLength);
        after = part;
      }
      parts = await ports.files.read(file.id, after);
    }
    expect(sizes).toEqual([PART_BYTES, PART_BYTES, PART_BYTES, 17]);
    expect(await new Response(fileContent(ports.files, file)).bytes()).toEqual(content);
  });

  test("for a batch expires after 30 days, others when they say so", async () => {
    const batch = await stored(["purpose", "batch"], ["file", jsonl()]);
    expect(batch.expiresAt).toBe(clock.now() + BATCH_FILES_KEPT_MS);
    const hour = await stored(
      ["purpose", "batch"],
      ["expires_after[anchor]", "created_at"],
      ["expires_after[seconds]", "3600"],
      ["file", jsonl()],
    );
    expect(hour.expiresAt).toBe(clock.now() + 3_600_000);
  });

  test("with an empty or unprintable name has one all the same", async () => {
    expect((await stored(["purpose", "batch"], ["file", jsonl("x", "a\nb\u0000.jsonl")])).filename).toBe(
      "ab.jsonl",
    );
    expect((await stored(["purpose", "batch"], ["file", jsonl("x", "x".repeat(400))])).filename).toHaveLength(
      255,
    );
  });
});

describe("refused, and nothing is kept of it:", () => {
  const cases: [string, readonly Field[], string, string | undefined][] = [
    ["without a file", [["purpose", "batch"]], "missing_required_parameter", "file"],
    ["without a purpose", [["file", jsonl()]], "missing_required_parameter", "purpose"],
    [
      "with an unknown purpose",
      [
        ["purpose", "profit"],
        ["file", jsonl()],
      ],
      "invalid_value",
      "purpose",
    ],
    [
      "with an unknown field",
      [
        ["purpose", "batch"],
        ["colour", "red"],
        ["file", jsonl()],
      ],
      "unknown_field",
      undefined,
    ],
    [
      "with two files",
      [
        ["file", jsonl()],
        ["file", jsonl()],
        ["purpose", "batch"],
      ],
      "duplicate_field",
      undefined,
    ],
    [
      "with a field that is too long",
      [
        ["file", jsonl()],
        ["purpose", "x".repeat(2000)],
      ],
      "invalid_value",
      undefined,
    ],
    [
      "with an expiry that is too short",
      [
        ["expires_after[seconds]", "60"],
        ["file", jsonl()],
        ["purpose", "batch"],
      ],
      "invalid_value",
      "expires_after[seconds]",
    ],
  ];
  test.each(cases)("%s", async (_, fields, code, param) => {
    const result = await upload(...fields);
    expect(result).toMatchObject({ ok: false, fault: { kind: "invalid", code } });
    expect(result.ok ? null : result.fault.param).toBe(param);
    await expectNothingKept();
  });

  test("what is no form", async () => {
    const http = new Request("http://localhost/", {
      method: "POST",
      body: "{}",
      headers: { "content-type": "application/json" },
    });
    const result = await uploadFile(ports, "acme", http);
    expect(result).toMatchObject({ ok: false, fault: { code: "unsupported_content_type" } });
  });

  test("one whose stated length is too large, before a byte is read", async () => {
    const http = streamed([], "silence");
    http.headers.set("content-length", String(101 * MEBIBYTE));
    const result = await uploadFile(ports, "acme", http);
    expect(result).toMatchObject({ ok: false, fault: { kind: "too_large", code: "file_too_large" } });
  });

  test("one that grows too large on the way", async () => {
    ports = portsWith({ maxFileBytes: MEBIBYTE });
    const exact = await upload(["purpose", "batch"], ["file", jsonl("x".repeat(MEBIBYTE))]);
    expect(exact.ok).toBe(true);
    ports = portsWith({ maxFileBytes: MEBIBYTE });
    const result = await upload(["purpose", "batch"], ["file", jsonl("x".repeat(MEBIBYTE + 1))]);
    expect(result).toMatchObject({ ok: false, fault: { kind: "too_large" } });
    await expectNothingKept();
  });

  test("one that never ends, without being read to its end", async () => {
    ports = portsWith({ maxFileBytes: MEBIBYTE });
    let sent = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        const piece = sent === 0 ? new TextEncoder().encode(HEAD) : new Uint8Array(64 * 1024);
        sent += piece.byteLength;
        controller.enqueue(piece);
      },
    });
    const headers = {
      "content-type": "multipart/form-data; boundary=b",
      "transfer-encoding": "chunked",
    };
    const http = new Request("http://localhost/", { method: "POST", body: endless, headers });
    expect(await uploadFile(ports, "acme", http)).toMatchObject({ ok: false, fault: { kind: "too_large" } });
    expect(sent).toBeLessThan(2 * MEBIBYTE);
    await expectNothingKept();
  });

  test("one that the sender breaks off", async () => {
    const result = await uploadFile(ports, "acme", streamed([HEAD, "half"], "error"));
    expect(result).toMatchObject({ ok: false, fault: { code: "body_cut" } });
    await expectNothingKept();
  });

  test("one that ends before its closing delimiter", async () => {
    const result = await uploadFile(ports, "acme", streamed([HEAD, "half"], "close"));
    expect(result).toMatchObject({ ok: false, fault: { code: "invalid_multipart" } });
    await expectNothingKept();
  });

  test("one that falls silent", async () => {
    const result = uploadFile(ports, "acme", streamed([HEAD, "half"], "silence"));
    await clock.advance(DEFAULT_UPLOAD_LIMITS.idleMs);
    expect(await result).toMatchObject({ ok: false, fault: { code: "body_timeout" } });
    expect(clock.pending).toBe(0);
    await expectNothingKept();
  });

  test("one more when the tenant's files have reached their limit", async () => {
    ports = portsWith({ maxTenantBytes: 10 });
    await stored(["purpose", "batch"], ["file", jsonl("0123456789")]);
    const result = await upload(["purpose", "batch"], ["file", jsonl("x")]);
    expect(result).toMatchObject({ ok: false, fault: { kind: "too_large", code: "storage_full" } });
    expect((await uploadFile(ports, "globex", posted(["purpose", "batch"], ["file", jsonl()]))).ok).toBe(
      true,
    );
  });
});

test("a file can be deleted once, by its tenant", async () => {
  const { id } = await stored(["purpose", "batch"], ["file", jsonl()]);
  expect(await removeFile(ports, "globex", id)).toMatchObject({ ok: false, fault: { kind: "not_found" } });
  expect(await removeFile(ports, "acme", id)).toEqual({ ok: true, value: null });
  expect(await removeFile(ports, "acme", id)).toMatchObject({ ok: false, fault: { code: "unknown_file" } });
});

test("a download of a file that is swept meanwhile breaks, and does not end as if it were whole", async () => {
  const content = new Uint8Array(3 * PART_BYTES);
  const file = await stored(["purpose", "batch"], ["file", jsonl(content)]);
  const reader = fileContent(ports.files, file).getReader();
  await reader.read();
  await ports.files.remove("acme", file.id, clock.now());
  await ports.files.sweep(clock.now());
  await expect(
    (async () => {
      while (!(await reader.read()).done);
    })(),
  ).rejects.toThrow("removed");
});
