import assert from "node:assert/strict";
import { assertRefused, cookieNames, PASSWORD, type Scenario } from "../scenario.ts";

export const deletion: Scenario = {
	name: "core: delete-user",
	async run(run) {
		const quick = await run.person("delete-fresh");
		await run.refused("with a wrong password", 400, "INVALID_PASSWORD", () =>
			quick.client.deleteUser({ password: "wrong password" }),
		);
		await run.refused("with a password of 129 characters", 400, "PASSWORD_TOO_LONG", () =>
			quick.client.deleteUser({ password: "x".repeat(129) }),
		);
		await run.refused("with a token that nobody was sent", 404, "INVALID_TOKEN", () =>
			quick.client.deleteUser({ token: "guess" }),
		);
		await run.refused("needs a session", 401, "UNAUTHORIZED", () => run.device().client.deleteUser());
		await run.ok(
			"at once from a fresh session",
			() => quick.client.deleteUser(),
			({ success, message }) => {
				assert.deepEqual([success, message], [true, "User deleted"]);
			},
		);
		await run.step("and is gone", async () => {
			assert.equal(quick.device.jar.cookies.size, 0);
			const { error } = await quick.client.signIn.email({ email: quick.email, password: PASSWORD });
			assert.equal(error?.code, "INVALID_EMAIL_OR_PASSWORD");
		});

		const sure = await run.person("delete-password");
		const elsewhere = run.device();
		await run.ok("signs in elsewhere", () => elsewhere.client.signIn.email({ email: sure.email, password: PASSWORD }));
		await run.ok(
			"at once with the password",
			() => sure.client.deleteUser({ password: PASSWORD }),
			({ message }) => assert.equal(message, "User deleted"),
		);
		await run.step("which ends the sessions elsewhere", async () => {
			assert.deepEqual(await elsewhere.client.getSession(), { data: null, error: null });
		});

		const leaver = await run.person("delete-links");
		await run.ok("asks for a new password first", () =>
			leaver.client.requestPasswordReset({ email: leaver.email, redirectTo: "/reset" }),
		);
		const [verify, reset] = await run.need("has two links", async () => {
			const verify = new URL((await run.mail(leaver.email, "verify-email")).url);
			const reset = new URL((await run.mail(leaver.email, "reset-password")).url);
			return [verify.searchParams.get("token") ?? "", reset.pathname.split("/").at(-1) ?? ""];
		});
		await run.ok("deletes the user of the links", () => leaver.client.deleteUser());
		await run.refused("so that the one verifies nothing", 401, "USER_NOT_FOUND", () =>
			leaver.client.verifyEmail({ query: { token: verify ?? "" } }),
		);
		await run.refused("and the other resets nothing", 400, "USER_NOT_FOUND", () =>
			leaver.client.resetPassword({ newPassword: "a password for nobody", token: reset }),
		);

		const { ageSessions } = run.server;
		if (!ageSessions) return;
		const stale = await run.person("delete-stale");
		const open = (token: string, query = "") =>
			stale.device.request("GET", `/delete-user/callback?token=${token}${query}`);
		await run.need("the session grows old", async () => await ageSessions(stale.email));
		await run.refused("which may not list sessions", 403, "SESSION_NOT_FRESH", () => stale.client.listSessions());
		await run.ok(
			"which is asked by mail",
			() => stale.client.deleteUser({ callbackURL: "/bye" }),
			({ message }) => assert.equal(message, "Verification email sent"),
		);
		const token = await run.need("the mail has a link", async () => {
			const { url } = await run.mail(stale.email, "delete-account");
			assert.equal(new URL(url).searchParams.get("callbackURL"), "/bye");
			return new URL(url).searchParams.get("token") ?? "";
		});
		await run.step("which nobody else can follow", async () => {
			const other = await run.device().request("GET", `/delete-user/callback?token=${token}`);
			assertRefused(other, 404, "FAILED_TO_GET_USER_INFO");
		});
		await run.step("nor with another token", async () => assertRefused(await open("guess"), 404, "INVALID_TOKEN"));
		await run.step("nor to a foreign page", async () => {
			assertRefused(await open(token, "&callbackURL=https%3A%2F%2Fevil.example"), 403, "INVALID_CALLBACK_URL");
		});
		await run.step("which deletes", async () => {
			const exchange = await open(token, "&callbackURL=%2Fbye");
			assert.deepEqual([exchange.status, exchange.location], [302, "/bye"]);
			assert.ok(cookieNames(exchange).includes("-session_token"));
		});

		const second = await run.person("delete-token");
		await run.need("another session grows old", async () => await ageSessions(second.email));
		await run.ok("which is asked too", () => second.client.deleteUser());
		await run.ok(
			"and gives the token itself",
			async () => {
				const { url } = await run.mail(second.email, "delete-account");
				return await second.client.deleteUser({ token: new URL(url).searchParams.get("token") ?? "" });
			},
			({ message }) => assert.equal(message, "User deleted"),
		);
	},
};
