import { describe, expect, test } from "bun:test";
import { readHttp } from "./http-bytes.ts";

const read = (text: string, closed = false) => {
  const found = readHttp(Buffer.from(text), closed);
  return found && { ...found, body: found.body.toString() };
};
const CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

describe("whether all of a response arrived", () => {
  test.each<[string, string, boolean, string, boolean]>([
    ["sized", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", false, "hello", true],
    ["sized and cut", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", true, "hel", false],
    ["ended by the close", "HTTP/1.1 200 OK\r\n\r\nhello", true, "hello", true],
    ["not ended by the close yet", "HTTP/1.1 200 OK\r\n\r\nhello", false, "hello", false],
    ["chunked", `${CHUNKED}3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\n\r\n`, false, "hello", true],
    ["chunked without its last chunk", `${CHUNKED}3\r\nhel\r\n`, true, "hel", false],
    ["chunked, cut within a chunk", `${CHUNKED}5\r\nhel`, true, "hel", false],
    ["chunked, cut within a size", `${CHUNKED}3\r\nhel\r\n1`, true, "hel", false],
    ["chunked, garbled", `${CHUNKED}x\r\nhel`, true, "", false],
    [
      "after an interim answer",
      `HTTP/1.1 100 Continue\r\n\r\n${CHUNKED}2\r\nok\r\n0\r\n\r\n`,
      false,
      "ok",
      true,
    ],
  ])("%s", (_, text, closed, body, whole) => {
    expect(read(text, closed)).toMatchObject({ status: 200, body, whole });
  });

  test("half a head is no response", () => {
    expect(read("HTTP/1.1 200 OK\r\nContent-", true)).toBeNull();
  });

  test("the answer does not depend on where the bytes were cut", () => {
    const bytes = Buffer.from(`${CHUNKED}7\r\nPünkte\r\n0\r\n\r\n`);
    for (let length = 0; length < bytes.length - 2; length++) {
      expect(readHttp(bytes.subarray(0, length), false)?.whole ?? false).toBe(
        length >= bytes.indexOf("0\r\n\r\n") + 3,
      );
    }
  });
});

test("names of headers are read in any case", () => {
  expect(read("HTTP/1.1 503 No\r\nX-Thing:  a b \r\nContent-Length: 0\r\n\r\n")).toMatchObject({
    status: 503,
    headers: { "x-thing": "a b" },
  });
});
