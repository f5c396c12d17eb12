import { describe, expect, test } from "bun:test";
import { readQueueAddress, regionOf } from "./queue-address.ts";

const URL_OF_JOBS = "https://sqs.eu-west-1.amazonaws.com/123456789012/jobs";

describe("the address of a queue", () => {
  test.each(["", " ", "embedded", " embedded "])("%j is the embedded one", (text) => {
    expect(readQueueAddress(text)).toEqual({ ok: true, address: { kind: "embedded" } });
  });

  test("an SQS queue, with and without its dead letters", () => {
    expect(readQueueAddress(`sqs:${URL_OF_JOBS}`)).toEqual({
      ok: true,
      address: { kind: "sqs", url: URL_OF_JOBS, deadUrl: null },
    });
    expect(readQueueAddress(` sqs:${URL_OF_JOBS},dead=${URL_OF_JOBS}-dead `)).toEqual({
      ok: true,
      address: { kind: "sqs", url: URL_OF_JOBS, deadUrl: `${URL_OF_JOBS}-dead` },
    });
    expect(readQueueAddress("sqs:http://127.0.0.1:4566/000000000000/jobs")).toMatchObject({ ok: true });
  });

  test.each([
    ["jobs", "begins with sqs:"],
    ["redis://hunter2@example/0", "begins with sqs:"],
    ["sqs:jobs", "is no URL"],
    ["sqs:", "is no URL"],
    ["sqs:ftp://sqs.eu-west-1.amazonaws.com/1/jobs", "does not begin with https://"],
    ["sqs:https://ops:hunter2@sqs.eu-west-1.amazonaws.com/1/jobs", "user or password"],
    [`sqs:${URL_OF_JOBS}?key=hunter2`, "query or fragment"],
    [`sqs:${URL_OF_JOBS}#hunter2`, "query or fragment"],
    ["sqs:https://sqs.eu-west-1.amazonaws.com/", "names no queue"],
    ["sqs:https://sqs.eu-west-1.amazonaws.com/123456789012/", "names no queue"],
    [`sqs:${URL_OF_JOBS}.fifo`, "FIFO"],
    [`sqs:${URL_OF_JOBS},hunter2`, "nothing but one `dead=URL`"],
    [`sqs:${URL_OF_JOBS},dead=${URL_OF_JOBS}2,dead=${URL_OF_JOBS}3`, "nothing but one `dead=URL`"],
    [`sqs:${URL_OF_JOBS},dead=hunter2`, "dead-letter queue is no URL"],
    [`sqs:${URL_OF_JOBS},dead=${URL_OF_JOBS}`, "are the same"],
    [`sqs:${URL_OF_JOBS},dead=https://sqs.us-east-1.amazonaws.com/1/dead`, "same endpoint"],
  ])("%s is refused, and not repeated", (text, words) => {
    const read = readQueueAddress(text);
    if (read.ok) throw new Error("It was taken.");
    expect(read.message).toContain(words);
    expect(read.message + read.fix).not.toContain("hunter2");
    expect(read.fix).toContain("sqs:https://");
  });

  test.each([
    [URL_OF_JOBS, "eu-west-1"],
    ["https://sqs.cn-north-1.amazonaws.com.cn/1/jobs", "cn-north-1"],
    ["https://sqs-fips.us-gov-west-1.amazonaws.com/1/jobs", "us-gov-west-1"],
    ["https://eu-central-1.queue.amazonaws.com/1/jobs", "eu-central-1"],
    ["https://vpce-0a1b2c-3d4e.sqs.ap-southeast-2.vpce.amazonaws.com/1/jobs", "ap-southeast-2"],
    ["http://127.0.0.1:4566/1/jobs", null],
    ["http://localhost:9324/queue/jobs", null],
  ])("the region of %s is %p", (url, region) => {
    expect(regionOf(url)).toBe(region);
  });
});
