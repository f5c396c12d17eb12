import { expect, test } from "bun:test";
import { FakeClock } from "../core/fake-clock.ts";
import { Secret } from "../core/secret.ts";
import { createSecretFiles, type StaticCredential } from "./secret-files.ts";

/** A file whose content a test changes; `held`: readings wait until they are let go. */
function start(content: string | null = "old") {
  const clock = new FakeClock();
  const file = { content, reads: 0, held: null as Promise<void> | null };
  const files = createSecretFiles(clock, async () => {
    file.reads += 1;
    await file.held;
    return file.content === null ? null : new Secret(file.content);
  });
  const credential: StaticCredential = {
    type: "bearer",
    secret: new Secret("old"),
    file: "/run/secrets/key",
  };
  const current = async (): Promise<string> => (await files.secretOf(credential)).reveal();
  const refuse = async (): Promise<void> => files.doubt(credential, await files.secretOf(credential));
  return { clock, file, files, credential, current, refuse };
}

test("a file is read once in ten seconds, however many calls there are", async () => {
  const { clock, file, files, credential, current } = start();
  expect(await Promise.all([current(), current()])).toEqual(["old", "old"]);
  expect(files.secretOf(credential)).toBe(credential.secret);
  file.content = "new";
  await clock.advance(9_999);
  expect(await current()).toBe("old");
  expect(file.reads).toBe(1);
  await clock.advance(1);
  expect(await current()).toBe("new");
  expect(file.reads).toBe(2);
  expect(clock.pending).toBe(0);
});

test("a refusal has it read for the next call, and no more than once a second", async () => {
  const { clock, file, current, refuse } = start();
  await current();
  await clock.advance(1_000);
  file.content = "new";
  await refuse();
  expect(await current()).toBe("new");
  file.content = "newer";
  await refuse();
  expect(await current()).toBe("new");
  await clock.advance(1_000);
  expect(await current()).toBe("newer");
  expect(file.reads).toBe(3);
});

test("a refusal of what is not in the file any more reads nothing", async () => {
  const { clock, file, files, credential, current } = start("new");
  expect(await current()).toBe("new");
  await clock.advance(1_000);
  files.doubt(credential, credential.secret);
  await current();
  expect(file.reads).toBe(1);
});

test.each([null, "old"])("a file that holds %p changes nothing", async (content) => {
  const { files, credential } = start(content);
  expect(await files.secretOf(credential)).toBe(credential.secret);
});

test("a reading that hangs is waited for a quarter of a second, by nobody twice, and serves when it comes", async () => {
  const { clock, file, current } = start("new");
  const { promise, resolve } = Promise.withResolvers<void>();
  file.held = promise;
  const waiting = current();
  await clock.advance(250);
  expect(await waiting).toBe("old");
  await clock.advance(60_000);
  expect(await current()).toBe("old");
  expect(file.reads).toBe(1);
  resolve();
  await clock.advance(0);
  expect(await current()).toBe("new");
});

test("a refusal that comes while the file is read has it read again a second later", async () => {
  const { clock, file, files, credential, current } = start();
  const { promise, resolve } = Promise.withResolvers<void>();
  file.held = promise;
  const reading = current();
  files.doubt(credential, credential.secret);
  resolve();
  expect(await reading).toBe("old");
  file.content = "new";
  await clock.advance(1_000);
  expect(await current()).toBe("new");
});
