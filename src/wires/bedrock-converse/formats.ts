/** Formats of images and documents, as this wire names them and as media types. Owns the table, both ways. */
const IMAGES = {
  png: "image/png",
  jpeg: "image/jpeg",
  gif: "image/gif",
  webp: "image/webp",
} as const;

const DOCUMENTS = {
  pdf: "application/pdf",
  csv: "text/csv",
  doc: "application/msword",
  docx: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
  xls: "application/vnd.ms-excel",
  xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
  html: "text/html",
  txt: "text/plain",
  md: "text/markdown",
} as const;

export const IMAGE_FORMATS = keysOf(IMAGES);
export const DOCUMENT_FORMATS = keysOf(DOCUMENTS);

export type ImageFormat = keyof typeof IMAGES;
export type DocumentFormat = keyof typeof DOCUMENTS;

/** Media types that others use for the same, and file extensions that are no format's name. */
const ALIASES: Readonly<Record<string, ImageFormat | DocumentFormat>> = {
  "image/jpg": "jpeg",
  "application/csv": "csv",
  "text/x-markdown": "md",
  "application/xhtml+xml": "html",
  jpg: "jpeg",
  htm: "html",
  text: "txt",
  markdown: "md",
};

export function imageType(format: ImageFormat): string {
  return IMAGES[format];
}

export function documentType(format: DocumentFormat): string {
  return DOCUMENTS[format];
}

/** Null where the wire has no such format. Parameters (`; charset=utf-8`) do not matter. */
export function imageFormat(mediaType: string): ImageFormat | null {
  return find(IMAGES, mediaType);
}

/** Any other text is sent as plain text. */
export function documentFormat(mediaType: string): DocumentFormat | null {
  const found = find(DOCUMENTS, mediaType);
  return found ?? (mediaType.startsWith("text/") ? "txt" : null);
}

/** The format that the end of an object's name tells; null where it tells none of `formats`. */
export function formatOfName<Format extends string>(name: string, formats: readonly Format[]): Format | null {
  const extension = /\.([a-z]{2,8})$/i.exec(name)?.[1]?.toLowerCase() ?? "";
  const named = ALIASES[extension] ?? extension;
  return formats.find((format) => format === named) ?? null;
}

function find<Format extends string>(
  formats: Readonly<Record<Format, string>>,
  stated: string,
): Format | null {
  const mediaType = stated.split(";")[0]?.trim().toLowerCase() ?? "";
  const alias = Object.hasOwn(ALIASES, mediaType) ? ALIASES[mediaType] : undefined;
  return keysOf(formats).find((format) => formats[format] === mediaType || format === alias) ?? null;
}

function keysOf<Key extends string>(record: Readonly<Record<Key, unknown>>): readonly Key[] {
  return Object.keys(record) as Key[];
}
