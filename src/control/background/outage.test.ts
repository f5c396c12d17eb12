import { expect, test } from "bun:test";
import { createOutage } from "./outage.ts";

test("an outage is reported once, with what was first thrown, and the next one again", () => {
  const reports: unknown[] = [];
  const outage = createOutage((thrown) => void reports.push(thrown));
  outage.over();
  for (const thrown of ["first", "second", "third"]) outage.failed(thrown);
  expect(reports).toEqual(["first"]);
  outage.over();
  outage.failed("fourth");
  expect(reports).toEqual(["first", "fourth"]);
});
