import assert from "node:assert/strict";
import { signIn, target } from "../button.ts";
import { type Identity, PROVIDER_ID } from "../provider.ts";
import { assertRefused, PASSWORD, type Scenario } from "../scenario.ts";

export const linking: Scenario = {
	name: "social: accounts",
	async run(run) {
		const user = await run.verified("linker");
		const identity: Identity = { sub: run.unique("linked"), email: user.email, email_verified: true, name: "Linked" };
		const { client, device } = user;
		const link = async (who: Identity) => {
			const { data, error } = await client.linkSocial({
				provider: PROVIDER_ID,
				callbackURL: "/linked",
				errorCallbackURL: "/sorry",
			});
			assert.equal(error, null);
			return target(run, await device.open(run.provider.agree(data?.url ?? "", who)));
		};

		const [own] = await run.ok(
			"are listed",
			() => client.listAccounts(),
			(data) => {
				assert.deepEqual(
					data.map(({ providerId, accountId }) => [providerId, accountId]),
					[["credential", user.id]],
				);
				assert.ok(!("password" in (data[0] ?? {})));
			},
		);
		await run.refused("to nobody else", 401, "UNAUTHORIZED", () => run.device().client.listAccounts());
		await run.refused("are linked with a session", 401, "UNAUTHORIZED", () =>
			run.device().client.linkSocial({ provider: PROVIDER_ID, callbackURL: "/linked" }),
		);
		await run.refused("at a provider that exists", 404, "PROVIDER_NOT_FOUND", () =>
			client.linkSocial({ provider: "unknown", callbackURL: "/linked" }),
		);
		await run.refused("without foreign pages", 403, "INVALID_CALLBACK_URL", () =>
			client.linkSocial({ provider: PROVIDER_ID, callbackURL: "https://evil.example" }),
		);
		await run.refused("keep the last one", 400, "FAILED_TO_UNLINK_LAST_ACCOUNT", () =>
			client.unlinkAccount({ accountId: own?.id ?? "" }),
		);

		await run.step("are not linked to another address", async () => {
			assert.deepEqual(await link({ ...identity, email: run.email("elsewhere") }), ["/sorry", "email_does_not_match"]);
		});
		await run.step("nor to an unverified one", async () => {
			assert.deepEqual(await link({ ...identity, email_verified: false }), ["/sorry", "unable_to_link_account"]);
		});
		await run.step("are linked", async () => assert.deepEqual(await link(identity), ["/linked", null]));
		await run.step("twice without harm", async () => assert.deepEqual(await link(identity), ["/linked", null]));
		const linked = await run.ok(
			"are two now",
			() => client.listAccounts(),
			(data) => {
				assert.deepEqual(data.map(({ providerId }) => providerId).sort(), ["credential", PROVIDER_ID]);
			},
		);
		await run.step("sign in to the same user", async () => {
			const other = run.device();
			assert.deepEqual(target(run, await signIn(run, other, identity)), ["/home", null]);
			assert.equal((await other.client.getSession()).data?.user.id, user.id);
		});
		const thief = await run.verified("link-thief");
		await run.step("belong to one user", async () => {
			const { data } = await thief.client.linkSocial({
				provider: PROVIDER_ID,
				callbackURL: "/linked",
				errorCallbackURL: "/sorry",
			});
			const exchange = await thief.device.open(
				run.provider.agree(data?.url ?? "", { ...identity, email: thief.email }),
			);
			assert.deepEqual(target(run, exchange), ["/sorry", "account_already_linked_to_different_user"]);
		});

		const id = linked.find(({ providerId }) => providerId === PROVIDER_ID)?.id ?? "";
		await run.refused("are not unlinked by others", 400, null, async () => {
			const result = await thief.client.unlinkAccount({ accountId: id });
			// Having one account only, they hear of that first.
			assert.equal(result.error?.code, "FAILED_TO_UNLINK_LAST_ACCOUNT");
			return { data: null, error: { status: 400 } };
		});
		await run.refused("nor where there is none", 400, "ACCOUNT_NOT_FOUND", () =>
			client.unlinkAccount({ accountId: "unknown" }),
		);
		await run.refused("nor without an id", 400, "VALIDATION_ERROR", () =>
			client.$fetch("/unlink-account", { method: "POST", body: {} }),
		);
		await run.refused("nor without a session", 401, "UNAUTHORIZED", () =>
			run.device().client.unlinkAccount({ accountId: id }),
		);
		await run.ok(
			"are unlinked",
			() => client.unlinkAccount({ accountId: id }),
			({ status }) => assert.equal(status, true),
		);
		await run.ok(
			"and gone",
			() => client.listAccounts(),
			(data) => assert.equal(data.length, 1),
		);

		await run.step("link themselves where both sides are verified", async () => {
			assert.deepEqual(target(run, await signIn(run, run.device(), identity)), ["/home", null]);
		});
		const unproven = await run.person("unproven-link");
		await run.step("never to an address that was not verified here", async () => {
			const exchange = await signIn(run, run.device(), {
				sub: run.unique("late"),
				email: unproven.email,
				email_verified: true,
				name: "Late",
			});
			assert.deepEqual(target(run, exchange), ["/sorry", "account_not_linked"]);
		});
		await run.step("nor to one that was not verified there", async () => {
			const exchange = await signIn(run, run.device(), {
				sub: run.unique("other"),
				email: thief.email,
				email_verified: false,
				name: "Other",
			});
			assert.deepEqual(target(run, exchange), ["/sorry", "account_not_linked"]);
		});
		const { ageSessions } = run.server;
		if (!ageSessions) return;
		await run.ok("need a password beside", () =>
			run.device().client.signIn.email({ email: user.email, password: PASSWORD }),
		);
		await run.need("the session of their user grows old", async () => await ageSessions(user.email));
		await run.step("and are not unlinked then", async () => {
			assertRefused(
				await device.request("POST", "/unlink-account", { body: { accountId: own?.id } }),
				403,
				"SESSION_NOT_FRESH",
			);
		});
	},
};
