/** One message of a stream, between its bytes and its meaning. */

/** A server-sent event, or an event or exception of an AWS event stream. */
export interface Frame {
  /** The `event:` field or `:event-type` (`:exception-type`) header; absent means `message`. */
  readonly event?: string;
  readonly data: string;
  /** True for an exception frame. */
  readonly exception?: true;
  /** True where the bytes were no stream: `data` is all of them, and looks like JSON. Then it is the only frame. */
  readonly whole?: true;
}
