/** Files, in the shape of OpenAI's API. Each belongs to the tenant of the key that uploaded it. */
import { z } from "@hono/zod-openapi";
import { fileContent } from "../../control/files/content.ts";
import type { FilePorts } from "../../control/files/file-ports.ts";
import { removeFile, unknownFile } from "../../control/files/remove.ts";
import { uploadFile } from "../../control/files/upload.ts";
import { UPLOAD_PURPOSES } from "../../control/files/upload-form.ts";
import type { Caller } from "../../core/caller.ts";
import { MAX_FILE_PAGE, type StoredFile } from "../../store/file-store.ts";
import type { ControlPorts } from "../control-ports.ts";
import { define, type Endpoint } from "../endpoint.ts";
import { idCursor } from "./cursor.ts";
import { jsonOf, refusal } from "./response-docs.ts";

const fileObject = z.object({
  id: z.string(),
  object: z.literal("file"),
  bytes: z.number(),
  created_at: z.number().describe("Seconds since 1970, like every time here."),
  expires_at: z.number().nullable(),
  filename: z.string(),
  purpose: z.string(),
  status: z.literal("processed"),
  status_details: z.null(),
});

const uploadForm = z.object({
  file: z.string().openapi({ format: "binary" }),
  purpose: z.enum(UPLOAD_PURPOSES),
  "expires_after[anchor]": z.literal("created_at").optional(),
  "expires_after[seconds]": z.number().int().optional(),
});

const listQuery = z.object({
  after: idCursor("file", "cursor: the last id of the page before"),
  // OpenAI's bound, which its clients may state; a page has at most a tenth of it.
  limit: z.coerce.number().int().min(1).max(10_000).default(MAX_FILE_PAGE),
  order: z.enum(["asc", "desc"]).default("desc"),
  purpose: z.string().max(64).optional(),
});

const fileParams = z.object({ id: z.string().max(64) });

export function fileEndpoints({ batching }: Pick<ControlPorts, "batching">): readonly Endpoint[] {
  const { files, clock } = batching;
  const find = ({ tenant }: Caller, id: string) => files.get(tenant, id, clock.now());
  return [
    define({
      method: "POST",
      path: "/v1/files",
      accepts: { "multipart/form-data": { schema: uploadForm } },
      responses: { 200: jsonOf("Kept.", fileObject), 400: refusal, 413: refusal },
      async handle({ caller, request }) {
        const uploaded = await uploadFile(batching, caller.tenant, request);
        return uploaded.ok ? Response.json(rendered(uploaded.value)) : uploaded.fault;
      },
    }),
    define({
      method: "GET",
      path: "/v1/files",
      query: listQuery,
      responses: {
        200: jsonOf(
          "A page.",
          z.object({ object: z.literal("list"), data: z.array(fileObject), has_more: z.boolean() }),
        ),
        400: refusal,
      },
      async handle({ caller, query: { after, limit, order, purpose } }) {
        const page = await files.list({
          tenant: caller.tenant,
          now: clock.now(),
          limit,
          order,
          ...(after !== undefined && { after }),
          ...(purpose !== undefined && { purpose }),
        });
        return Response.json(pageOf(page.files.map(rendered), page.more));
      },
    }),
    define({
      method: "GET",
      path: "/v1/files/{id}",
      params: fileParams,
      responses: { 200: jsonOf("The file's description.", fileObject), 404: refusal },
      async handle({ caller, params }) {
        const file = await find(caller, params.id);
        return file ? Response.json(rendered(file)) : unknownFile();
      },
    }),
    define({
      method: "GET",
      path: "/v1/files/{id}/content",
      params: fileParams,
      responses: { 200: { description: "The bytes as they were uploaded or written." }, 404: refusal },
      async handle({ caller, params }) {
        const file = await find(caller, params.id);
        return file ? download(batching, file) : unknownFile();
      },
    }),
    define({
      method: "DELETE",
      path: "/v1/files/{id}",
      params: fileParams,
      responses: {
        200: jsonOf(
          "Gone.",
          z.object({ id: z.string(), object: z.literal("file"), deleted: z.literal(true) }),
        ),
        400: refusal,
        404: refusal,
      },
      async handle({ caller, params }) {
        const removed = await removeFile(batching, caller.tenant, params.id);
        return removed.ok ? Response.json({ id: params.id, object: "file", deleted: true }) : removed.fault;
      },
    }),
  ];
}

/** A stranger's bytes: no browser may take them for a page. */
function download({ files }: FilePorts, file: StoredFile): Response {
  return new Response(fileContent(files, file), {
    headers: {
      "content-type": "application/octet-stream",
      "content-length": String(file.bytes),
      "content-disposition": "attachment",
      "x-content-type-options": "nosniff",
    },
  });
}

function rendered(file: StoredFile): z.infer<typeof fileObject> {
  return {
    id: file.id,
    object: "file",
    bytes: file.bytes,
    created_at: seconds(file.createdAt),
    expires_at: file.expiresAt === null ? null : seconds(file.expiresAt),
    filename: file.filename,
    purpose: file.purpose,
    status: "processed",
    status_details: null,
  };
}

/** A page of OpenAI's lists. */
export function pageOf<T extends { readonly id: string }>(data: readonly T[], more: boolean) {
  const [first] = data;
  return {
    object: "list",
    data,
    first_id: first?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
    has_more: more,
  };
}

/** Milliseconds as OpenAI's times: whole seconds. */
export function seconds(ms: number): number {
  return Math.floor(ms / 1000);
}
