import type { Scenario } from "../scenario.ts";
import * as account from "./account.ts";
import * as admin from "./admin.ts";
import * as ban from "./ban.ts";
import * as deletion from "./deletion.ts";
import * as email from "./email.ts";
import * as invitation from "./invitation.ts";
import * as linking from "./linking.ts";
import * as magicLink from "./magic-link.ts";
import * as member from "./member.ts";
import * as organization from "./organization.ts";
import * as origin from "./origin.ts";
import * as session from "./session.ts";
import * as social from "./social.ts";
import * as sweep from "./sweep.ts";
import * as username from "./username.ts";

export const SCENARIOS: Scenario[] = [
	account,
	deletion,
	session,
	email,
	username,
	magicLink,
	admin,
	ban,
	organization,
	invitation,
	member,
	social,
	linking,
	sweep,
	origin,
].flatMap((group) => Object.values(group));
