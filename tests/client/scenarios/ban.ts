import assert from "node:assert/strict";
import { assertRefused, cookieNames, NOBODY, PASSWORD, type Scenario } from "../scenario.ts";

export const ban: Scenario = {
	name: "admin: bans and sessions",
	async run(run) {
		const root = await run.admin("judge");
		const { admin } = root.client;
		const user = await run.person("culprit");
		const userId = user.id;
		const signIn = () => user.client.signIn.email({ email: user.email, password: PASSWORD });

		const { sessions } = await run.ok(
			"lists sessions",
			() => admin.listUserSessions({ userId }),
			({ sessions }) => assert.equal(sessions.length, 1),
		);
		await run.ok(
			"ends one",
			() => admin.revokeUserSession({ sessionToken: sessions[0]?.token ?? "" }),
			({ success }) => assert.equal(success, true),
		);
		await run.step("which has ended", async () => assert.equal((await user.client.getSession()).data, null));
		await run.ok("ends none that is not there", () => admin.revokeUserSession({ sessionToken: "unknown" }));
		await run.ok("signs in again", signIn);
		await run.ok(
			"ends all",
			() => admin.revokeUserSessions({ userId }),
			({ success }) => assert.equal(success, true),
		);
		await run.step("which have ended", async () => assert.equal((await user.client.getSession()).data, null));

		await run.ok("signs in once more", signIn);
		await run.ok(
			"bans",
			() => admin.banUser({ userId }),
			({ user }) => assert.deepEqual([user.banned, user.banReason, user.banExpires], [true, "No reason", null]),
		);
		await run.step("which ends the session", async () => assert.equal((await user.client.getSession()).data, null));
		await run.refused("and lets nobody in", 403, "BANNED_USER", signIn);
		await run.ok(
			"bans for a time and a reason",
			() => admin.banUser({ userId, banReason: "Spam", banExpiresIn: 3600 }),
			({ user }) => {
				assert.ok(user.banReason === "Spam" && user.banExpires instanceof Date);
			},
		);
		await run.ok(
			"lifts the ban",
			() => admin.unbanUser({ userId }),
			({ user }) => assert.deepEqual([user.banned, user.banReason, user.banExpires], [false, null, null]),
		);
		await run.ok("lets in again", signIn);
		await run.ok("bans by an update", () => admin.updateUser({ userId, data: { banned: true, banReason: "Again" } }));
		await run.step("which ends the session too", async () => assert.equal((await user.client.getSession()).data, null));
		await run.ok("lifts that one too", () => admin.unbanUser({ userId }));
		await run.ok("bans for a second", () => admin.banUser({ userId, banExpiresIn: 1 }));
		await run.step("which passes", async () => {
			await new Promise((resolve) => setTimeout(resolve, 1200));
			const { error } = await signIn();
			assert.equal(error, null);
		});
		await run.refused("bans nobody", 404, "USER_NOT_FOUND", () => admin.banUser({ userId: NOBODY }));
		await run.refused("not oneself", 400, "YOU_CANNOT_BAN_YOURSELF", () => admin.banUser({ userId: root.id }));
		await run.refused("lifts the ban of nobody", 404, "USER_NOT_FOUND", () => admin.unbanUser({ userId: NOBODY }));
		await run.refused("bans by an id only", 400, "VALIDATION_ERROR", () =>
			root.client.$fetch("/admin/ban-user", { method: "POST", body: { userId, banExpiresIn: "soon" } }),
		);
	},
};

export const impersonation: Scenario = {
	name: "admin: impersonation",
	async run(run) {
		const root = await run.admin("actor");
		const deputy = await run.admin("deputy-actor");
		const user = await run.person("role-model");
		const { admin } = root.client;
		await run.refused("of an administrator", 403, "YOU_CANNOT_IMPERSONATE_ADMINS", () =>
			admin.impersonateUser({ userId: deputy.id }),
		);
		await run.refused("of nobody", 404, "USER_NOT_FOUND", () => admin.impersonateUser({ userId: NOBODY }));
		await run.ok(
			"begins",
			() => admin.impersonateUser({ userId: user.id }),
			(data) => {
				assert.equal(data.user.id, user.id);
				assert.equal((data.session as { impersonatedBy?: string }).impersonatedBy, root.id);
			},
		);
		await run.step("is known to the session", async () => {
			const { data } = await root.client.getSession();
			assert.deepEqual([data?.user.id, data?.session.impersonatedBy], [user.id, root.id]);
			assert.ok(data && data.session.expiresAt.getTime() - Date.now() <= 3600 * 1000);
		});
		await run.refused("gives no rights", 403, "YOU_ARE_NOT_ALLOWED_TO_LIST_USERS", () =>
			admin.listUsers({ query: {} }),
		);
		await run.ok(
			"is not shown to the user",
			() => user.client.listSessions(),
			(data) => assert.equal(data.length, 1),
		);
		await run.ok(
			"ends",
			() => admin.stopImpersonating(),
			(data) => assert.equal(data.user.id, root.id),
		);
		await run.step("with the own session", async () => {
			assert.equal((await root.client.getSession()).data?.user.id, root.id);
			assert.ok(!root.device.jar.cookies.has("better-auth.admin_session"));
		});
		await run.step("sets its cookies", async () => {
			const exchange = await root.device.request("POST", "/admin/impersonate-user", { body: { userId: user.id } });
			assert.deepEqual(
				cookieNames(exchange).filter((name) => !name.startsWith("-")),
				["admin_session", "dont_remember", "session_token"],
			);
		});
		await run.step("needs the cookie of the administrator", async () => {
			root.device.jar.cookies.delete("better-auth.admin_session");
			const exchange = await root.device.request("POST", "/admin/stop-impersonating", { body: {} });
			assertRefused(exchange, run.server.isReference ? 500 : 400, null);
		});
	},
};
