import assert from "node:assert/strict";
import { type Client, NOBODY, PASSWORD, type Scenario } from "../scenario.ts";

/** Every route, as somebody who may not: without a session 401 without a body, as a user 403. */
export const forbidden: Scenario = {
	name: "admin: who may",
	async run(run) {
		const user = await run.person("user");
		const userId = user.id;
		const denied = "YOU_ARE_NOT_ALLOWED_TO_";
		const calls: [string, string, (client: Client) => Promise<{ data: unknown; error: unknown }>][] = [
			["set-role", "CHANGE_USERS_ROLE", ({ admin }) => admin.setRole({ userId, role: "admin" })],
			["get-user", "GET_USER", ({ admin }) => admin.getUser({ query: { id: userId } })],
			[
				"create-user",
				"CREATE_USERS",
				({ admin }) => admin.createUser({ email: run.email("made"), name: "Made", password: PASSWORD }),
			],
			["update-user", "UPDATE_USERS", ({ admin }) => admin.updateUser({ userId, data: { name: "Other" } })],
			["list-users", "LIST_USERS", ({ admin }) => admin.listUsers({ query: {} })],
			["list-user-sessions", "LIST_USERS_SESSIONS", ({ admin }) => admin.listUserSessions({ userId })],
			["ban-user", "BAN_USERS", ({ admin }) => admin.banUser({ userId })],
			["unban-user", "BAN_USERS", ({ admin }) => admin.unbanUser({ userId })],
			[
				"revoke-user-session",
				"REVOKE_USERS_SESSIONS",
				({ admin }) => admin.revokeUserSession({ sessionToken: "unknown" }),
			],
			["revoke-user-sessions", "REVOKE_USERS_SESSIONS", ({ admin }) => admin.revokeUserSessions({ userId })],
			["remove-user", "DELETE_USERS", ({ admin }) => admin.removeUser({ userId })],
			[
				"set-user-password",
				"SET_USERS_PASSWORD",
				({ admin }) => admin.setUserPassword({ userId, newPassword: PASSWORD }),
			],
			["impersonate-user", "IMPERSONATE_USERS", ({ admin }) => admin.impersonateUser({ userId })],
		];
		const stranger = run.device().client;
		for (const [route, code, call] of calls) {
			await run.refused(`${route} as a stranger`, 401, null, () => call(stranger));
			await run.refused(`${route} as a user`, 403, denied + code, () => call(user.client));
		}
		await run.refused("has-permission as a stranger", 401, null, () =>
			stranger.admin.hasPermission({ permissions: { user: ["list"] } }),
		);
		await run.ok(
			"has-permission as a user",
			() => user.client.admin.hasPermission({ permissions: { user: ["list"] } }),
			({ success }) => assert.equal(success, false),
		);
		await run.refused("stop-impersonating as a stranger", 401, null, () => stranger.admin.stopImpersonating());
		await run.refused("stop-impersonating as oneself", 400, null, () => user.client.admin.stopImpersonating());
	},
};

export const users: Scenario = {
	name: "admin: users",
	async run(run) {
		const root = await run.admin("root");
		const { admin } = root.client;
		const make = (change: Record<string, unknown> = {}) =>
			admin.createUser({ email: run.email("made"), name: "Made", password: PASSWORD, ...change });

		await run.refused("makes none without a real address", 400, "INVALID_EMAIL", () => make({ email: "nobody" }));
		await run.refused("nor with a password of 129 characters", 400, "PASSWORD_TOO_LONG", () =>
			make({ password: "x".repeat(129) }),
		);
		await run.refused("nor of an unknown role", 400, "YOU_ARE_NOT_ALLOWED_TO_SET_NON_EXISTENT_VALUE", () =>
			make({ role: "emperor" }),
		);
		await run.refused("nor without a name", 400, "VALIDATION_ERROR", () => make({ name: undefined }));
		const { user } = await run.ok(
			"makes a user",
			() => make({ data: { locale: "fr" } }),
			({ user }) => assert.deepEqual([user.role, user.emailVerified], ["user", false]),
		);
		await run.refused("not twice", 400, "USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL", () =>
			make({ email: run.email("MADE") }),
		);
		await run.ok("makes one without a password", () => make({ email: run.email("bare"), password: undefined }));
		await run.ok(
			"makes another administrator",
			() => make({ email: run.email("deputy"), role: "admin" }),
			({ user }) => assert.equal(user.role, "admin"),
		);
		const device = run.device();
		await run.ok("who can sign in", () => device.client.signIn.email({ email: user.email, password: PASSWORD }));

		const userId = user.id;
		await run.ok(
			"reads one",
			() => admin.getUser({ query: { id: userId } }),
			(data) => assert.equal(data.email, user.email),
		);
		await run.refused("not one who is not there", 404, "USER_NOT_FOUND", () =>
			admin.getUser({ query: { id: NOBODY } }),
		);
		await run.refused("nor nobody", 400, "VALIDATION_ERROR", () => admin.getUser({ query: {} as { id: string } }));

		const update = (data: Record<string, unknown>, id = userId) => admin.updateUser({ userId: id, data });
		await run.ok(
			"changes one",
			() => update({ name: "Changed", image: "https://example.com/c.png" }),
			(data) => assert.equal((data as { name?: string }).name, "Changed"),
		);
		await run.ok("verifies an address", () => update({ emailVerified: true }));
		await run.ok(
			"changes an address",
			() => update({ email: run.email("Made-Again") }),
			(data) => assert.equal((data as { email?: string }).email, run.email("made-again")),
		);
		await run.ok("changes a role", () => update({ role: "admin" }));
		await run.ok("and back", () => update({ role: ["user"] }));
		await run.refused("not to nothing", 400, "NO_DATA_TO_UPDATE", () => update({}));
		await run.refused("not a password", 400, "PASSWORD_CANNOT_BE_UPDATED_VIA_UPDATE_USER", () =>
			update({ password: PASSWORD }),
		);
		await run.refused("not to a wrong address", 400, "INVALID_EMAIL", () => update({ email: "nobody" }));
		await run.refused("not to one taken", 400, "USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL", () =>
			update({ email: root.email }),
		);
		await run.refused("not to an unknown role", 400, "YOU_ARE_NOT_ALLOWED_TO_SET_NON_EXISTENT_VALUE", () =>
			update({ role: "emperor" }),
		);
		await run.refused("not to what is no role", 400, "INVALID_ROLE_TYPE", () => update({ role: 7 }));
		await run.refused("not one who is not there", 404, "USER_NOT_FOUND", () => update({ name: "Nobody" }, NOBODY));
		await run.refused("not to ban oneself", 400, "YOU_CANNOT_BAN_YOURSELF", () => update({ banned: true }, root.id));

		await run.ok(
			"sets a role",
			() => admin.setRole({ userId, role: "admin" }),
			({ user }) => assert.equal(user.role, "admin"),
		);
		await run.ok(
			"or a list of one",
			() => admin.setRole({ userId, role: ["user"] }),
			({ user }) => assert.equal(user.role, "user"),
		);
		await run.refused("sets no unknown role", 400, "YOU_ARE_NOT_ALLOWED_TO_SET_NON_EXISTENT_VALUE", () =>
			admin.setRole({ userId, role: "emperor" as "user" }),
		);
		await run.refused("of nobody", 404, "USER_NOT_FOUND", () => admin.setRole({ userId: NOBODY, role: "user" }));

		const password = (newPassword: string, id = userId) => admin.setUserPassword({ userId: id, newPassword });
		await run.refused("sets no short password", 400, "PASSWORD_TOO_SHORT", () => password("short"));
		await run.refused("nor a long one", 400, "PASSWORD_TOO_LONG", () => password("x".repeat(129)));
		await run.refused("nor an empty one", 400, "VALIDATION_ERROR", () => password(""));
		await run.refused("nor of nobody", 404, "USER_NOT_FOUND", () => password("a password for nobody", NOBODY));
		await run.ok(
			"sets a password",
			() => password("a password set by others"),
			({ status }) => assert.equal(status, true),
		);
		await run.ok("which signs in", () =>
			device.client.signIn.email({ email: run.email("made-again"), password: "a password set by others" }),
		);

		await run.ok(
			"may do what an administrator may",
			() => admin.hasPermission({ permissions: { user: ["list", "ban"], session: ["revoke"] } }),
			({ success }) => assert.equal(success, true),
		);
		await run.ok(
			"and nothing unheard of",
			() => admin.hasPermission({ permissions: { user: ["teleport" as "list"] } }),
			({ success }) => assert.equal(success, false),
		);
		await run.refused("must ask about something", 400, "VALIDATION_ERROR", () =>
			root.client.$fetch("/admin/has-permission", { method: "POST", body: {} }),
		);

		await run.refused("cannot remove oneself", 400, "YOU_CANNOT_REMOVE_YOURSELF", () =>
			admin.removeUser({ userId: root.id }),
		);
		await run.refused("nor nobody", 404, "USER_NOT_FOUND", () => admin.removeUser({ userId: NOBODY }));
		await run.ok(
			"removes a user",
			() => admin.removeUser({ userId }),
			({ success }) => assert.equal(success, true),
		);
		await run.step("whose sessions end", async () => assert.equal((await device.client.getSession()).data, null));
	},
};

export const list: Scenario = {
	name: "admin: list-users",
	async run(run) {
		const { admin } = (await run.admin("lister")).client;
		const prefix = run.unique("listed");
		for (const letter of ["a", "b", "c"]) {
			await run.ok(`makes ${letter}`, () =>
				admin.createUser({ email: `${prefix}-${letter}@example.com`, name: `Name ${letter}`, password: PASSWORD }),
			);
		}
		type Query = NonNullable<Parameters<typeof admin.listUsers>[0]["query"]>;
		const expect = async (name: string, query: Query, letters: string[], total = letters.length) => {
			await run.ok(
				name,
				() => admin.listUsers({ query: { sortBy: "email", sortDirection: "asc", ...query } }),
				(data) => {
					assert.deepEqual([data.users.map(({ name }) => name.at(-1)), data.total], [letters, total]);
				},
			);
		};
		const mine: Query = { searchValue: prefix };
		await expect("finds by part of the address", mine, ["a", "b", "c"]);
		await expect("by its start", { searchValue: `${prefix}-a`, searchField: "email", searchOperator: "starts_with" }, [
			"a",
		]);
		await expect("by its end", { searchValue: `${prefix}-b@example.com`, searchOperator: "ends_with" }, ["b"]);
		await expect("in reverse", { ...mine, sortDirection: "desc" }, ["c", "b", "a"]);
		await expect("a page", { ...mine, limit: 2, offset: 1 }, ["b", "c"], 3);
		await expect("filters by equality", { ...mine, filterField: "name", filterValue: "Name b" }, ["b"]);
		await expect("by inequality", { ...mine, filterField: "name", filterValue: "Name b", filterOperator: "ne" }, [
			"a",
			"c",
		]);
		await expect("by role", { ...mine, filterField: "role", filterValue: "user" }, ["a", "b", "c"]);
		await expect("by part", { ...mine, filterField: "name", filterValue: "me c", filterOperator: "contains" }, ["c"]);
		await expect("nothing", { searchValue: `${prefix}-z` }, []);
		await run.refused("knows no other search", 400, "VALIDATION_ERROR", () =>
			admin.listUsers({ query: { searchField: "password" as "name" } }),
		);
		await run.refused("nor another order", 400, "VALIDATION_ERROR", () =>
			admin.listUsers({ query: { sortDirection: "sideways" as "asc" } }),
		);
		await run.refused("nor another operator", 400, "VALIDATION_ERROR", () =>
			admin.listUsers({ query: { filterOperator: "like" as "eq" } }),
		);
	},
};
