import { describe, expect, test } from "bun:test";
import { checkAddress } from "./check-address.ts";
import type { DoctorPorts } from "./doctor-ports.ts";
import { fakeWorld } from "./fake-patient.ts";

const withCode = (code: string) => Object.assign(new Error("words of the runtime"), { code });
const refuse = (code: string) => ({ connect: () => Promise.reject(withCode(code)) });

function check(url: string, change: Partial<DoctorPorts> = {}) {
  const world = fakeWorld(change);
  const limit = { clock: world.clock, withinMs: 1000, signal: null };
  return { world, verdict: checkAddress(url, world.ports, limit) };
}

describe("an address", () => {
  test.each([
    ["https://api.example.com/v1", "tls api.example.com:443", "api.example.com:443 accepts TLS connections."],
    ["http://127.0.0.1:8000/v1", "tcp 127.0.0.1:8000", "127.0.0.1:8000 accepts connections."],
    ["http://[::1]/v1", "tcp ::1:80", "[::1]:80 accepts connections."],
  ])("%s is resolved and connected to", async (url, asked, message) => {
    const { world, verdict } = check(url);
    expect(await verdict).toEqual({ status: "ok", message });
    expect(world.asked[1]).toBe(asked);
  });

  test("without a name is a failure, and nobody is connected to", async () => {
    const { world, verdict } = check("https://nowhere.example.com", {
      resolveHost: () => Promise.reject(withCode("ENOTFOUND")),
    });
    expect(await verdict).toMatchObject({
      status: "failed",
      message: "The name nowhere.example.com has no address (ENOTFOUND).",
      fix: expect.stringContaining("region"),
    });
    expect(world.asked).toEqual([]);
  });

  test.each([
    ["ECONNREFUSED", "Nobody listens on h.example.com:443.", "Start the server"],
    ["CERT_HAS_EXPIRED", "TLS fails (CERT_HAS_EXPIRED)", "NODE_EXTRA_CA_CERTS"],
    ["DEPTH_ZERO_SELF_SIGNED_CERT", "but TLS fails", "NODE_EXTRA_CA_CERTS"],
    ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "but TLS fails", "NODE_EXTRA_CA_CERTS"],
    ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "but TLS fails", "NODE_EXTRA_CA_CERTS"],
    ["ERR_TLS_CERT_ALTNAME_INVALID", "but TLS fails", "NODE_EXTRA_CA_CERTS"],
    ["ERR_SSL_WRONG_VERSION_NUMBER", "but TLS fails", "http://"],
    ["EHOSTUNREACH", "cannot be reached (EHOSTUNREACH)", "network"],
  ])("that ends with %s", async (code, message, fix) => {
    const verdict = await check("https://h.example.com", refuse(code)).verdict;
    expect(verdict.status).toBe("failed");
    expect(verdict.message).toContain(message);
    expect(verdict.fix).toContain(fix);
  });

  test("that says nothing is given up", async () => {
    const { world, verdict } = check("https://h.example.com", {
      connect: () => new Promise<never>(() => undefined),
    });
    await world.clock.advance(1000);
    expect(await verdict).toMatchObject({
      status: "failed",
      message: "h.example.com:443 did not accept a connection in time.",
    });
  });
});

describe("behind a proxy", () => {
  test.each([
    [{ HTTPS_PROXY: "http://proxy" }, "HTTPS_PROXY"],
    [{ https_proxy: "http://proxy", NO_PROXY: "example.org, other.com" }, "https_proxy"],
    [{ HTTPS_PROXY: "http://proxy", NO_PROXY: "api.example.com:8443" }, "HTTPS_PROXY"],
  ])("%p: nobody is asked directly", async (environment, name) => {
    const { world, verdict } = check("https://api.example.com/v1", { environment });
    const { status, message } = await verdict;
    expect(status).toBe("skipped");
    expect(message).toContain(`the proxy of ${name};`);
    expect(message).not.toContain("http://proxy");
    expect(world.asked).toEqual([]);
  });

  test.each([
    { HTTP_PROXY: "http://proxy" },
    { HTTPS_PROXY: "http://proxy", NO_PROXY: "*" },
    { HTTPS_PROXY: "http://proxy", NO_PROXY: "localhost,.example.com" },
    { HTTPS_PROXY: "http://proxy", no_proxy: "example.com" },
    { HTTPS_PROXY: "" },
  ])("%p: the way is straight", async (environment) => {
    expect((await check("https://api.example.com/v1", { environment }).verdict).status).toBe("ok");
  });
});
