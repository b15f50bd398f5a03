import assert from "node:assert/strict";
import { assertRefused, cookieNames, PASSWORD, type Scenario } from "../scenario.ts";

export const verification: Scenario = {
	name: "core: verify-email",
	async run(run) {
		const { client, device, email } = await run.person("verify");
		const elsewhere = run.device();
		const verify = (token: string, query = "") => elsewhere.request("GET", `/verify-email?token=${token}${query}`);

		await run.step("refuses a guess", async () => assertRefused(await verify("guess"), 401, "INVALID_TOKEN"));
		await run.step("or sends it back to the page", async () => {
			const exchange = await verify("guess", "&callbackURL=%2Fdone%3Fa%3D1");
			assert.deepEqual([exchange.status, exchange.location], [302, "/done?a=1&error=INVALID_TOKEN"]);
		});
		await run.step("never to a foreign one", async () => {
			assertRefused(await verify("guess", "&callbackURL=https%3A%2F%2Fevil.example"), 403, "INVALID_CALLBACK_URL");
		});
		await run.step("needs a token", async () =>
			assertRefused(await elsewhere.request("GET", "/verify-email"), 400, "VALIDATION_ERROR"),
		);

		await run.ok(
			"sends another mail",
			() => client.sendVerificationEmail({ email, callbackURL: "/done" }),
			({ status }) => assert.equal(status, true),
		);
		await run.refused("not to another address", 400, "EMAIL_MISMATCH", () =>
			client.sendVerificationEmail({ email: run.email("other") }),
		);
		await run.refused("nor to none", 400, "VALIDATION_ERROR", () => client.sendVerificationEmail({ email: "nobody" }));
		await run.refused("nor leads to a foreign page", 403, "INVALID_CALLBACK_URL", () =>
			client.sendVerificationEmail({ email, callbackURL: "https://evil.example" }),
		);
		await run.step("says nothing to strangers, slowly", async () => {
			const start = Date.now();
			const { data } = await elsewhere.client.sendVerificationEmail({ email: run.email("nobody") });
			assert.deepEqual(data, { status: true });
			assert.ok(Date.now() - start >= 450, "answered too soon");
			assert.deepEqual(await run.pendingMails(run.email("nobody")), []);
		});
		const link = await run.need("has a link", async () => (await run.mail(email, "verify-email")).url);
		await run.step("which verifies and signs in", async () => {
			const exchange = await elsewhere.open(link);
			assert.deepEqual([exchange.status, exchange.location], [302, "/done"]);
			assert.ok(cookieNames(exchange).includes("session_token"));
			assert.equal((await elsewhere.client.getSession()).data?.user.emailVerified, true);
		});
		await run.refused("is not needed twice", 400, "EMAIL_ALREADY_VERIFIED", () =>
			client.sendVerificationEmail({ email }),
		);
		await run.step("shows on every device", async () => {
			assert.equal((await client.getSession()).data?.user.emailVerified, true);
		});

		const second = await run.person("verify-here");
		await run.step("answers a program without a page", async () => {
			const { url } = await run.mail(second.email, "verify-email");
			const token = new URL(url).searchParams.get("token") ?? "";
			const { data, error } = await second.client.verifyEmail({ query: { token } });
			assert.equal(error, null);
			assert.equal((data as { status?: boolean } | null)?.status, true);
		});
		const third = await run.person("verify-unseen");
		await run.ok("asks without a session", () => run.device().client.sendVerificationEmail({ email: third.email }));
		await run.step("and gets a second mail", async () => {
			await run.mail(third.email, "verify-email");
			await run.mail(third.email, "verify-email");
		});
		assert.ok(device);
	},
};

export const change: Scenario = {
	name: "core: change-email",
	async run(run) {
		const verified = await run.verified("mover");
		const target = run.email("moved");
		const change = (newEmail: string, callbackURL?: string) => verified.client.changeEmail({ newEmail, callbackURL });

		await run.refused("not to the same", 400, null, () => change(verified.email.toUpperCase()));
		await run.refused("not to none", 400, "VALIDATION_ERROR", () => change("nobody"));
		await run.refused("not by a foreign page", 403, "INVALID_CALLBACK_URL", () =>
			change(target, "https://evil.example"),
		);
		await run.refused("not without a session", 401, "UNAUTHORIZED", () =>
			run.device().client.changeEmail({ newEmail: target }),
		);
		const taken = await run.person("taken");
		await run.ok(
			"says nothing about addresses taken",
			() => change(taken.email),
			(data) => assert.deepEqual(data, { status: true }),
		);
		await run.step("and sends nothing there that changes it", async () => {
			assert.ok(!(await run.pendingMails(taken.email)).includes("verify-new-email"));
		});

		await run.ok(
			"asks the old address first",
			() => change(target, "/moved"),
			(data) => assert.deepEqual(data, { status: true }),
		);
		await run.step("which confirms", async () => {
			const exchange = await verified.device.open((await run.mail(verified.email, "change-email")).url);
			assert.deepEqual([exchange.status, exchange.location], [302, "/moved"]);
			assert.equal((await verified.client.getSession()).data?.user.email, verified.email);
		});
		await run.step("then the new one", async () => {
			const exchange = await verified.device.open((await run.mail(target, "verify-new-email")).url);
			assert.deepEqual([exchange.status, exchange.location], [302, "/moved"]);
			const { data } = await verified.client.getSession();
			assert.deepEqual([data?.user.email, data?.user.emailVerified], [target, true]);
		});
		await run.ok("which signs in from now on", () =>
			run.device().client.signIn.email({ email: target, password: PASSWORD }),
		);
		await run.refused("as the old one does not", 401, "INVALID_EMAIL_OR_PASSWORD", () =>
			run.device().client.signIn.email({ email: verified.email, password: PASSWORD }),
		);

		const fresh = await run.person("unverified-mover");
		const direct = run.email("unverified-moved");
		await run.ok("asks the new address alone where the old was never verified", () =>
			fresh.client.changeEmail({ newEmail: direct }),
		);
		await run.step("which verifies", async () => {
			const exchange = await fresh.device.open((await run.mail(direct, "verify-new-email")).url);
			assert.equal(exchange.status, 302);
			assert.equal((await fresh.client.getSession()).data?.user.email, direct);
		});
		const thief = await run.person("thief");
		await run.ok("asks once more", () => fresh.client.changeEmail({ newEmail: run.email("third") }));
		await run.step("and heeds nobody else's session", async () => {
			const { url } = await run.mail(direct, "change-email");
			const token = new URL(url).searchParams.get("token") ?? "";
			assertRefused(await thief.device.request("GET", `/verify-email?token=${token}`), 401, "INVALID_USER");
		});
	},
};
