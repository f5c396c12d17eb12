import { describe, expect, test } from "bun:test";
import { type ReceivedResponse, ResponseReader } from "./http-response.ts";

const SIZED = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\nhello";
const CHUNKED =
  "HTTP/1.1 201 Created\r\ntransfer-encoding: chunked\r\n\r\n5\r\ndata:\r\n1B\r\n abcdefghijklmnopqrstuvwxyz\r\n0\r\n\r\n";
const EMPTY = "HTTP/1.1 429 Too Many\r\ncontent-length:0\r\n\r\n";

function readAll(text: string, size: number): ReceivedResponse[] {
  const reader = new ResponseReader();
  const responses: ReceivedResponse[] = [];
  for (let i = 0; i < text.length; i += size) {
    const response = reader.push(text.slice(i, i + size));
    if (response) responses.push(response);
  }
  return responses;
}

describe("ResponseReader", () => {
  test.each([1, 2, 3, 7, 19, 40])("reads responses cut into pieces of %d bytes", (size) => {
    expect(readAll(SIZED + CHUNKED + EMPTY, size)).toEqual([
      { status: 200, body: "hello" },
      { status: 201, body: "data: abcdefghijklmnopqrstuvwxyz" },
      { status: 429, body: "" },
    ]);
  });

  test("waits for the rest", () => {
    const reader = new ResponseReader();
    expect(reader.push(CHUNKED.slice(0, -2))).toBeNull();
    expect(reader.push("\r\n")?.status).toBe(201);
  });
});
