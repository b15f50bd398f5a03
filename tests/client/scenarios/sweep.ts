import assert from "node:assert/strict";
import { assertRefused, type Scenario } from "../scenario.ts";

/** What a route says to a stranger who sends `{}`: a status, and a code if there is one. */
type Stranger = [status: number, code?: string];

const SESSION: Stranger = [401, "UNAUTHORIZED"];
/** Some routes refuse strangers without a word. */
const SILENT: Stranger = [401];
const INVALID: Stranger = [400, "VALIDATION_ERROR"];
const FINE: Stranger = [200];

const GET: Record<string, Stranger> = {
	"/ok": FINE,
	"/get-session": FINE,
	"/error": FINE,
	"/list-sessions": SESSION,
	"/list-accounts": SESSION,
	"/verify-email": INVALID,
	"/reset-password/guess": INVALID,
	"/delete-user/callback": INVALID,
	"/magic-link/verify": INVALID,
	"/callback/example": [302],
	"/admin/get-user": INVALID,
	"/admin/list-users": SILENT,
	"/organization/get-full-organization": SESSION,
	"/organization/get-organization": SESSION,
	"/organization/list": SESSION,
	"/organization/get-invitation": INVALID,
	"/organization/list-invitations": SESSION,
	"/organization/list-user-invitations": [400],
	"/organization/get-active-member": SESSION,
	"/organization/get-active-member-role": SESSION,
	"/organization/list-members": SESSION,
};

const POST: Record<string, Stranger> = {
	"/sign-up/email": INVALID,
	"/sign-in/email": INVALID,
	"/sign-in/username": INVALID,
	"/sign-in/magic-link": INVALID,
	"/sign-in/social": INVALID,
	"/sign-out": FINE,
	"/is-username-available": INVALID,
	"/revoke-session": INVALID,
	"/revoke-sessions": SESSION,
	"/revoke-other-sessions": SESSION,
	"/update-user": SESSION,
	"/update-session": SESSION,
	"/change-password": INVALID,
	"/verify-password": INVALID,
	"/request-password-reset": INVALID,
	"/reset-password": INVALID,
	"/send-verification-email": INVALID,
	"/change-email": INVALID,
	"/delete-user": SESSION,
	"/unlink-account": INVALID,
	"/link-social": INVALID,
	"/admin/set-role": INVALID,
	"/admin/create-user": INVALID,
	"/admin/update-user": INVALID,
	"/admin/list-user-sessions": INVALID,
	"/admin/ban-user": INVALID,
	"/admin/unban-user": INVALID,
	"/admin/revoke-user-session": INVALID,
	"/admin/revoke-user-sessions": INVALID,
	"/admin/remove-user": INVALID,
	"/admin/set-user-password": INVALID,
	"/admin/impersonate-user": INVALID,
	"/admin/stop-impersonating": SILENT,
	"/admin/has-permission": INVALID,
	"/organization/create": INVALID,
	"/organization/check-slug": INVALID,
	"/organization/update": INVALID,
	"/organization/delete": INVALID,
	"/organization/set-active": SESSION,
	"/organization/invite-member": INVALID,
	"/organization/accept-invitation": INVALID,
	"/organization/reject-invitation": INVALID,
	"/organization/cancel-invitation": INVALID,
	"/organization/remove-member": INVALID,
	"/organization/update-member-role": INVALID,
	"/organization/leave": INVALID,
	"/organization/has-permission": INVALID,
};

/** Routes that belong to what neither server offers. */
const ABSENT = [
	"/unknown",
	"/two-factor/enable",
	"/passkey/list-user-passkeys",
	"/organization/create-team",
	"/sign-in/email-otp",
	"/api-key/list",
	"/",
];

export const strangers: Scenario = {
	name: "sweep: strangers",
	async run(run) {
		for (const [method, path, expected] of all()) {
			await run.step(`${method} ${path}`, async () => {
				const exchange = await run.device().request(method, path, method === "POST" ? { body: {} } : {});
				const [status, code] = expected;
				assert.equal(exchange.status, status, JSON.stringify(exchange.body));
				if (status >= 400) assertRefused(exchange, status, code ?? null);
				if (expected === SILENT) assert.equal(exchange.body, undefined);
			});
		}
	},
};

export const bodies: Scenario = {
	name: "sweep: bodies",
	async run(run) {
		for (const path of Object.keys(POST)) {
			const send = (body: string, type: string) =>
				run.device().request("POST", path, { body, headers: { "content-type": type } });
			await run.step(`${path} of plain text`, async () =>
				assertRefused(await send("{}", "text/plain"), 415, "UNSUPPORTED_MEDIA_TYPE"),
			);
			await run.step(`${path} of broken JSON`, async () => {
				const { status } = await send("{", "application/json");
				assert.ok(status === 400 || status === 401, `got ${status}`);
			});
			await run.step(`${path} of a list`, async () => {
				const { status } = await send("[]", "application/json");
				assert.ok(status < 500, `got ${status}`);
			});
		}
	},
};

export const paths: Scenario = {
	name: "sweep: paths and methods",
	async run(run) {
		const { device } = await run.person("walker");
		const nothing = async (method: string, path: string) => {
			const exchange = await device.request(method, path, method === "GET" || method === "OPTIONS" ? {} : { body: {} });
			assert.deepEqual([exchange.status, exchange.body, exchange.contentType], [404, undefined, null]);
		};
		for (const [method, path] of all()) {
			if (path === "/callback/example" || path === "/get-session") continue;
			const other = method === "GET" ? "POST" : "GET";
			if (path !== "/reset-password/guess") await run.step(`${other} ${path}`, async () => await nothing(other, path));
			await run.step(`${method} ${path}/`, async () => await nothing(method, `${path}/`));
			await run.step(`${method} /${path}`, async () => await nothing(method, `/${path}`));
		}
		for (const method of ["PUT", "DELETE", "PATCH"])
			await run.step(`${method} /sign-in/email`, async () => await nothing(method, "/sign-in/email"));
		for (const path of ABSENT) {
			await run.step(`GET ${path}`, async () => await nothing("GET", path));
			await run.step(`POST ${path}`, async () => await nothing("POST", path));
		}
	},
};

function all(): [method: string, path: string, expected: Stranger][] {
	const gets = Object.entries(GET).map(([path, expected]): [string, string, Stranger] => ["GET", path, expected]);
	const posts = Object.entries(POST).map(([path, expected]): [string, string, Stranger] => ["POST", path, expected]);
	return [...gets, ...posts];
}
