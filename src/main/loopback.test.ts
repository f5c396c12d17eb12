import { expect, test } from "bun:test";
import { isLoopback } from "./loopback.ts";

test.each(["127.0.0.1", "127.9.9.9", "::1", "localhost"])("%s is this machine", (host) => {
  expect(isLoopback(host)).toBe(true);
});

test.each(["127.0.0.1.evil", "127.evil", "127.0.0.999", "0.0.0.0", "::", "localhost.evil", ""])(
  "%p is not known to be",
  (host) => {
    expect(isLoopback(host)).toBe(false);
  },
);
