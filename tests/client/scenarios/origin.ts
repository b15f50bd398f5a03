import assert from "node:assert/strict";
import { assertRefused, PASSWORD, type Scenario } from "../scenario.ts";

export const forms: Scenario = {
	name: "sweep: forms",
	async run(run) {
		const { email } = await run.person("form");
		const send = (path: string, fields: Record<string, string>) =>
			run.device().request("POST", path, {
				body: new URLSearchParams(fields).toString(),
				headers: { "content-type": "application/x-www-form-urlencoded" },
			});
		await run.step("sign in", async () => {
			const exchange = await send("/sign-in/email", { email, password: PASSWORD });
			assert.deepEqual([exchange.status, (exchange.body as { user?: { email: string } }).user?.email], [200, email]);
		});
		await run.step("sign in to a page", async () => {
			const exchange = await send("/sign-in/email", { email, password: PASSWORD, callbackURL: "/home" });
			assert.deepEqual([exchange.status, exchange.location], [200, "/home"]);
		});
		await run.step("sign in with a wrong password", async () =>
			assertRefused(
				await send("/sign-in/email", { email, password: "wrong password" }),
				401,
				"INVALID_EMAIL_OR_PASSWORD",
			),
		);
		await run.step("sign up", async () =>
			assert.equal(
				(await send("/sign-up/email", { name: "Form", email: run.email("form-new"), password: PASSWORD })).status,
				200,
			),
		);
		await run.step("do nothing else", async () =>
			assertRefused(
				await send("/sign-in/username", { username: "form", password: PASSWORD }),
				415,
				"UNSUPPORTED_MEDIA_TYPE",
			),
		);
	},
};

/** Headers that say where a request comes from, and whether it is let through. */
const ORIGINS: [name: string, headers: Record<string, string | null>, code: string | null][] = [
	["its own", {}, null],
	["a trusted one", { origin: "http://app.example.com" }, null],
	["another trusted one", { origin: "https://one.apps.example.com" }, null],
	["the page of a trusted one", { origin: null, referer: "http://app.example.com/page" }, null],
	["a foreign one", { origin: "https://evil.example" }, "INVALID_ORIGIN"],
	["the page of a foreign one", { origin: null, referer: "https://evil.example/page" }, "INVALID_ORIGIN"],
	["the parent of a trusted one", { origin: "https://apps.example.com" }, "INVALID_ORIGIN"],
	["a sister", { origin: "https://two.apps.example.com" }, "INVALID_ORIGIN"],
	["a child", { origin: "https://a.one.apps.example.com" }, "INVALID_ORIGIN"],
	["one without encryption", { origin: "http://one.apps.example.com" }, "INVALID_ORIGIN"],
	["one that begins alike", { origin: "http://app.example.com.evil.example" }, "INVALID_ORIGIN"],
	["another port", { origin: "http://app.example.com:8080" }, "INVALID_ORIGIN"],
	["another scheme", { origin: "https://app.example.com" }, "INVALID_ORIGIN"],
	["none", { origin: null }, "MISSING_OR_NULL_ORIGIN"],
	["null", { origin: "null" }, "MISSING_OR_NULL_ORIGIN"],
	["null of the same site", { origin: "null", "sec-fetch-site": "same-origin" }, null],
	["null of another site", { origin: "null", "sec-fetch-site": "cross-site" }, "MISSING_OR_NULL_ORIGIN"],
	["no origin at all", { origin: "nonsense" }, "INVALID_ORIGIN"],
];

export const origins: Scenario = {
	name: "sweep: origins",
	async run(run) {
		const { device, email } = await run.person("origin");
		for (const [name, headers, code] of ORIGINS) {
			await run.step(`with cookies, ${name}`, async () => {
				const exchange = await device.request("POST", "/update-user", { body: { name: "Changed" }, headers });
				if (code) assertRefused(exchange, 403, code);
				else assert.equal(exchange.status, 200, JSON.stringify(exchange.body));
			});
		}
		await run.step("is not asked for reading", async () => {
			const exchange = await device.request("GET", "/get-session", { headers: { origin: "https://evil.example" } });
			assert.ok(exchange.body);
		});
		const signIn = (headers: Record<string, string | null>) =>
			run.device().request("POST", "/sign-in/email", { body: { email, password: PASSWORD }, headers });
		for (const [name, headers, code] of ORIGINS) {
			const silent = name === "none";
			await run.step(`signing in, ${name}`, async () => {
				const exchange = await signIn(headers);
				if (code && !silent) assertRefused(exchange, 403, code);
				else assert.equal(exchange.status, 200, JSON.stringify(exchange.body));
			});
		}
		await run.step("signing in by a script without one", async () =>
			assertRefused(await signIn({ origin: null, "sec-fetch-mode": "cors" }), 403, "MISSING_OR_NULL_ORIGIN"),
		);
		await run.step("signing in by a link from elsewhere", async () => {
			const exchange = await signIn({
				"sec-fetch-site": "cross-site",
				"sec-fetch-mode": "navigate",
				"sec-fetch-dest": "document",
			});
			assertRefused(exchange, 403, "CROSS_SITE_NAVIGATION_LOGIN_BLOCKED");
		});
	},
};

/** Where one may be sent, and where not. */
const TARGETS: [url: string, allowed: boolean][] = [
	["/", true],
	["/home", true],
	["/home?a=b#c", true],
	["/deep/er/page_1.html", true],
	["http://app.example.com", true],
	["http://app.example.com/page?a=b", true],
	["https://one.apps.example.com/page", true],
	["https://evil.example", false],
	["//evil.example", false],
	["///evil.example", false],
	["/\\evil.example", false],
	["\\/evil.example", false],
	["/%2fevil.example", false],
	["/%5cevil.example", false],
	["/home/%2F%2Fevil.example", false],
	["/\t/evil.example", false],
	["/\n/evil.example", false],
	["home", false],
	["evil.example", false],
	["http:evil.example", false],
	["http:/evil.example", false],
	["javascript:alert(1)", false],
	["data:text/html,evil", false],
	["http://app.example.com.evil.example/", false],
	["http://app.example.com@evil.example/", false],
	["http://evil.example/#http://app.example.com", false],
	["http://evil.example/?http://app.example.com", false],
	["https://app.example.com/", false],
	["http://app.example.com:8080/", false],
	["https://apps.example.com/", false],
	["http://one.apps.example.com/", false],
	["https://two.apps.example.com", false],
	["https://evil.example?.one.apps.example.com", false],
	["https://evil.example#.one.apps.example.com", false],
	["https://evil.example\\.one.apps.example.com", false],
];

export const redirects: Scenario = {
	name: "sweep: redirects",
	async run(run) {
		const { email } = await run.person("redirect");
		for (const [url, allowed] of TARGETS) {
			await run.step(`by a form to ${JSON.stringify(url)}`, async () => {
				const exchange = await run.device().request("POST", "/sign-in/username", {
					body: { username: "nobody_here", password: PASSWORD, callbackURL: url },
				});
				assertRefused(exchange, allowed ? 401 : 403, allowed ? "INVALID_USERNAME_OR_PASSWORD" : "INVALID_CALLBACK_URL");
			});
			await run.step(`by a link to ${JSON.stringify(url)}`, async () => {
				const query = new URLSearchParams({ token: "guess", callbackURL: url });
				const exchange = await run.device().request("GET", `/verify-email?${query}`);
				if (allowed)
					assert.deepEqual([exchange.status, exchange.location?.includes("error=INVALID_TOKEN")], [302, true]);
				else assertRefused(exchange, 403, "INVALID_CALLBACK_URL");
			});
		}
		await run.step("to the server itself", async () => {
			const callbackURL = `${run.server.url}/home`;
			const exchange = await run
				.device()
				.request("POST", "/sign-in/email", { body: { email, password: PASSWORD, callbackURL } });
			assert.deepEqual([exchange.status, exchange.location], [200, callbackURL]);
		});
		await run.step("to what is no text", async () => {
			const exchange = await run
				.device()
				.request("POST", "/sign-in/email", { body: { email, password: PASSWORD, callbackURL: 7 } });
			assert.equal(exchange.status, 400);
		});
	},
};
