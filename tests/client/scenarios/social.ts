import assert from "node:assert/strict";
import { PAGES, signIn, target } from "../button.ts";
import { type Identity, PROVIDER_ID } from "../provider.ts";
import { cookieNames, type Device, type Scenario } from "../scenario.ts";

export const socialSignIn: Scenario = {
	name: "social: sign-in",
	async run(run) {
		const device = run.device();
		const { client } = device;
		const newcomer: Identity = {
			sub: run.unique("sub"),
			email: run.email("social"),
			email_verified: true,
			name: "Social",
			picture: "https://example.com/s.png",
		};

		await run.refused("knows its providers", 404, "PROVIDER_NOT_FOUND", () =>
			client.signIn.social({ provider: "unknown", ...PAGES }),
		);
		await run.refused("needs a provider", 400, "VALIDATION_ERROR", () =>
			client.$fetch("/sign-in/social", { method: "POST", body: {} }),
		);
		for (const [name, code] of [
			["callbackURL", "CALLBACK"],
			["errorCallbackURL", "ERROR_CALLBACK"],
			["newUserCallbackURL", "NEW_USER_CALLBACK"],
		] as const) {
			await run.refused(`leads to no foreign ${name}`, 403, `INVALID_${code}_URL`, () =>
				client.signIn.social({ provider: PROVIDER_ID, [name]: "https://evil.example" }),
			);
		}
		await run.ok(
			"begins at the provider",
			() => client.signIn.social({ provider: PROVIDER_ID, ...PAGES }),
			({ url, redirect }) => {
				const query = new URL(url ?? "").searchParams;
				assert.equal(redirect, true);
				assert.ok(url?.startsWith(`${run.provider.issuer}/authorize?`));
				assert.deepEqual([query.get("response_type"), query.get("code_challenge_method")], ["code", "S256"]);
				assert.equal(query.get("redirect_uri"), `${run.server.url}/api/auth/callback/${PROVIDER_ID}`);
				assert.ok(query.get("state") && query.get("nonce") && query.get("code_challenge"));
				assert.ok(query.get("scope")?.split(" ").includes("openid"));
			},
		);
		await run.ok(
			"can leave the redirect to the caller",
			() => client.signIn.social({ provider: PROVIDER_ID, ...PAGES, disableRedirect: true }),
			({ redirect }) => assert.equal(redirect, false),
		);

		await run.step("signs a newcomer up", async () => {
			const exchange = await signIn(run, device, newcomer);
			assert.deepEqual(target(run, exchange), ["/welcome", null]);
			assert.ok(cookieNames(exchange).includes("session_token"));
		});
		await run.ok(
			"with what the provider knows",
			() => client.getSession(),
			({ user }) => {
				assert.deepEqual(
					[user.email, user.name, user.emailVerified, user.image],
					[newcomer.email, "Social", true, newcomer.picture],
				);
			},
		);
		await run.ok(
			"which has one account",
			() => client.listAccounts(),
			(data) => {
				assert.deepEqual(
					data.map(({ providerId, accountId }) => [providerId, accountId]),
					[[PROVIDER_ID, newcomer.sub]],
				);
			},
		);
		await run.step("signs the same in again", async () => {
			assert.deepEqual(target(run, await signIn(run, run.device(), newcomer)), ["/home", null]);
		});
		await run.step("by the form of the provider too", async () => {
			const other = run.device();
			const { data } = await other.client.signIn.social({ provider: PROVIDER_ID, ...PAGES });
			const back = new URL(run.provider.agree(data?.url ?? "", newcomer));
			const posted = await other.request("POST", `/callback/${PROVIDER_ID}`, {
				body: back.searchParams.toString(),
				headers: { "content-type": "application/x-www-form-urlencoded", origin: null, cookie: null },
			});
			assert.equal(posted.status, 302);
			assert.deepEqual(target(run, await other.open(new URL(posted.location ?? "", run.server.url).href)), [
				"/home",
				null,
			]);
		});
		const password = "a password where there is none";
		await run.refused("knows no password to change", 400, "CREDENTIAL_ACCOUNT_NOT_FOUND", () =>
			client.changePassword({ currentPassword: password, newPassword: password }),
		);
		await run.refused("nor one to delete by", 400, "CREDENTIAL_ACCOUNT_NOT_FOUND", () =>
			client.deleteUser({ password }),
		);
		await run.refused("nor one to verify", 400, "INVALID_PASSWORD", () =>
			client.$fetch("/verify-password", { method: "POST", body: { password } }),
		);
		await run.refused("nor one to sign in with", 401, "INVALID_EMAIL_OR_PASSWORD", () =>
			run.device().client.signIn.email({ email: newcomer.email ?? "", password }),
		);
		await run.ok("may get one by a reset", () => client.requestPasswordReset({ email: newcomer.email ?? "" }));
		await run.ok("which the mail sets", async () => {
			const link = new URL((await run.mail(newcomer.email ?? "", "reset-password")).url);
			return await run.device().client.resetPassword({ newPassword: password, token: link.pathname.split("/").at(-1) });
		});
		await run.ok("and which signs in", () => client.signIn.email({ email: newcomer.email ?? "", password }));
		await run.ok(
			"beside the other account",
			() => client.listAccounts(),
			(data) => assert.equal(data.length, 2),
		);
		const notTrusted = { reference: [401, "INVALID_TOKEN"], garboard: [404, "ID_TOKEN_NOT_SUPPORTED"] } as const;
		await run.differs("trusts no token of others", notTrusted, () =>
			client.signIn.social({ provider: PROVIDER_ID, idToken: { token: "a.b.c", nonce: "guess" } }),
		);
		await run.step("refuses another nonce", async () => {
			const exchange = await signIn(run, run.device(), newcomer, { nonce: "of somebody else" });
			assert.deepEqual(target(run, exchange), ["/sorry", "unable_to_get_user_info"]);
		});
		await run.step("refuses who has no address", async () => {
			assert.deepEqual(target(run, await signIn(run, run.device(), { sub: run.unique("bare") })), [
				"/sorry",
				"email_not_found",
			]);
		});
	},
};

export const callbacks: Scenario = {
	name: "social: callback",
	async run(run) {
		const identity: Identity = {
			sub: run.unique("callback"),
			email: run.email("callback"),
			email_verified: true,
			name: "Callback",
		};
		const device = run.device();
		const begin = async (from: Device) => {
			const { data } = await from.client.signIn.social({ provider: PROVIDER_ID, ...PAGES });
			return new URL(run.provider.agree(data?.url ?? "", identity));
		};
		const callback = (query: Record<string, string>) =>
			device.request("GET", `/callback/${PROVIDER_ID}?${new URLSearchParams(query)}`);

		await run.step("needs a state", async () => {
			assert.deepEqual(target(run, await callback({ code: "any" })), ["/api/auth/error", "state_not_found"]);
		});
		await run.step("of our own making", async () => {
			assert.deepEqual(target(run, await callback({ code: "any", state: "guess" })), [
				"/api/auth/error",
				"state_mismatch",
			]);
		});
		await run.step("of this browser", async () => {
			const link = await begin(run.device());
			assert.equal(target(run, await device.open(link.href))[1], "state_mismatch");
		});
		await run.step("which serves once", async () => {
			const link = await begin(device);
			assert.deepEqual(target(run, await device.open(link.href)), ["/welcome", null]);
			assert.equal(target(run, await device.open(link.href))[1], "state_mismatch");
		});
		await run.step("passes on the refusal of the provider", async () => {
			const link = await begin(device);
			const exchange = await callback({
				error: "access_denied",
				error_description: "No",
				state: link.searchParams.get("state") ?? "",
			});
			assert.deepEqual(target(run, exchange), ["/sorry", "access_denied"]);
		});
		await run.step("needs a code", async () => {
			const link = await begin(device);
			assert.deepEqual(target(run, await callback({ state: link.searchParams.get("state") ?? "" })), [
				"/sorry",
				"no_code",
			]);
		});
		await run.step("which the provider knows", async () => {
			const link = await begin(device);
			link.searchParams.set("code", "guess");
			assert.deepEqual(target(run, await device.open(link.href)), ["/sorry", "invalid_code"]);
		});
		await run.step("from the right issuer", async () => {
			const link = await begin(device);
			link.searchParams.set("iss", "https://evil.example");
			assert.deepEqual(target(run, await device.open(link.href)), ["/sorry", "issuer_mismatch"]);
		});
		await run.step("of a provider that exists", async () => {
			const link = await begin(device);
			const exchange = await device.request("GET", `/callback/unknown${link.search}`);
			assert.deepEqual(target(run, exchange), ["/sorry", "oauth_provider_not_found"]);
		});
	},
};
