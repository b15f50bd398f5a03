import type { Scenario } from "../scenario.ts";
import * as account from "./account.ts";
import * as email from "./email.ts";
import * as session from "./session.ts";

export const SCENARIOS: Scenario[] = [account, session, email].flatMap((group) => Object.values(group));
