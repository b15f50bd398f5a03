import assert from "node:assert/strict";
import { assertRefused, cookieNames, PASSWORD, type Scenario } from "../scenario.ts";

export const sessions: Scenario = {
	name: "core: sessions",
	async run(run) {
		const { client, device, email } = await run.person("sessions");
		const [second, third] = [run.device(), run.device()];
		const signIn = (device: typeof second) => device.client.signIn.email({ email, password: PASSWORD });

		await run.ok("signs in on a second device", () => signIn(second));
		const listed = await run.ok(
			"lists both sessions",
			() => client.listSessions(),
			(data) => assert.equal(data.length, 2),
		);
		await run.refused("lists none without a session", 401, "UNAUTHORIZED", () => run.device().client.listSessions());

		const stranger = await run.person("stranger");
		await run.ok("revokes no session of others, silently", () =>
			stranger.client.revokeSession({ token: listed[0]?.token ?? "" }),
		);
		await run.ok("nor one that does not exist", () => client.revokeSession({ token: "unknown" }));
		await run.ok(
			"so both remain",
			() => client.listSessions(),
			(data) => assert.equal(data.length, 2),
		);
		await run.refused("revokes nothing without a token", 400, "VALIDATION_ERROR", () =>
			client.$fetch("/revoke-session", { method: "POST", body: {} }),
		);
		await run.refused("revokes none without a session", 401, "UNAUTHORIZED", () =>
			run.device().client.revokeSession({ token: "unknown" }),
		);

		const own = await run.need("knows its own", async () => (await client.getSession()).data?.session.token);
		await run.ok(
			"revokes the other",
			() => client.revokeSession({ token: listed.find(({ token }) => token !== own)?.token ?? "" }),
			({ status }) => assert.equal(status, true),
		);
		await run.step("which has ended", async () => {
			assert.deepEqual(await second.client.getSession(), { data: null, error: null });
			assert.ok(!second.jar.cookies.has("better-auth.session_token"));
		});

		await run.ok("signs in on the second device again", () => signIn(second));
		await run.ok("and on a third", () => signIn(third));
		await run.ok(
			"revokes all others",
			() => client.revokeOtherSessions(),
			({ status }) => assert.equal(status, true),
		);
		await run.step("which have ended", async () => {
			assert.equal((await second.client.getSession()).data, null);
			assert.equal((await third.client.getSession()).data, null);
			assert.ok((await client.getSession()).data);
		});
		await run.refused("revokes no others without a session", 401, "UNAUTHORIZED", () =>
			second.client.revokeOtherSessions(),
		);

		await run.ok("signs in on the second device once more", () => signIn(second));
		await run.ok(
			"revokes all",
			() => client.revokeSessions(),
			({ status }) => assert.equal(status, true),
		);
		await run.step("which ends its own too", async () => {
			assert.equal((await client.getSession()).data, null);
			assert.equal((await second.client.getSession()).data, null);
			assert.ok(!device.jar.cookies.has("better-auth.session_token"));
		});
		await run.refused("revokes none at all without a session", 401, "UNAUTHORIZED", () => client.revokeSessions());
	},
};

export const getSession: Scenario = {
	name: "core: get-session",
	async run(run) {
		const { client, device, id } = await run.person("reader");
		await run.step("answers null to a stranger", async () => {
			const exchange = await run.device().request("GET", "/get-session");
			assert.deepEqual([exchange.status, exchange.body], [200, null]);
		});
		await run.ok(
			"answers who it is",
			() => client.getSession(),
			({ user }) => assert.equal(user.id, id),
		);
		await run.ok("takes the options of the client", () =>
			client.getSession({ query: { disableCookieCache: true, disableRefresh: true } }),
		);
		await run.step("is not for POST", async () => {
			const exchange = await device.request("POST", "/get-session", { body: {} });
			assert.equal(exchange.status, 405);
		});
		await run.step("believes no forged cookie", async () => {
			const thief = run.device();
			const real = device.jar.cookies.get("better-auth.session_token") ?? "";
			thief.jar.cookies.set("better-auth.session_token", real.replace(/\.[^.]*$/, `.${"A".repeat(43)}%3D`));
			assert.equal((await thief.request("GET", "/get-session")).body, null);
			thief.jar.cookies.set("better-auth.session_token", real.split(".")[0] ?? "");
			assert.equal((await thief.request("GET", "/get-session")).body, null);
		});
		await run.refused("sets no active organization", 400, "FIELD_NOT_ALLOWED", () =>
			client.$fetch("/update-session", { method: "POST", body: { activeOrganizationId: id } }),
		);
		await run.refused("sets no impersonation", 400, "FIELD_NOT_ALLOWED", () =>
			client.$fetch("/update-session", { method: "POST", body: { impersonatedBy: id } }),
		);
		await run.refused("has nothing else to set", 400, null, () =>
			client.$fetch("/update-session", { method: "POST", body: {} }),
		);
		await run.refused("nor a session to set it on", 401, "UNAUTHORIZED", () =>
			run.device().client.$fetch("/update-session", { method: "POST", body: {} }),
		);
		await run.step("says that all is well", async () => {
			const exchange = await device.request("GET", "/ok");
			assert.deepEqual([exchange.status, exchange.body], [200, { ok: true }]);
		});
		await run.step("has a page for errors", async () => {
			const exchange = await device.request("GET", "/error?error=state_not_found");
			assert.equal(exchange.status, 200);
			assert.match(String(exchange.body), /state_not_found/i);
		});
	},
};

export const passwords: Scenario = {
	name: "core: passwords",
	async run(run) {
		const { client, device, email } = await run.person("password");
		const other = run.device();
		const changed = "another good password";
		await run.ok("signs in elsewhere", () => other.client.signIn.email({ email, password: PASSWORD }));
		const verify = (password: string) => client.$fetch("/verify-password", { method: "POST", body: { password } });

		await run.ok("knows the right one", () => verify(PASSWORD));
		await run.refused("from a wrong one", 400, "INVALID_PASSWORD", () => verify("wrong password"));
		await run.refused("of the caller only", 401, "UNAUTHORIZED", () =>
			run.device().client.$fetch("/verify-password", { method: "POST", body: { password: PASSWORD } }),
		);

		const change = (currentPassword: string, newPassword: string) =>
			client.changePassword({ currentPassword, newPassword });
		await run.refused("changes with the right one only", 400, "INVALID_PASSWORD", () =>
			change("wrong password", changed),
		);
		await run.refused("not to a short one", 400, "PASSWORD_TOO_SHORT", () => change(PASSWORD, "short"));
		await run.refused("not to a long one", 400, "PASSWORD_TOO_LONG", () => change(PASSWORD, "x".repeat(129)));
		await run.refused("not without a new one", 400, "VALIDATION_ERROR", () =>
			client.$fetch("/change-password", { method: "POST", body: { currentPassword: PASSWORD } }),
		);
		await run.refused("not without a session", 401, "UNAUTHORIZED", () =>
			run.device().client.changePassword({ currentPassword: PASSWORD, newPassword: changed }),
		);
		await run.ok(
			"changes",
			() => change(PASSWORD, changed),
			({ token, user }) => assert.deepEqual([token, user.email], [null, email]),
		);
		await run.step("and the other session stays", async () => assert.ok((await other.client.getSession()).data));
		await run.ok(
			"changes and ends other sessions",
			() => client.changePassword({ currentPassword: changed, newPassword: PASSWORD, revokeOtherSessions: true }),
			({ token }) => assert.ok(token),
		);
		await run.step("which then have ended", async () => {
			assert.equal((await other.client.getSession()).data, null);
			assert.ok((await client.getSession()).data);
			assert.ok(device.jar.cookies.has("better-auth.session_token"));
		});
		await run.refused("the changed one is past", 401, "INVALID_EMAIL_OR_PASSWORD", () =>
			other.client.signIn.email({ email, password: changed }),
		);
	},
};

export const reset: Scenario = {
	name: "core: password reset",
	async run(run) {
		const { client, email } = await run.person("reset");
		const device = run.device();
		const changed = "a password after reset";
		const request = (to: string, redirectTo?: string) => device.client.requestPasswordReset({ email: to, redirectTo });

		await run.refused("leads to no foreign page", 403, "INVALID_REDIRECT_URL", () =>
			request(email, "https://evil.example/"),
		);
		await run.refused("needs an address", 400, "VALIDATION_ERROR", () => request("nobody"));
		const unknown = await run.ok("says nothing about strangers", () => request(run.email("nobody"), "/reset"));
		await run.ok(
			"nor about users",
			() => request(email, "/reset"),
			(data) => assert.deepEqual(data, unknown),
		);
		const link = await run.need("sends a link", async () => new URL((await run.mail(email, "reset-password")).url));
		const token = link.pathname.split("/").at(-1) ?? "";

		await run.step("which leads to the page", async () => {
			const exchange = await device.open(link.href);
			assert.equal(exchange.status, 302);
			const location = new URL(exchange.location ?? "", link);
			assert.deepEqual([location.pathname, location.searchParams.get("token")], ["/reset", token]);
		});
		await run.step("or with an error", async () => {
			const exchange = await device.request("GET", "/reset-password/guess?callbackURL=%2Freset");
			assert.equal(exchange.status, 302);
			assert.equal(new URL(exchange.location ?? "", link).searchParams.get("error"), "INVALID_TOKEN");
		});
		await run.step("to pages of ours only", async () => {
			const exchange = await device.request("GET", `/reset-password/${token}?callbackURL=https%3A%2F%2Fevil.example`);
			assertRefused(exchange, 403, "INVALID_CALLBACK_URL");
		});
		await run.step("and to one at all", async () => {
			assertRefused(await device.request("GET", `/reset-password/${token}`), 400, "VALIDATION_ERROR");
		});
		const set = (newPassword: string, token?: string) => device.client.resetPassword({ newPassword, token });
		await run.refused("not without a token", 400, "INVALID_TOKEN", () => set(changed));
		await run.refused("not with a guess", 400, "INVALID_TOKEN", () => set(changed, "guess"));
		await run.refused("not to a short password", 400, "PASSWORD_TOO_SHORT", () => set("short", token));
		await run.refused("not to a long password", 400, "PASSWORD_TOO_LONG", () => set("x".repeat(129), token));
		await run.ok(
			"resets",
			() => set(changed, token),
			({ status }) => assert.equal(status, true),
		);
		await run.refused("once", 400, "INVALID_TOKEN", () => set(changed, token));
		await run.step("which ends all sessions", async () => assert.equal((await client.getSession()).data, null));
		await run.refused("the old password is past", 401, "INVALID_EMAIL_OR_PASSWORD", () =>
			device.client.signIn.email({ email, password: PASSWORD }),
		);
		await run.ok("the new one is good", () => device.client.signIn.email({ email, password: changed }));
		await run.step("and sets no cookie on the way", async () => {
			assert.deepEqual(cookieNames(await device.request("GET", "/ok")), []);
		});
	},
};
