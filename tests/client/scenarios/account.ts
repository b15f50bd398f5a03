import assert from "node:assert/strict";
import { assertRefused, cookieNames, PASSWORD, type Scenario } from "../scenario.ts";

export const signUp: Scenario = {
	name: "core: sign-up",
	async run(run) {
		const device = run.device();
		const { client } = device;
		const email = run.email("sign-up");
		const signUp = (change: Record<string, unknown>) =>
			client.signUp.email({ name: "New", email: run.email("refused"), password: PASSWORD, ...change });

		await run.refused("with a password of 7 characters", 400, "PASSWORD_TOO_SHORT", () => signUp({ password: "1234567" }));
		await run.refused("with a password of 129 characters", 400, "PASSWORD_TOO_LONG", () => signUp({ password: "x".repeat(129) }));
		await run.refused("with what is no address", 400, "VALIDATION_ERROR", () => signUp({ email: "nobody" }));
		await run.refused("with a field that is not the caller's to set", 400, "FIELD_NOT_ALLOWED", () => signUp({ role: "admin" }));
		await run.refused("without a name", 400, "VALIDATION_ERROR", () => signUp({ name: undefined }));
		await run.refused("with a foreign callback", 403, "INVALID_CALLBACK_URL", () => signUp({ callbackURL: "https://evil.example/" }));

		await run.ok("succeeds", () => client.signUp.email({ name: "New", email, password: PASSWORD, image: "https://example.com/a.png" }), ({ token, user }) => {
			assert.ok(token);
			assert.equal(user.email, email);
			assert.equal(user.emailVerified, false);
			assert.ok(user.createdAt instanceof Date);
		});
		await run.step("leaves a signed-in session", async () => {
			const { data } = await client.getSession();
			assert.equal(data?.user.email, email);
			assert.equal(data.session.userId, data.user.id);
		});
		await run.step("sends a mail that verifies the address", async () => {
			const mail = await run.mail(email, "verify-email");
			assert.match(mail.url, /\/api\/auth\/verify-email\?token=/);
		});
		await run.refused("twice with one address", 422, "USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL", () => signUp({ email: email.toUpperCase() }));

		const other = run.device();
		await run.ok("for this browser session only", () => other.client.signUp.email({ name: "Short", email: run.email("short"), password: PASSWORD, callbackURL: "/welcome", ...{ rememberMe: false } }));
		await run.step("then remembers that", async () => {
			assert.ok(other.jar.cookies.has("better-auth.dont_remember"));
			const { url } = await run.mail(run.email("short"), "verify-email");
			assert.equal(new URL(url).searchParams.get("callbackURL"), "/welcome");
		});
		await run.step("ignores fields that nobody declared, and a ban", async () => {
			const { data, error } = await run.device().client.signUp.email({ name: "Extra", email: run.email("extra"), password: PASSWORD, ...{ shoeSize: 44, banned: true } });
			assert.equal(error, null);
			assert.ok(data && !("shoeSize" in data.user));
			assert.equal((data.user as { banned?: boolean }).banned, false);
		});
	},
};

export const signIn: Scenario = {
	name: "core: sign-in",
	async run(run) {
		const { email } = await run.person("sign-in");
		const device = run.device();
		const { client } = device;

		await run.refused("with a wrong password", 401, "INVALID_EMAIL_OR_PASSWORD", () => client.signIn.email({ email, password: "wrong password" }));
		await run.refused("as nobody", 401, "INVALID_EMAIL_OR_PASSWORD", () => client.signIn.email({ email: run.email("nobody"), password: PASSWORD }));
		await run.refused("with what is no address", 400, "INVALID_EMAIL", () => client.signIn.email({ email: "nobody", password: PASSWORD }));
		await run.refused("with a password of 129 characters", 400, "PASSWORD_TOO_LONG", () => client.signIn.email({ email, password: "x".repeat(129) }));
		await run.refused("with a foreign callback", 403, "INVALID_CALLBACK_URL", () => client.signIn.email({ email, password: PASSWORD, callbackURL: "https://evil.example/" }));
		await run.refused("without a password", 400, "VALIDATION_ERROR", () => client.signIn.email({ email, ...({ password: undefined } as unknown as { password: string }) }));

		await run.ok("succeeds", () => client.signIn.email({ email, password: PASSWORD }), ({ redirect, token, user }) => {
			assert.equal(redirect, false);
			assert.ok(token);
			assert.equal(user.email, email);
		});
		await run.ok("takes the address in any case", () => run.device().client.signIn.email({ email: email.toUpperCase(), password: PASSWORD }));
		await run.ok("names the page to go to", () => run.device().client.signIn.email({ email, password: PASSWORD, callbackURL: "/home" }), ({ redirect, url }) => {
			assert.deepEqual([redirect, url], [true, "/home"]);
		});
		await run.ok("and one of a trusted origin", () => run.device().client.signIn.email({ email, password: PASSWORD, callbackURL: "https://one.apps.example.com/home" }));
		const short = run.device();
		await run.ok("for this browser session only", () => short.client.signIn.email({ email, password: PASSWORD, rememberMe: false }));
		await run.step("then lasts at most a day", async () => {
			const { data } = await short.client.getSession();
			assert.ok(data && data.session.expiresAt.getTime() - Date.now() <= 24 * 3600 * 1000);
		});

		await run.ok("signs out", () => client.signOut(), ({ success }) => assert.equal(success, true));
		await run.step("and is out", async () => {
			assert.equal(device.jar.cookies.size, 0);
			assert.deepEqual(await client.getSession(), { data: null, error: null });
		});
		await run.ok("signs out again", () => client.signOut(), ({ success }) => assert.equal(success, true));
	},
};

export const profile: Scenario = {
	name: "core: update-user",
	async run(run) {
		const { client, device } = await run.person("profile");
		const update = (body: Record<string, unknown>) => client.$fetch("/update-user", { method: "POST", body });

		await run.ok("changes the name and the picture", () => client.updateUser({ name: "Renamed", image: "https://example.com/b.png" }), ({ status }) => assert.equal(status, true));
		await run.step("which the session shows", async () => {
			const { data } = await client.getSession();
			assert.deepEqual([data?.user.name, data?.user.image], ["Renamed", "https://example.com/b.png"]);
		});
		await run.ok("takes the picture away", () => client.updateUser({ image: null }));
		await run.ok("sets the language", () => update({ locale: "de" }));
		await run.step("which the session shows too", async () => {
			const { data } = await client.getSession();
			assert.deepEqual([data?.user.image, (data?.user as { locale?: string }).locale], [null, "de"]);
		});
		await run.refused("does not change the address", 400, "EMAIL_CAN_NOT_BE_UPDATED", () => update({ email: run.email("other") }));
		await run.refused("does not grant a role", 400, "FIELD_NOT_ALLOWED", () => update({ role: "admin" }));
		await run.refused("does not lift a ban", 400, null, () => update({ banned: false }));
		await run.refused("needs something to change", 400, null, () => update({}));
		await run.step("takes objects only", async () => {
			assertRefused(await device.request("POST", "/update-user", { body: [] }), 400, "VALIDATION_ERROR");
		});
		await run.refused("needs a session", 401, "UNAUTHORIZED", () => run.device().client.updateUser({ name: "Nobody" }));
	},
};

export const deletion: Scenario = {
	name: "core: delete-user",
	async run(run) {
		const quick = await run.person("delete-fresh");
		await run.refused("with a wrong password", 400, "INVALID_PASSWORD", () => quick.client.deleteUser({ password: "wrong password" }));
		await run.refused("with a password of 129 characters", 400, "PASSWORD_TOO_LONG", () => quick.client.deleteUser({ password: "x".repeat(129) }));
		await run.refused("with a token that nobody was sent", 404, "INVALID_TOKEN", () => quick.client.deleteUser({ token: "guess" }));
		await run.refused("needs a session", 401, "UNAUTHORIZED", () => run.device().client.deleteUser());
		await run.ok("at once from a fresh session", () => quick.client.deleteUser(), ({ success, message }) => {
			assert.deepEqual([success, message], [true, "User deleted"]);
		});
		await run.step("and is gone", async () => {
			assert.equal(quick.device.jar.cookies.size, 0);
			const { error } = await quick.client.signIn.email({ email: quick.email, password: PASSWORD });
			assert.equal(error?.code, "INVALID_EMAIL_OR_PASSWORD");
		});

		const sure = await run.person("delete-password");
		const elsewhere = run.device();
		await run.ok("signs in elsewhere", () => elsewhere.client.signIn.email({ email: sure.email, password: PASSWORD }));
		await run.ok("at once with the password", () => sure.client.deleteUser({ password: PASSWORD }), ({ message }) => assert.equal(message, "User deleted"));
		await run.step("which ends the sessions elsewhere", async () => {
			assert.deepEqual(await elsewhere.client.getSession(), { data: null, error: null });
		});

		const leaver = await run.person("delete-links");
		await run.ok("asks for a new password first", () => leaver.client.requestPasswordReset({ email: leaver.email, redirectTo: "/reset" }));
		const [verify, reset] = await run.need("has two links", async () => {
			const verify = new URL((await run.mail(leaver.email, "verify-email")).url);
			const reset = new URL((await run.mail(leaver.email, "reset-password")).url);
			return [verify.searchParams.get("token") ?? "", reset.pathname.split("/").at(-1) ?? ""];
		});
		await run.ok("deletes the user of the links", () => leaver.client.deleteUser());
		await run.differs("so that the one verifies nothing", { reference: [401, "USER_NOT_FOUND"], garboard: [401, "INVALID_TOKEN"] }, () =>
			leaver.client.verifyEmail({ query: { token: verify ?? "" } }),
		);
		await run.differs("and the other resets nothing", { reference: [400, "USER_NOT_FOUND"], garboard: [400, "INVALID_TOKEN"] }, () =>
			leaver.client.resetPassword({ newPassword: "a password for nobody", token: reset }),
		);

		const { ageSessions } = run.server;
		if (!ageSessions) return;
		const stale = await run.person("delete-stale");
		const open = (token: string, query = "") => stale.device.request("GET", `/delete-user/callback?token=${token}${query}`);
		await run.need("the session grows old", async () => await ageSessions(stale.email));
		await run.refused("which may not list sessions", 403, "SESSION_NOT_FRESH", () => stale.client.listSessions());
		await run.ok("which is asked by mail", () => stale.client.deleteUser({ callbackURL: "/bye" }), ({ message }) => assert.equal(message, "Verification email sent"));
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
		await run.ok("and gives the token itself", async () => {
			const { url } = await run.mail(second.email, "delete-account");
			return await second.client.deleteUser({ token: new URL(url).searchParams.get("token") ?? "" });
		}, ({ message }) => assert.equal(message, "User deleted"));
	},
};
