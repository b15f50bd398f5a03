import type { Scenario } from "../scenario.ts";
import * as account from "./account.ts";
import * as admin from "./admin.ts";
import * as email from "./email.ts";
import * as magicLink from "./magic-link.ts";
import * as session from "./session.ts";
import * as username from "./username.ts";

export const SCENARIOS: Scenario[] = [account, session, email, username, magicLink, admin].flatMap((group) => Object.values(group));
