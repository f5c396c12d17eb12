/** A shape while it is being put together, field by field: a spread for each field that may be absent costs more. */
export type Writable<T> = { -readonly [Key in keyof T]: T[Key] };
