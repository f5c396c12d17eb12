import { expect, test } from "bun:test";
import { FAULTS } from "../core/faults.ts";
import { providerFault } from "./provider-fault.ts";
import { classOfStatus } from "./status-class.ts";

const blameOf = (status: number) => FAULTS[providerFault(classOfStatus(status), {}).kind].blame;

test.each([
  ["application", [400, 406, 411, 413, 415, 418, 422, 431]],
  ["configuration", [401, 403, 404, 405, 407, 410]],
  ["quota", [402, 429]],
  ["provider", [408, 409, 421, 424, 425, 499, 500, 502, 503, 504, 524, 529, 530, 599]],
] as const)("the blame is on the %s for %j", (blame, statuses) => {
  for (const status of statuses) expect([status, blameOf(status)]).toEqual([status, blame]);
});
