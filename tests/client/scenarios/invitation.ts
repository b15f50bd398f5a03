import assert from "node:assert/strict";
import { assertRefused, NOBODY, type Outcome, type Person, type Run, type Scenario } from "../scenario.ts";

export const invitations: Scenario = {
	name: "organization: invitations",
	async run(run) {
		const owner = await run.verified("host");
		const guest = await run.verified("guest");
		const other = await run.verified("gatecrasher");
		const { organization } = owner.client;
		const { id: organizationId } = await run.ok("make an organization", () =>
			organization.create({ name: "Inn", slug: run.unique("inn") }),
		);
		type Role = "owner" | "admin" | "member";
		const invite = (
			email: string,
			role: Role | Role[] = "member",
			more: { resend?: boolean } = {},
			from: Person = owner,
		) => from.client.organization.inviteMember({ email, role, organizationId, ...more });

		await run.refused("go to addresses only", 400, "INVALID_EMAIL", () => invite("nobody"));
		await run.refused("not to members", 400, "USER_IS_ALREADY_A_MEMBER_OF_THIS_ORGANIZATION", () =>
			invite(owner.email),
		);
		const unknown = { reference: [400, null], garboard: [400, "ROLE_NOT_FOUND"] } as const;
		await run.differs("for no unknown role", unknown, () => invite(guest.email, "emperor" as Role));
		await run.refused("not from outsiders", 400, "MEMBER_NOT_FOUND", () => invite(guest.email, "member", {}, other));
		await run.refused("not to nowhere", 400, "ORGANIZATION_NOT_FOUND", () =>
			other.client.organization.inviteMember({ email: guest.email, role: "member" }),
		);
		await run.refused("not from strangers", 401, "UNAUTHORIZED", () =>
			run.device().client.organization.inviteMember({ email: guest.email, role: "member", organizationId }),
		);
		const invitation = await run.ok(
			"are sent",
			() => invite(guest.email.toUpperCase()),
			(data) => {
				assert.deepEqual([data.email, data.role, data.status], [guest.email, "member", "pending"]);
				assert.ok(Math.abs(data.expiresAt.getTime() - Date.now() - 48 * 3600 * 1000) < 60_000);
			},
		);
		await run.step("by mail", async () => {
			const { url } = await run.mail(guest.email, "invitation");
			assert.ok(url.endsWith(`/accept-invitation/${invitation.id}`), url);
		});
		await run.refused("not twice", 400, "USER_IS_ALREADY_INVITED_TO_THIS_ORGANIZATION", () => invite(guest.email));
		await run.ok(
			"but again on demand",
			() => invite(guest.email, "member", { resend: true }),
			(data) => assert.equal(data.id, invitation.id),
		);
		await run.step("by mail too", async () => void (await run.mail(guest.email, "invitation")));

		const gone: { reference: Outcome; garboard: Outcome } = {
			reference: [400, null],
			garboard: [400, "INVITATION_NOT_FOUND"],
		};
		const read = (id: string, who: Person = guest) => who.client.organization.getInvitation({ query: { id } });
		await run.ok(
			"are read by those invited",
			() => read(invitation.id),
			(data) => {
				assert.deepEqual([data.organizationName, data.inviterEmail], ["Inn", owner.email]);
			},
		);
		await run.refused("not by others", 403, "YOU_ARE_NOT_THE_RECIPIENT_OF_THE_INVITATION", () =>
			read(invitation.id, other),
		);
		const nobody = { reference: [401, null], garboard: [401, "UNAUTHORIZED"] } as const;
		await run.differs("not by strangers", nobody, () =>
			run.device().client.organization.getInvitation({ query: { id: invitation.id } }),
		);
		await run.differs("not where there is none", gone, () => read(NOBODY));
		await run.step("nor without an id", async () =>
			assertRefused(await guest.device.request("GET", "/organization/get-invitation"), 400, "VALIDATION_ERROR"),
		);

		await run.ok(
			"are listed to members",
			() => organization.listInvitations({ query: { organizationId } }),
			(data) => assert.equal(data.length, 1),
		);
		await run.ok(
			"of the active organization",
			() => organization.listInvitations(),
			(data) => assert.equal(data.length, 1),
		);
		const outsider = { reference: [403, null], garboard: [403, "YOU_ARE_NOT_A_MEMBER_OF_THIS_ORGANIZATION"] } as const;
		await run.differs("not to outsiders", outsider, () =>
			other.client.organization.listInvitations({ query: { organizationId } }),
		);
		await run.refused("nor without an organization", 400, null, () => other.client.organization.listInvitations());
		await run.refused("nor to strangers", 401, "UNAUTHORIZED", () =>
			run.device().client.organization.listInvitations(),
		);
		await run.ok(
			"are listed to those invited",
			() => guest.client.organization.listUserInvitations(),
			(data) => {
				assert.deepEqual(
					data.map(({ id, organizationName }) => [id, organizationName]),
					[[invitation.id, "Inn"]],
				);
			},
		);
		await run.ok(
			"not to others",
			() => other.client.organization.listUserInvitations(),
			(data) => assert.deepEqual(data, []),
		);
		await run.refused("nor for any address", 400, null, () =>
			other.client.organization.listUserInvitations({ query: { email: guest.email } }),
		);
		await run.refused("and to nobody at all", 400, null, () => run.device().client.organization.listUserInvitations());

		const accept = (id: string, who: Person) => who.client.organization.acceptInvitation({ invitationId: id });
		await run.refused("are accepted by nobody else", 403, "YOU_ARE_NOT_THE_RECIPIENT_OF_THE_INVITATION", () =>
			accept(invitation.id, other),
		);
		await run.refused("nor where there is none", 400, "INVITATION_NOT_FOUND", () => accept(NOBODY, guest));
		await run.refused("nor by strangers", 401, "UNAUTHORIZED", () =>
			run.device().client.organization.acceptInvitation({ invitationId: invitation.id }),
		);
		await run.ok(
			"are accepted",
			() => accept(invitation.id, guest),
			(data) => {
				assert.deepEqual(
					[data.invitation.status, data.member.role, data.member.userId],
					["accepted", "member", guest.id],
				);
			},
		);
		await run.step("into the active organization", async () => {
			assert.equal((await guest.client.getSession()).data?.session.activeOrganizationId, organizationId);
		});
		await run.refused("once", 400, "INVITATION_NOT_FOUND", () => accept(invitation.id, guest));
		await run.differs("and not read then", gone, () => read(invitation.id));
		await run.refused("are sent by no member", 403, "YOU_ARE_NOT_ALLOWED_TO_INVITE_USERS_TO_THIS_ORGANIZATION", () =>
			invite(other.email, "member", {}, guest),
		);
		await run.step("are listed to members who may not invite", async () => {
			const { data, error } = await guest.client.organization.listInvitations({ query: { organizationId } });
			if (run.server.isReference) assert.equal(data?.length, 1);
			else assert.equal(error?.status, 403);
		});
		await refusals(run, { owner, guest, other, organizationId });
	},
};

/** Rejecting, cancelling, roles, and addresses that nobody has verified. */
async function refusals(
	run: Run,
	{ owner, guest, other, organizationId }: { owner: Person; guest: Person; other: Person; organizationId: string },
): Promise<void> {
	const invite = (email: string, role: "owner" | "admin" | "member" = "member", from: Person = owner) =>
		from.client.organization.inviteMember({ email, role, organizationId });
	const reject = (id: string, who: Person) => who.client.organization.rejectInvitation({ invitationId: id });

	const second = await run.ok("are sent to be rejected", () => invite(other.email, "admin"));
	await run.refused("are rejected by nobody else", 403, "YOU_ARE_NOT_THE_RECIPIENT_OF_THE_INVITATION", () =>
		reject(second.id, guest),
	);
	await run.refused("nor by strangers", 401, "UNAUTHORIZED", () =>
		run.device().client.organization.rejectInvitation({ invitationId: second.id }),
	);
	await run.ok(
		"are rejected",
		() => reject(second.id, other),
		(data) => {
			assert.deepEqual([data.invitation?.status, data.member], ["rejected", null]);
		},
	);
	await run.refused("once only", 400, "INVITATION_NOT_FOUND", () => reject(second.id, other));

	const cancel = (id: string, who: Person) => who.client.organization.cancelInvitation({ invitationId: id });
	const third = await run.ok("are sent to be cancelled", () => invite(other.email));
	await run.refused("are cancelled by no member", 403, "YOU_ARE_NOT_ALLOWED_TO_CANCEL_THIS_INVITATION", () =>
		cancel(third.id, guest),
	);
	await run.refused("nor by outsiders", 400, "MEMBER_NOT_FOUND", () => cancel(third.id, other));
	await run.refused("nor by strangers to cancel", 401, "UNAUTHORIZED", () =>
		run.device().client.organization.cancelInvitation({ invitationId: third.id }),
	);
	await run.refused("nor where there is none to cancel", 400, "INVITATION_NOT_FOUND", () => cancel(NOBODY, owner));
	await run.ok(
		"are cancelled",
		() => cancel(third.id, owner),
		(data) => assert.equal(data?.status, "canceled"),
	);
	await run.refused("and not accepted then", 400, "INVITATION_NOT_FOUND", () =>
		other.client.organization.acceptInvitation({ invitationId: third.id }),
	);

	const fourth = await run.ok("make an administrator", () => invite(other.email, "admin"));
	await run.ok(
		"who accepts",
		() => other.client.organization.acceptInvitation({ invitationId: fourth.id }),
		({ member }) => assert.equal(member.role, "admin"),
	);
	await run.ok("who invites", () => invite(run.email("invited"), "member", other));
	await run.refused("but no owner", 403, "YOU_ARE_NOT_ALLOWED_TO_INVITE_USER_WITH_THIS_ROLE", () =>
		invite(run.email("crown"), "owner", other),
	);

	const unproven = await run.person("unproven");
	const fifth = await run.ok("are sent to an unverified address", () => invite(unproven.email));
	const code = "EMAIL_VERIFICATION_REQUIRED_BEFORE_ACCEPTING_OR_REJECTING_INVITATION";
	await run.refused("are not accepted there", 403, code, () =>
		unproven.client.organization.acceptInvitation({ invitationId: fifth.id }),
	);
	await run.refused("nor rejected", 403, code, () => reject(fifth.id, unproven));
	await run.refused("nor read", 403, "EMAIL_VERIFICATION_REQUIRED_FOR_INVITATION", () =>
		unproven.client.organization.getInvitation({ query: { id: fifth.id } }),
	);
	await run.refused("nor listed", 403, "EMAIL_VERIFICATION_REQUIRED_FOR_INVITATION", () =>
		unproven.client.organization.listUserInvitations(),
	);

	const sixth = await run.ok("are sent by an administrator", () => invite(run.email("late"), "member", other));
	await run.ok("who leaves", () => other.client.organization.leave({ organizationId }));
	const late = await run.verified("late");
	await run.refused("and are void then", 400, "INVITER_IS_NO_LONGER_A_MEMBER_OF_THE_ORGANIZATION", () =>
		late.client.organization.getInvitation({ query: { id: sixth.id } }),
	);
}

export const limits: Scenario = {
	name: "organization: limits",
	async run(run) {
		const { client } = await run.verified("spammer");
		const { id: organizationId } = await run.ok("is made", () =>
			client.organization.create({ name: "Crowd", slug: run.unique("crowd") }),
		);
		const invite = (name: string) =>
			client.organization.inviteMember({ email: run.email(`crowd-${name}`), role: "member", organizationId });
		await run.need("has a hundred invitations", async () => {
			for (let number = 1; number <= 100; number++) assert.equal((await invite(String(number))).error, null);
			return true;
		});
		await run.refused("and no more", 403, "INVITATION_LIMIT_REACHED", () => invite("101"));
	},
};
