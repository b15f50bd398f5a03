import assert from "node:assert/strict";
import { assertRefused, cookieNames, PASSWORD, type Scenario } from "../scenario.ts";

export const magicLink: Scenario = {
	name: "magic-link: sign-in",
	async run(run) {
		const device = run.device();
		const { client } = device;
		const email = run.email("magic");
		const send = (change: Record<string, unknown> = {}) => client.signIn.magicLink({ email, ...change });
		const link = async (to = email) => new URL((await run.mail(to, "magic-link")).url);

		await run.refused("goes to addresses only", 400, "VALIDATION_ERROR", () => send({ email: "nobody" }));
		await run.refused("leads to no foreign page", 403, "INVALID_CALLBACK_URL", () =>
			send({ callbackURL: "https://evil.example" }),
		);
		await run.refused("nor to one for newcomers", 403, "INVALID_NEW_USER_CALLBACK_URL", () =>
			send({ newUserCallbackURL: "https://evil.example" }),
		);
		await run.refused("nor to one for errors", 403, "INVALID_ERROR_CALLBACK_URL", () =>
			send({ errorCallbackURL: "https://evil.example" }),
		);

		await run.ok(
			"is sent to a newcomer",
			() => send({ name: "Magic", callbackURL: "/home", newUserCallbackURL: "/welcome", errorCallbackURL: "/sorry" }),
			({ status }) => assert.equal(status, true),
		);
		const first = await run.need("arrives", async () => await link());
		await run.step("carries the pages", async () => {
			const { searchParams } = first;
			const pages = ["callbackURL", "newUserCallbackURL", "errorCallbackURL"].map((name) => searchParams.get(name));
			assert.deepEqual(pages, ["/home", "/welcome", "/sorry"]);
		});
		await run.step("signs the newcomer up", async () => {
			const exchange = await device.open(first.href);
			assert.equal(exchange.status, 302);
			assert.equal(new URL(exchange.location ?? "", first).pathname, "/welcome");
			assert.ok(cookieNames(exchange).includes("session_token"));
			const { data } = await client.getSession();
			assert.deepEqual([data?.user.email, data?.user.emailVerified, data?.user.name], [email, true, "Magic"]);
		});
		await run.step("once", async () => {
			const exchange = await run.device().open(first.href);
			const location = new URL(exchange.location ?? "", first);
			assert.deepEqual(
				[exchange.status, location.pathname, location.searchParams.get("error")],
				[302, "/sorry", "INVALID_TOKEN"],
			);
			assert.deepEqual(cookieNames(exchange), []);
		});

		await run.ok("is sent to a user", () => send({ callbackURL: "/home", newUserCallbackURL: "/welcome" }));
		await run.step("whom it signs in", async () => {
			const target = await link();
			const exchange = await run.device().open(target.href);
			assert.equal(new URL(exchange.location ?? "", target).pathname, "/home");
		});
		await run.ok("is sent to a program", () => send());
		await run.step("which is signed in without a page", async () => {
			const other = run.device();
			const token = (await link()).searchParams.get("token") ?? "";
			const { data, error } = await other.client.magicLink.verify({ query: { token } });
			assert.equal(error, null);
			assert.equal(data?.user.email, email);
			assert.ok(other.jar.cookies.has("better-auth.session_token"));
		});
		const verify = (query: string) => run.device().request("GET", `/magic-link/verify?${query}`);
		await run.step("is no guess", async () => {
			const exchange = await verify("token=guess&callbackURL=%2Fhome");
			assert.equal(new URL(exchange.location ?? "", first).searchParams.get("error"), "INVALID_TOKEN");
		});
		await run.step("needs a token", async () =>
			assertRefused(await verify("callbackURL=%2Fhome"), 400, "VALIDATION_ERROR"),
		);
		for (const name of ["callbackURL", "newUserCallbackURL", "errorCallbackURL"]) {
			await run.step(`does not follow a foreign ${name}`, async () => {
				assertRefused(await verify(`token=guess&${name}=https%3A%2F%2Fevil.example`), 403, "INVALID_CALLBACK_URL");
			});
		}

		const squatter = await run.person("squatter");
		await run.ok("is sent to an address that somebody else claimed first", () =>
			send({ email: squatter.email, callbackURL: "/home" }),
		);
		await run.step("and whose owner it signs in", async () => {
			const owner = run.device();
			assert.equal((await owner.open((await link(squatter.email)).href)).status, 302);
			assert.equal((await owner.client.getSession()).data?.user.emailVerified, true);
		});
		await run.refused("so that the password of the other is void", 401, "INVALID_EMAIL_OR_PASSWORD", () =>
			run.device().client.signIn.email({ email: squatter.email, password: PASSWORD }),
		);
		await run.step("and so is the session", async () => {
			assert.deepEqual(await squatter.client.getSession(), { data: null, error: null });
		});
	},
};
