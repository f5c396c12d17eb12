import { describe, expect, test } from "bun:test";
import { networkFault } from "./network-fault.ts";

describe("networkFault", () => {
  test.each([
    ["ECONNREFUSED", "connection_refused"],
    ["ConnectionRefused", "connection_refused"],
    ["ECONNRESET", "connection_reset"],
    ["ConnectionClosed", "connection_reset"],
    ["EPIPE", "connection_reset"],
    ["ENOTFOUND", "dns_failure"],
    ["EAI_AGAIN", "dns_failure"],
    ["ETIMEDOUT", "connect_timeout"],
    ["EWHATEVER", "connection_failed"],
  ])("%s is an outage: %s", (code, told) => {
    const thrown = Object.assign(new Error("getaddrinfo secret.internal"), { code });
    const read = networkFault(thrown);
    expect(read).toMatchObject({ kind: "outage", code: told, cause: { code } });
    expect(JSON.stringify(read)).not.toContain("secret.internal");
  });

  test("Node keeps the code one level down", () => {
    const cause = Object.assign(new Error("no address"), { code: "ENOTFOUND" });
    expect(networkFault(new TypeError("fetch failed", { cause })).code).toBe("dns_failure");
  });

  test.each([null, undefined, "text", 7, {}, { code: 5 }])("%p says nothing", (thrown) => {
    expect(networkFault(thrown)).toMatchObject({ kind: "outage", code: "connection_failed" });
  });
});
