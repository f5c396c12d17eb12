import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { requestText, targetOf } from "./request-text.ts";

describe("a request's text", () => {
  test("states the host, the length and no encoding, whatever the headers say", () => {
    const headers = {
      Host: "evil.test",
      "content-length": "1",
      Connection: "upgrade",
      "transfer-encoding": "chunked",
      "accept-encoding": "br",
      expect: "100-continue",
      "x-key": "k",
    };
    const text = requestText(targetOf("http://[::1]:8080/a?b=c#d"), { url: "", headers, body: "é" });
    expect(text).toBe(
      "POST /a?b=c HTTP/1.1\r\nhost: [::1]:8080\r\naccept-encoding: identity\r\nx-key: k\r\ncontent-length: 2\r\n\r\né",
    );
  });

  test("is one head, whatever the headers hold", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: "binary" }), fc.string({ unit: "binary" })), (headers) => {
        let text = "";
        try {
          text = requestText(targetOf("http://a.test/"), { url: "", headers, body: "" });
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(TypeError);
          return;
        }
        expect(text.indexOf("\r\n\r\n")).toBe(text.length - 4);
        expect(text.split("\r\n").length).toBeLessThanOrEqual(Object.keys(headers).length + 6);
        expect(text.replaceAll("\r\n", "")).not.toMatch(/[\r\n\0]/);
      }),
      { numRuns: 300 },
    );
  });

  test("a refused header is named without its value", () => {
    const call = { url: "", headers: { "x-key": "s3cret\n" }, body: "" };
    expect(() => requestText(targetOf("http://a.test/"), call)).toThrow(/^(?!.*s3cret).*"x-key"/);
  });

  test.each(["http://user:pass@a.test/", "http://user@a.test/", "ftp://a.test/", "nonsense"])(
    "%s is no target",
    (url) => {
      expect(() => targetOf(url)).toThrow(TypeError);
    },
  );

  test("a name of the world's letters goes as its ASCII form", () => {
    expect(targetOf("https://bücher.test/ü").start).toStartWith(
      "POST /%C3%BC HTTP/1.1\r\nhost: xn--bcher-kva.test\r\n",
    );
  });
});
