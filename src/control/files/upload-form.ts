/** The fields of an upload's form. Owns which there are and what they may hold; knows no bytes of the file. */
import { failed, ok, type Result } from "../../core/faults.ts";
import { BATCH_FILES_KEPT_MS } from "./file-ports.ts";

/** What OpenAI's API takes; `batch` is the only one that anything here reads. */
export const UPLOAD_PURPOSES = ["assistants", "batch", "fine-tune", "vision", "user_data", "evals"] as const;
export type UploadPurpose = (typeof UPLOAD_PURPOSES)[number];

export interface UploadForm {
  readonly purpose: UploadPurpose;
  readonly filename: string;
  /** Milliseconds from when it was uploaded; null: kept until it is deleted. */
  readonly expiresAfterMs: number | null;
}

const MAX_FILENAME_CHARS = 255;
const MIN_EXPIRY_SECONDS = 3600;
const MAX_EXPIRY_SECONDS = 2_592_000;

/** What has come of the form so far, by name. */
export type FormFields = Map<string, string>;

/** A field that has come whole. Faults name it; one that nobody knows is refused rather than ignored. */
export function checkField(name: string, value: string): Result<null> {
  switch (name) {
    case "purpose":
      return UPLOAD_PURPOSES.some((known) => known === value)
        ? ok(null)
        : invalid(name, `must be one of ${UPLOAD_PURPOSES.join(", ")}.`);
    case "expires_after[anchor]":
      return value === "created_at" ? ok(null) : invalid(name, "must be created_at.");
    case "expires_after[seconds]":
      return isExpiry(value)
        ? ok(null)
        : invalid(name, `must be a whole number from ${MIN_EXPIRY_SECONDS} to ${MAX_EXPIRY_SECONDS}.`);
    default:
      return failed(
        "invalid",
        "unknown_field",
        "The form has a field that uploads do not know. Leave it out.",
      );
  }
}

function isExpiry(value: string): boolean {
  const seconds = Number(value);
  return /^\d{1,9}$/.test(value) && seconds >= MIN_EXPIRY_SECONDS && seconds <= MAX_EXPIRY_SECONDS;
}

/** The form, once all of it has come. `filename` is null where no file came. */
export function readForm(fields: FormFields, filename: string | null): Result<UploadForm> {
  if (filename === null) return missing("file", "The form has no file. Send one in the field 'file'.");
  const purpose = UPLOAD_PURPOSES.find((known) => known === fields.get("purpose"));
  if (!purpose) return missing("purpose", "The form has no purpose. Send one, for example 'batch'.");
  const seconds = fields.get("expires_after[seconds]");
  const stated = seconds === undefined ? null : Number(seconds) * 1000;
  return ok({
    purpose,
    filename: printable(filename),
    expiresAfterMs: stated ?? (purpose === "batch" ? BATCH_FILES_KEPT_MS : null),
  });
}

/** A name is a label here, never a path. */
function printable(filename: string): string {
  const name = filename.replaceAll(/\p{Cc}/gu, "").slice(0, MAX_FILENAME_CHARS);
  return name === "" ? "file" : name;
}

function invalid(param: string, must: string): Result<never> {
  return failed("invalid", "invalid_value", `${param} ${must}`, { param });
}

function missing(param: string, message: string): Result<never> {
  return failed("invalid", "missing_required_parameter", message, { param });
}
