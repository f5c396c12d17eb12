import { expect, test } from "bun:test";
import { mayBeHead } from "./response-head.ts";

const bytes = (text: string) => Buffer.from(text, "latin1");

test.each(["H", "HTTP/1.", "HTTP/1.1 200 OK", "HTTP/1.1 200 OK\r", "HTTP/1.1 200 OK\r\ncontent-"])(
  "%j may become a head, wherever it begins",
  (text) => {
    expect(mayBeHead(bytes(text), 0)).toBe(true);
    expect(mayBeHead(bytes(`x\n${text}`), 2)).toBe(true);
  },
);

test.each(["<", "h", "HTTP/2", "\0", "SSH-2.0-x\r\n", "HTTP/1.1 200 OK\n", "\r\n"])("%j can not", (text) =>
  expect(mayBeHead(bytes(text), 0)).toBe(false),
);
