import assert from "node:assert/strict";
import { PASSWORD, type Scenario } from "../scenario.ts";

export const usernames: Scenario = {
	name: "username: sign-up and sign-in",
	async run(run) {
		const { client } = run.device();
		const email = run.email("named");
		const username = run.unique("Some.One").replaceAll("-", "_");
		const signUp = (name: string, address = run.email("refused")) =>
			client.signUp.email({ name: "Named", email: address, password: PASSWORD, username: name });

		await run.refused("of 2 characters", 400, "USERNAME_TOO_SHORT", () => signUp("ab"));
		await run.refused("of 31 characters", 400, "USERNAME_TOO_LONG", () => signUp("a".repeat(31)));
		await run.refused("with a space", 400, "INVALID_USERNAME", () => signUp("some one"));
		await run.ok(
			"signs up",
			() => signUp(username, email),
			({ user }) => {
				const named = user as { username?: string; displayUsername?: string };
				assert.deepEqual([named.username, named.displayUsername], [username.toLowerCase(), username]);
			},
		);
		await run.refused("which is taken in any case", 400, "USERNAME_IS_ALREADY_TAKEN", () =>
			signUp(username.toUpperCase()),
		);
		const shown = run.unique("Shown").replaceAll("-", "_");
		await run.ok(
			"is what is shown where nothing else is said",
			() =>
				run.device().client.signUp.email({
					name: "Shown",
					email: run.email("shown"),
					password: PASSWORD,
					...{ displayUsername: shown },
				}),
			({ user }) => {
				assert.equal((user as { username?: string }).username, shown.toLowerCase());
			},
		);

		const signIn = (name: string, password = PASSWORD) => client.signIn.username({ username: name, password });
		await run.refused("signs nobody in with a wrong password", 401, "INVALID_USERNAME_OR_PASSWORD", () =>
			signIn(username, "wrong password"),
		);
		await run.refused("nor one whom nobody knows", 401, "INVALID_USERNAME_OR_PASSWORD", () => signIn("nobody_at_all"));
		await run.refused("nor without one", 401, "INVALID_USERNAME_OR_PASSWORD", () => signIn(""));
		await run.refused("nor with 2 characters", 422, "USERNAME_TOO_SHORT", () => signIn("ab"));
		await run.refused("nor with 31", 422, "USERNAME_TOO_LONG", () => signIn("a".repeat(31)));
		await run.refused("nor with a space", 422, "INVALID_USERNAME", () => signIn("some one"));
		await run.refused("nor with a password of 129 characters", 400, "PASSWORD_TOO_LONG", () =>
			signIn(username, "x".repeat(129)),
		);
		await run.refused("nor to a foreign page", 403, "INVALID_CALLBACK_URL", () =>
			client.signIn.username({ username, password: PASSWORD, callbackURL: "https://evil.example" }),
		);
		await run.ok(
			"signs in",
			() => signIn(username),
			(data) => assert.equal(data.user.email, email),
		);
		await run.ok("in any case", () => signIn(username.toLowerCase()));
		await run.ok("for this browser session only", () =>
			run.device().client.signIn.username({ username, password: PASSWORD, rememberMe: false, callbackURL: "/home" }),
		);

		const free = (name: string) => client.isUsernameAvailable({ username: name });
		await run.ok(
			"is not available twice",
			() => free(username),
			({ available }) => assert.equal(available, false),
		);
		await run.ok(
			"is available once",
			() => free(run.unique("free").replaceAll("-", "_")),
			({ available }) => assert.equal(available, true),
		);
		await run.refused("is never available empty", 422, "INVALID_USERNAME", () => free(""));
		await run.refused("nor with 2 characters", 422, "USERNAME_TOO_SHORT", () => free("ab"));
		await run.refused("nor with 31", 422, "USERNAME_TOO_LONG", () => free("a".repeat(31)));
		await run.refused("nor with a space", 422, "INVALID_USERNAME", () => free("some one"));

		await run.ok("signs in to change", () => signIn(username));
		const update = (name: string) => client.updateUser({ username: name });
		await run.refused("changes to none of 2 characters", 400, "USERNAME_TOO_SHORT", () => update("ab"));
		await run.refused("to none of 31", 400, "USERNAME_TOO_LONG", () => update("a".repeat(31)));
		await run.refused("to none with a space", 400, "INVALID_USERNAME", () => update("some one"));
		await run.refused("to none of others", 400, "USERNAME_IS_ALREADY_TAKEN", () => update(shown));
		await run.ok("stays", () => update(username));
		const renamed = `${username}2`;
		await run.ok("changes", () => update(renamed));
		await run.step("which the session shows", async () => {
			const { data } = await client.getSession();
			assert.deepEqual([data?.user.username, data?.user.displayUsername], [renamed.toLowerCase(), username]);
		});
	},
};
