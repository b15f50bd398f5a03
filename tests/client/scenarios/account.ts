import assert from "node:assert/strict";
import { assertRefused, PASSWORD, type Scenario } from "../scenario.ts";

export const signUp: Scenario = {
	name: "core: sign-up",
	async run(run) {
		const device = run.device();
		const { client } = device;
		const email = run.email("sign-up");
		const signUp = (change: Record<string, unknown>) =>
			client.signUp.email({ name: "New", email: run.email("refused"), password: PASSWORD, ...change });

		await run.refused("with a password of 7 characters", 400, "PASSWORD_TOO_SHORT", () =>
			signUp({ password: "1234567" }),
		);
		await run.refused("with a password of 129 characters", 400, "PASSWORD_TOO_LONG", () =>
			signUp({ password: "x".repeat(129) }),
		);
		await run.refused("with what is no address", 400, "VALIDATION_ERROR", () => signUp({ email: "nobody" }));
		await run.refused("with a field that is not the caller's to set", 400, "FIELD_NOT_ALLOWED", () =>
			signUp({ role: "admin" }),
		);
		await run.refused("without a name", 400, "VALIDATION_ERROR", () => signUp({ name: undefined }));
		await run.refused("with a foreign callback", 403, "INVALID_CALLBACK_URL", () =>
			signUp({ callbackURL: "https://evil.example/" }),
		);

		await run.ok(
			"succeeds",
			() => client.signUp.email({ name: "New", email, password: PASSWORD, image: "https://example.com/a.png" }),
			({ token, user }) => {
				assert.ok(token);
				assert.equal(user.email, email);
				assert.equal(user.emailVerified, false);
				assert.ok(user.createdAt instanceof Date);
			},
		);
		await run.step("leaves a signed-in session", async () => {
			const { data } = await client.getSession();
			assert.equal(data?.user.email, email);
			assert.equal(data.session.userId, data.user.id);
		});
		await run.step("sends a mail that verifies the address", async () => {
			const mail = await run.mail(email, "verify-email");
			assert.match(mail.url, /\/api\/auth\/verify-email\?token=/);
		});
		await run.refused("twice with one address", 422, "USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL", () =>
			signUp({ email: email.toUpperCase() }),
		);

		const other = run.device();
		await run.ok("for this browser session only", () =>
			other.client.signUp.email({
				name: "Short",
				email: run.email("short"),
				password: PASSWORD,
				callbackURL: "/welcome",
				...{ rememberMe: false },
			}),
		);
		await run.step("then remembers that", async () => {
			assert.ok(other.jar.cookies.has("better-auth.dont_remember"));
			const { url } = await run.mail(run.email("short"), "verify-email");
			assert.equal(new URL(url).searchParams.get("callbackURL"), "/welcome");
		});
		await run.step("ignores fields that nobody declared, and a ban", async () => {
			const { data, error } = await run.device().client.signUp.email({
				name: "Extra",
				email: run.email("extra"),
				password: PASSWORD,
				...{ shoeSize: 44, banned: true },
			});
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

		await run.refused("with a wrong password", 401, "INVALID_EMAIL_OR_PASSWORD", () =>
			client.signIn.email({ email, password: "wrong password" }),
		);
		await run.refused("as nobody", 401, "INVALID_EMAIL_OR_PASSWORD", () =>
			client.signIn.email({ email: run.email("nobody"), password: PASSWORD }),
		);
		await run.refused("with what is no address", 400, "INVALID_EMAIL", () =>
			client.signIn.email({ email: "nobody", password: PASSWORD }),
		);
		await run.refused("with a password of 129 characters", 400, "PASSWORD_TOO_LONG", () =>
			client.signIn.email({ email, password: "x".repeat(129) }),
		);
		await run.refused("with a foreign callback", 403, "INVALID_CALLBACK_URL", () =>
			client.signIn.email({ email, password: PASSWORD, callbackURL: "https://evil.example/" }),
		);
		await run.refused("without a password", 400, "VALIDATION_ERROR", () =>
			client.signIn.email({ email, ...({ password: undefined } as unknown as { password: string }) }),
		);

		await run.ok(
			"succeeds",
			() => client.signIn.email({ email, password: PASSWORD }),
			({ redirect, token, user }) => {
				assert.equal(redirect, false);
				assert.ok(token);
				assert.equal(user.email, email);
			},
		);
		await run.ok("takes the address in any case", () =>
			run.device().client.signIn.email({ email: email.toUpperCase(), password: PASSWORD }),
		);
		await run.ok(
			"names the page to go to",
			() => run.device().client.signIn.email({ email, password: PASSWORD, callbackURL: "/home" }),
			({ redirect, url }) => {
				assert.deepEqual([redirect, url], [true, "/home"]);
			},
		);
		await run.ok("and one of a trusted origin", () =>
			run.device().client.signIn.email({ email, password: PASSWORD, callbackURL: "https://one.apps.example.com/home" }),
		);
		const short = run.device();
		await run.ok("for this browser session only", () =>
			short.client.signIn.email({ email, password: PASSWORD, rememberMe: false }),
		);
		await run.step("then lasts at most a day", async () => {
			const { data } = await short.client.getSession();
			assert.ok(data && data.session.expiresAt.getTime() - Date.now() <= 24 * 3600 * 1000);
		});

		await run.ok(
			"signs out",
			() => client.signOut(),
			({ success }) => assert.equal(success, true),
		);
		await run.step("and is out", async () => {
			assert.equal(device.jar.cookies.size, 0);
			assert.deepEqual(await client.getSession(), { data: null, error: null });
		});
		await run.ok(
			"signs out again",
			() => client.signOut(),
			({ success }) => assert.equal(success, true),
		);
	},
};

export const profile: Scenario = {
	name: "core: update-user",
	async run(run) {
		const { client, device } = await run.person("profile");
		const update = (body: Record<string, unknown>) => client.$fetch("/update-user", { method: "POST", body });

		await run.ok(
			"changes the name and the picture",
			() => client.updateUser({ name: "Renamed", image: "https://example.com/b.png" }),
			({ status }) => assert.equal(status, true),
		);
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
		await run.refused("does not change the address", 400, "EMAIL_CAN_NOT_BE_UPDATED", () =>
			update({ email: run.email("other") }),
		);
		await run.refused("does not grant a role", 400, "FIELD_NOT_ALLOWED", () => update({ role: "admin" }));
		await run.refused("does not lift a ban", 400, null, () => update({ banned: false }));
		await run.refused("needs something to change", 400, null, () => update({}));
		await run.step("takes objects only", async () => {
			assertRefused(await device.request("POST", "/update-user", { body: [] }), 400, "VALIDATION_ERROR");
		});
		await run.refused("needs a session", 401, "UNAUTHORIZED", () => run.device().client.updateUser({ name: "Nobody" }));
	},
};
