/** Both drivers under the contract; what only one of them can promise says why. */
import { answersContract } from "./answers-contract.ts";
import { callsContract } from "./calls-contract.ts";
import { FETCH, HTTP1 } from "./driver.ts";
import { reuseContract } from "./reuse-contract.ts";

for (const driver of [HTTP1, FETCH]) {
  callsContract(driver);
  answersContract(driver);
  reuseContract(driver);
}
