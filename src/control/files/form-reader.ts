/** The parts of an upload's form, as they come: fields gathered, the file passed on. Knows no store. */
import { failed, ok, type Result } from "../../core/faults.ts";
import type { MultipartEvent } from "./multipart.ts";
import type { PartWriter } from "./part-writer.ts";
import { tooLarge } from "./read-chunks.ts";
import { checkField, type FormFields } from "./upload-form.ts";

const MAX_FIELD_BYTES = 1024;

export interface FormReader {
  readonly fields: FormFields;
  /** Null until a file has come. */
  filename(): string | null;
  take(event: MultipartEvent): Promise<Result<null>>;
}

/** Fields into a map, the file into `writer`; in whichever order they come. */
export function createFormReader(writer: PartWriter, maxFileBytes: number): FormReader {
  const fields: FormFields = new Map();
  let filename: string | null = null;
  let open: { readonly name: string; readonly isFile: boolean; value: Buffer } | null = null;

  const begin = (event: Extract<MultipartEvent, { type: "part" }>): Result<null> => {
    const isFile = event.name === "file";
    if (isFile ? filename !== null : fields.has(event.name)) {
      return failed("invalid", "duplicate_field", "The form has a field twice. Send each once.");
    }
    if (isFile) filename = event.filename ?? "";
    open = { name: event.name, isFile, value: Buffer.alloc(0) };
    return ok(null);
  };
  const add = async (bytes: Uint8Array): Promise<Result<null>> => {
    if (open?.isFile) {
      if (writer.bytes() + bytes.byteLength > maxFileBytes) return tooLarge(maxFileBytes);
      await writer.write(bytes);
    } else if (open) {
      if (open.value.length + bytes.byteLength > MAX_FIELD_BYTES) {
        return failed("invalid", "invalid_value", "A field of the form is too long.");
      }
      open.value = Buffer.concat([open.value, bytes]);
    }
    return ok(null);
  };
  const end = async (): Promise<Result<null>> => {
    if (!open) return ok(null);
    const { name, isFile, value } = open;
    if (isFile) {
      await writer.close();
      return ok(null);
    }
    fields.set(name, value.toString("utf8"));
    return checkField(name, value.toString("utf8"));
  };
  return {
    fields,
    filename: () => filename,
    async take(event) {
      if (event.type === "part") return begin(event);
      return event.type === "data" ? add(event.bytes) : end();
    },
  };
}
