import assert from "node:assert/strict";
import { assertRefused, NOBODY, type Scenario } from "../scenario.ts";

export const organizations: Scenario = {
	name: "organization: organizations",
	async run(run) {
		const owner = await run.verified("founder");
		const { organization } = owner.client;
		const slug = run.unique("acme");
		const active = async () => (await owner.client.getSession()).data?.session.activeOrganizationId ?? null;

		await run.refused("are made by somebody", 401, null, () =>
			run.device().client.organization.create({ name: "Acme", slug }),
		);
		await run.refused("with a name", 400, "VALIDATION_ERROR", () => organization.create({ name: "", slug }));
		await run.refused("and a slug", 400, "VALIDATION_ERROR", () => organization.create({ name: "Acme", slug: "" }));
		await run.ok(
			"which is free",
			() => organization.checkSlug({ slug }),
			({ status }) => assert.equal(status, true),
		);
		const acme = await run.ok(
			"are made",
			() => organization.create({ name: "Acme", slug, logo: "https://example.com/l.png", metadata: { plan: "free" } }),
			(data) => {
				assert.deepEqual([data.slug, data.metadata], [slug, { plan: "free" }]);
				assert.deepEqual(
					data.members.map((member) => member?.role),
					["owner"],
				);
			},
		);
		await run.step("and become the active one", async () => assert.equal(await active(), acme.id));
		await run.refused("not twice with one slug", 400, "ORGANIZATION_ALREADY_EXISTS", () =>
			organization.create({ name: "Other", slug }),
		);
		await run.refused("which is taken then", 400, "ORGANIZATION_SLUG_ALREADY_TAKEN", () =>
			organization.checkSlug({ slug }),
		);
		await run.refused("which strangers do not learn", 401, "UNAUTHORIZED", () =>
			run.device().client.organization.checkSlug({ slug }),
		);
		const second = await run.ok(
			"are made beside the active one",
			() => organization.create({ name: "Second", slug: run.unique("second"), keepCurrentActiveOrganization: true }),
			(data) => {
				assert.equal(data.logo ?? null, null);
			},
		);
		await run.step("which stays active", async () => assert.equal(await active(), acme.id));

		const stranger = await run.verified("outsider");
		await run.ok(
			"are listed",
			() => organization.list(),
			(data) => assert.deepEqual(data.map(({ name }) => name).sort(), ["Acme", "Second"]),
		);
		await run.ok(
			"to members only",
			() => stranger.client.organization.list(),
			(data) => assert.deepEqual(data, []),
		);
		await run.refused("with a session", 401, "UNAUTHORIZED", () => run.device().client.organization.list());

		const update = (data: Record<string, unknown>, organizationId: string | undefined = acme.id) =>
			organization.update({ data, organizationId });
		await run.ok(
			"change",
			() => update({ name: "Acme Ltd", metadata: { plan: "paid" } }),
			(data) => {
				assert.deepEqual(
					[(data as { name?: string }).name, (data as { metadata?: unknown }).metadata],
					["Acme Ltd", { plan: "paid" }],
				);
			},
		);
		await run.ok("keep their slug", () => update({ slug }));
		await run.ok("the active one where none is named", () =>
			organization.update({ data: { logo: "https://example.com/m.png" } }),
		);
		await run.refused("take no slug of others", 400, "ORGANIZATION_SLUG_ALREADY_TAKEN", () =>
			update({ slug: run.unique("second") }),
		);
		await run.refused("nor an empty name", 400, "VALIDATION_ERROR", () => update({ name: "" }));
		await run.refused("by outsiders", 400, "USER_IS_NOT_A_MEMBER_OF_THE_ORGANIZATION", () =>
			stranger.client.organization.update({ data: { name: "Mine" }, organizationId: acme.id }),
		);
		await run.refused("by outsiders without naming it", 400, "ORGANIZATION_NOT_FOUND", () =>
			stranger.client.organization.update({ data: { name: "Mine" } }),
		);
		const nobody = { reference: [401, null], garboard: [401, "UNAUTHORIZED"] } as const;
		await run.differs("by strangers", nobody, () =>
			run.device().client.organization.update({ data: { name: "Mine" }, organizationId: acme.id }),
		);

		await run.ok(
			"are set active by slug",
			() => organization.setActive({ organizationSlug: run.unique("second") }),
			(data) => assert.equal(data.id, second.id),
		);
		await run.step("and are", async () => assert.equal(await active(), second.id));
		await run.step("are set inactive", async () => {
			const { data, error } = await organization.setActive({ organizationId: null });
			assert.deepEqual([data, error], [null, null]);
			assert.equal(await active(), null);
		});
		await run.step("are not there when inactive", async () => {
			assert.deepEqual(await organization.getFullOrganization(), { data: null, error: null });
			assert.deepEqual((await owner.device.request("GET", "/organization/get-organization")).body, null);
		});
		await run.ok(
			"are set active by id",
			() => organization.setActive({ organizationId: acme.id }),
			(data) => assert.equal(data.name, "Acme Ltd"),
		);
		await run.refused("not where there is none", 400, "ORGANIZATION_NOT_FOUND", () =>
			organization.setActive({ organizationSlug: run.unique("nowhere") }),
		);
		await run.refused("not by outsiders", 403, "USER_IS_NOT_A_MEMBER_OF_THE_ORGANIZATION", () =>
			stranger.client.organization.setActive({ organizationId: acme.id }),
		);
		await run.refused("nor strangers", 401, "UNAUTHORIZED", () =>
			run.device().client.organization.setActive({ organizationId: acme.id }),
		);
		await run.ok("set active again", () => organization.setActive({ organizationId: acme.id }));

		await run.ok(
			"are read in full",
			() => organization.getFullOrganization({ query: { organizationId: acme.id } }),
			(data) => {
				assert.deepEqual(
					data.members.map(({ role, user }) => [role, user.email]),
					[["owner", owner.email]],
				);
				assert.deepEqual(data.invitations, []);
			},
		);
		await run.ok(
			"by slug",
			() => organization.getFullOrganization({ query: { organizationSlug: slug, membersLimit: 1 } }),
			(data) => assert.equal(data.id, acme.id),
		);
		await run.ok(
			"the active one",
			() => organization.getFullOrganization(),
			(data) => assert.equal(data.id, acme.id),
		);
		await run.refused("not in full where there is none", 400, "ORGANIZATION_NOT_FOUND", () =>
			organization.getFullOrganization({ query: { organizationId: NOBODY } }),
		);
		await run.refused("not in full by outsiders", 403, "USER_IS_NOT_A_MEMBER_OF_THE_ORGANIZATION", () =>
			stranger.client.organization.getFullOrganization({ query: { organizationId: acme.id } }),
		);
		await run.refused("not in full by strangers", 401, "UNAUTHORIZED", () =>
			run.device().client.organization.getFullOrganization(),
		);

		const read = (query: Record<string, string>, device = owner.device) =>
			device.request("GET", `/organization/get-organization?${new URLSearchParams(query)}`);
		await run.step("are read in brief", async () => {
			const exchange = await read({ organizationId: acme.id });
			assert.equal((exchange.body as { name?: string }).name, "Acme Ltd");
			assert.equal((await read({ organizationSlug: slug })).status, 200);
			assert.equal((await read({})).status, 200);
		});
		await run.step("not in brief where there is none", async () =>
			assertRefused(await read({ organizationId: NOBODY }), 400, "ORGANIZATION_NOT_FOUND"),
		);
		await run.step("not in brief by outsiders", async () =>
			assertRefused(
				await read({ organizationId: acme.id }, stranger.device),
				403,
				"USER_IS_NOT_A_MEMBER_OF_THE_ORGANIZATION",
			),
		);
		await run.step("not in brief by strangers", async () =>
			assertRefused(await read({}, run.device()), 401, "UNAUTHORIZED"),
		);

		await run.refused("are deleted by strangers never", 401, null, () =>
			run.device().client.organization.delete({ organizationId: acme.id }),
		);
		await run.refused("nor by outsiders", 400, "USER_IS_NOT_A_MEMBER_OF_THE_ORGANIZATION", () =>
			stranger.client.organization.delete({ organizationId: acme.id }),
		);
		await run.ok(
			"are deleted by owners",
			() => organization.delete({ organizationId: acme.id }),
			(data) => assert.equal((data as { id?: string }).id, acme.id),
		);
		await run.step("and are not active then", async () => assert.equal(await active(), null));
		await run.refused("nor to be deleted again", 400, "USER_IS_NOT_A_MEMBER_OF_THE_ORGANIZATION", () =>
			organization.delete({ organizationId: acme.id }),
		);
	},
};
