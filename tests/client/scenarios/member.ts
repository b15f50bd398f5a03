import assert from "node:assert/strict";
import { NOBODY, type Person, type Run, type Scenario } from "../scenario.ts";

/** An organization with an owner, an administrator and a member, and somebody outside it. */
async function team(run: Run, name: string) {
	const owner = await run.verified(`owner-of-${name}`);
	const admin = await run.verified(`manager-of-${name}`);
	const member = await run.verified(`worker-of-${name}`);
	const outsider = await run.verified(`visitor-of-${name}`);
	const slug = run.unique(name);
	const { id: organizationId } = await run.ok("an organization", () =>
		owner.client.organization.create({ name: "Team", slug }),
	);
	const join = async (person: Person, role: "admin" | "member") => {
		const { id } = await run.ok(`invites ${person.name}`, () =>
			owner.client.organization.inviteMember({ email: person.email, role, organizationId }),
		);
		const { member } = await run.ok(`${person.name} joins`, () =>
			person.client.organization.acceptInvitation({ invitationId: id }),
		);
		return member.id;
	};
	const adminId = await join(admin, "admin");
	const memberId = await join(member, "member");
	const { members } = await run.ok(
		"has members",
		() => owner.client.organization.listMembers({ query: { organizationId } }),
		({ total }) => assert.equal(total, 3),
	);
	const ownerId = members.find(({ userId }) => userId === owner.id)?.id ?? "";
	return { owner, admin, member, outsider, slug, organizationId, ownerId, adminId, memberId };
}

export const members: Scenario = {
	name: "organization: members",
	async run(run) {
		const { owner, member, outsider, slug, organizationId } = await team(run, "listed-team");
		const stranger = run.device().client;
		const notAMember = "YOU_ARE_NOT_A_MEMBER_OF_THIS_ORGANIZATION";

		const list = (query: Parameters<typeof owner.client.organization.listMembers>[0] = {}, who: Person = owner) =>
			who.client.organization.listMembers(query);
		await run.ok(
			"are listed by slug",
			() => list({ query: { organizationSlug: slug } }),
			({ total }) => assert.equal(total, 3),
		);
		await run.ok(
			"a page",
			() => list({ query: { limit: 1, offset: 1, sortBy: "createdAt", sortDirection: "asc" } }),
			({ members, total }) => assert.deepEqual([members.length, total], [1, 3]),
		);
		await run.ok(
			"by role",
			() => list({ query: { filterField: "role", filterOperator: "eq", filterValue: "admin" } }),
			({ members }) =>
				assert.deepEqual(
					members.map(({ role }) => role),
					["admin"],
				),
		);
		await run.ok(
			"with their users",
			() => list(),
			({ members }) => assert.ok(members.some(({ user }) => user.email === member.email)),
		);
		await run.refused("not to outsiders", 403, notAMember, () => list({ query: { organizationId } }, outsider));
		await run.refused("nor without an organization", 400, "NO_ACTIVE_ORGANIZATION", () => list({}, outsider));
		await run.refused("nor of an unknown one", 400, "ORGANIZATION_NOT_FOUND", () =>
			list({ query: { organizationSlug: run.unique("nowhere") } }),
		);
		await run.refused("nor to strangers", 401, "UNAUTHORIZED", () => stranger.organization.listMembers());

		await run.ok(
			"know themselves",
			() => member.client.organization.getActiveMember(),
			(data) => assert.deepEqual([data.role, data.user.email], ["member", member.email]),
		);
		await run.refused("not outside", 400, "NO_ACTIVE_ORGANIZATION", () =>
			outsider.client.organization.getActiveMember(),
		);
		await run.refused("nor as a stranger", 401, "UNAUTHORIZED", () => stranger.organization.getActiveMember());

		await run.ok(
			"know their role",
			() => member.client.organization.getActiveMemberRole(),
			({ role }) => assert.equal(role, "member"),
		);
		await run.ok(
			"and that of others",
			() => member.client.organization.getActiveMemberRole({ query: { userId: owner.id, organizationSlug: slug } }),
			({ role }) => assert.equal(role, "owner"),
		);
		await run.refused("not of outsiders", 403, notAMember, () =>
			member.client.organization.getActiveMemberRole({ query: { userId: outsider.id, organizationId } }),
		);
		await run.refused("nor as one", 403, notAMember, () =>
			outsider.client.organization.getActiveMemberRole({ query: { organizationId } }),
		);
		await run.refused("nor without one active", 400, "NO_ACTIVE_ORGANIZATION", () =>
			outsider.client.organization.getActiveMemberRole(),
		);
		await run.refused("nor as a stranger there", 401, "UNAUTHORIZED", () =>
			stranger.organization.getActiveMemberRole(),
		);

		const may = (
			who: Person,
			permissions: Parameters<typeof owner.client.organization.hasPermission>[0]["permissions"],
			id?: string,
		) => who.client.organization.hasPermission({ permissions, organizationId: id });
		await run.ok(
			"may delete as owners",
			() => may(owner, { organization: ["delete"], member: ["update"] }),
			({ success }) => assert.equal(success, true),
		);
		await run.ok(
			"not as members",
			() => may(member, { organization: ["update"] }),
			({ success }) => assert.equal(success, false),
		);
		await run.refused("nothing as outsiders", 401, "USER_IS_NOT_A_MEMBER_OF_THE_ORGANIZATION", () =>
			may(outsider, { organization: ["update"] }, organizationId),
		);
		await run.refused("nothing nowhere", 400, "NO_ACTIVE_ORGANIZATION", () =>
			may(outsider, { organization: ["update"] }),
		);
		await run.refused("nothing as strangers", 401, "UNAUTHORIZED", () =>
			stranger.organization.hasPermission({ permissions: { organization: ["update"] }, organizationId }),
		);
		await run.refused("must ask about something", 400, "VALIDATION_ERROR", () =>
			owner.client.$fetch("/organization/has-permission", { method: "POST", body: {} }),
		);

		await run.refused("change no organization", 403, "YOU_ARE_NOT_ALLOWED_TO_UPDATE_THIS_ORGANIZATION", () =>
			member.client.organization.update({ data: { name: "Ours" }, organizationId }),
		);
		await run.refused("delete none", 403, "YOU_ARE_NOT_ALLOWED_TO_DELETE_THIS_ORGANIZATION", () =>
			member.client.organization.delete({ organizationId }),
		);
	},
};

export const roles: Scenario = {
	name: "organization: roles",
	async run(run) {
		const { owner, admin, member, outsider, organizationId, ownerId, adminId, memberId } = await team(
			run,
			"ranked-team",
		);
		const denied = "YOU_ARE_NOT_ALLOWED_TO_UPDATE_THIS_MEMBER";
		type Role = "owner" | "admin" | "member";
		const set = (who: Person, id: string, role: Role | Role[]) =>
			who.client.organization.updateMemberRole({ memberId: id, role, organizationId });

		await run.refused("are changed by no member", 403, denied, () => set(member, memberId, "admin"));
		await run.refused("nor an outsider", 400, "MEMBER_NOT_FOUND", () => set(outsider, memberId, "admin"));
		await run.refused("nor a stranger", 401, "UNAUTHORIZED", () =>
			run.device().client.organization.updateMemberRole({ memberId, role: "admin", organizationId }),
		);
		await run.refused("nor nowhere", 400, "NO_ACTIVE_ORGANIZATION", () =>
			outsider.client.organization.updateMemberRole({ memberId, role: "admin" }),
		);
		await run.refused("nor of nobody", 400, "MEMBER_NOT_FOUND", () => set(owner, NOBODY, "admin"));
		await run.refused("nor to an unknown one", 400, "ROLE_NOT_FOUND", () => set(owner, memberId, "emperor" as Role));
		const none = { reference: [400, null], garboard: [400, "ROLE_NOT_FOUND"] } as const;
		await run.differs("nor to none", none, () => set(owner, memberId, [] as Role[]));
		await run.refused("make no owner by an administrator", 403, denied, () => set(admin, memberId, "owner"));
		const padded = { reference: [403, denied], garboard: [400, "ROLE_NOT_FOUND"] } as const;
		await run.differs("nor one with a space before it", padded, () => set(admin, memberId, " owner" as Role));
		await run.refused("take no owner's away by an administrator", 403, denied, () => set(admin, ownerId, "member"));
		await run.refused(
			"leave no organization without an owner",
			400,
			"YOU_CANNOT_LEAVE_THE_ORGANIZATION_WITHOUT_AN_OWNER",
			() => set(owner, ownerId, "member"),
		);
		await run.ok(
			"change",
			() => set(owner, memberId, "admin"),
			(data) => assert.equal(data.role, "admin"),
		);
		await run.ok(
			"are several",
			() => set(owner, memberId, ["admin", "member"]),
			(data) => assert.equal(data.role as string, "admin,member"),
		);
		await run.ok(
			"change back by an administrator",
			() => set(admin, memberId, "member"),
			(data) => assert.equal(data.role, "member"),
		);

		const remove = (who: Person, memberIdOrEmail: string) =>
			who.client.organization.removeMember({ memberIdOrEmail, organizationId });
		await run.refused("of a member remove nobody", 401, "YOU_ARE_NOT_ALLOWED_TO_DELETE_THIS_MEMBER", () =>
			remove(member, adminId),
		);
		await run.refused("of an outsider neither", 400, "MEMBER_NOT_FOUND", () => remove(outsider, memberId));
		await run.refused("of a stranger neither", 401, "UNAUTHORIZED", () =>
			run.device().client.organization.removeMember({ memberIdOrEmail: memberId, organizationId }),
		);
		await run.refused("nowhere", 400, "NO_ACTIVE_ORGANIZATION", () =>
			outsider.client.organization.removeMember({ memberIdOrEmail: memberId }),
		);
		await run.refused("of nobody", 400, "MEMBER_NOT_FOUND", () => remove(owner, NOBODY));
		await run.refused("of the only owner never", 400, "YOU_CANNOT_LEAVE_THE_ORGANIZATION_AS_THE_ONLY_OWNER", () =>
			remove(owner, ownerId),
		);
		await run.refused("nor by an administrator", 400, "YOU_CANNOT_LEAVE_THE_ORGANIZATION_AS_THE_ONLY_OWNER", () =>
			remove(admin, ownerId),
		);
		await run.ok(
			"remove by address",
			() => remove(admin, member.email),
			(data) => assert.equal(data.member.id, memberId),
		);
		await run.refused("once", 400, "MEMBER_NOT_FOUND", () => remove(admin, memberId));

		const leave = (who: Person) => who.client.organization.leave({ organizationId });
		await run.refused("let no only owner leave", 400, "YOU_CANNOT_LEAVE_THE_ORGANIZATION_AS_THE_ONLY_OWNER", () =>
			leave(owner),
		);
		await run.refused("nor an outsider", 400, "MEMBER_NOT_FOUND", () => leave(outsider));
		await run.refused("nor a stranger leave", 401, "UNAUTHORIZED", () =>
			run.device().client.organization.leave({ organizationId }),
		);
		await run.ok("make a second owner", () => set(owner, adminId, "owner"));
		await run.ok(
			"so that the first may leave",
			() => leave(owner),
			(data) => assert.equal((data as { id?: string }).id, ownerId),
		);
		await run.step("and has no active organization then", async () => {
			assert.equal((await owner.client.getSession()).data?.session.activeOrganizationId, null);
		});
	},
};
