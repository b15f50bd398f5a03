/** Where Garboard answers otherwise than Better Auth 1.7.7, and why. What is not listed here is an error. */

export interface Deviation {
	/** `METHOD /path`, the path without `/api/auth`. */
	route: string | RegExp;
	/** `status`, `location`, `content-type`, `cookie NAME`, or a path into the body. */
	fact: string | RegExp;
	/** `scenario: step`, where the deviation is confined to some. */
	step?: string | RegExp;
	/** What Better Auth answers. */
	reference?: string | RegExp;
	/** What Garboard answers. */
	subject?: string | RegExp;
	reason: string;
}

export const DEVIATIONS: Deviation[] = [
	{
		route: /./,
		fact: "body.message",
		reference: /^\[(body|query|headers)/,
		reason:
			"The text of VALIDATION_ERROR is made for people and comes from another validator; its code and form are the same.",
	},
	{
		route: /^POST/,
		fact: "body.message",
		reference: /^Content-Type ".*" is not allowed/,
		reason: "An answer does not repeat what the caller has sent; the status and the code are the same.",
	},
	{
		route: /^POST \/revoke-(other-)?sessions$/,
		fact: "status",
		step: /of a list$/,
		reference: "401",
		subject: "400",
		reason: "A body that is no object is refused on every route, before anybody asks who sent it.",
	},
	{
		route: "POST /sign-in/email",
		fact: /^body\.(code|message)$/,
		step: "sweep: redirects: to what is no text",
		reason: "An address of a wrong type is a VALIDATION_ERROR like every other member of a wrong type.",
	},
	{
		route: "GET /organization/list-invitations",
		fact: "status",
		step: /are listed to members who may not invite$/,
		reference: "200",
		subject: "403",
		reason: "Only who may invite sees who is invited, as in later releases of Better Auth 1.7.",
	},
	{
		route: "POST /delete-user",
		fact: /^cookie /,
		step: "core: delete-user: and gives the token itself",
		reference: "<absent>",
		subject: /^empty/,
		reason: "A deleted user's cookies are taken away on this way, too; Better Auth leaves them with the browser.",
	},
	{
		route: "GET /organization/get-invitation",
		fact: /^body\.(code|message)$/,
		reference: /^(<absent>|Invitation not found!)$/,
		subject: /^(INVITATION_NOT_FOUND|Invitation not found)$/,
		reason: "An invitation that is not there has a code, as in later releases of Better Auth 1.7.",
	},
	{
		route: "POST /organization/reject-invitation",
		fact: "body.message",
		step: "organization: invitations: once only",
		reference: "Invitation not found!",
		reason: "The same refusal has the same text on every route.",
	},
	{
		route: /^(POST \/organization\/update|GET \/organization\/get-invitation)$/,
		fact: /^body\.(code|message)$/,
		step: /by strangers$/,
		subject: /^(UNAUTHORIZED|Unauthorized)$/,
		reason: "Whoever is not signed in is told so in the same words on every route.",
	},
	{
		route: /^POST \/organization\/(invite-member|update-member-role)$/,
		fact: /^body\.(code|message)$/,
		reference: "<absent>",
		subject: /^ROLE_NOT_FOUND/,
		reason: "A role that is not there has the code that Better Auth has for it, and no role at all is told like one.",
	},
	{
		route: "POST /organization/update-member-role",
		fact: /^(status|body\.(code|message))$/,
		step: /with a space before it$/,
		reason: "A role is compared as it is written: with a space before it, it is none (Better Auth 1.7.24 refuses it, too).",
	},
	{
		route: "GET /organization/list-invitations",
		fact: "body.code",
		reference: "<absent>",
		subject: "YOU_ARE_NOT_A_MEMBER_OF_THIS_ORGANIZATION",
		reason: "The refusal has the code that Better Auth has for it.",
	},
	{
		route: "POST /sign-in/email",
		fact: "body.user.emailVerified",
		step: "core: password reset: the new one is good",
		reference: "false",
		subject: "true",
		reason: "Who sets a password by a link in a mail has shown that the address is theirs.",
	},
	{
		route: "POST /sign-in/social",
		fact: /^(status|body\.(code|message))$/,
		step: "social: sign-in: trusts no token of others",
		reason: "Tokens that a client brings along are not taken; Better Auth says the same of providers that cannot check them.",
	},
	{
		route: /^POST \/(admin\/(update-user|set-role)|sign-in\/email)$/,
		fact: /^body\.(user\.)?emailVerified$/,
		step: /^admin: users: /,
		reference: "true",
		subject: "false",
		reason: "An address that an administrator types is not proven by that; they may say that it is verified.",
	},
	{
		route: "GET /error",
		fact: /^(content-type|body)$/,
		reason: "The error is told as plain text: a page that repeats what it is given is one more place for scripts to come in.",
	},
	{
		route: "POST /sign-in/email",
		fact: /^body\.user\.ban(ned|Reason|Expires)$/,
		step: "admin: bans and sessions: which passes",
		reason: "A ban that has expired is lifted before the answer is made; Better Auth answers with the user as they were before.",
	},
	{
		route: "POST /admin/impersonate-user",
		fact: "cookie better-auth.session_data",
		reason: "The cache of the session in a cookie is never made, so it is not taken away here either.",
	},
	{
		route: "POST /admin/stop-impersonating",
		fact: "cookie better-auth.dont_remember",
		reference: "<absent>",
		reason: "The administrator is remembered again if they were before; Better Auth leaves them with a session of the browser.",
	},
	{
		route: "POST /admin/stop-impersonating",
		fact: /^(status|body\.(code|message))$/,
		step: /needs the cookie of the administrator$/,
		reference: /^(500|<absent>|.*)$/,
		reason: "A cookie that is missing is the client's mistake, not the server's.",
	},
	{
		route: "POST /admin/stop-impersonating",
		fact: /^(status|body(\.(code|message))?)$/,
		step: "sweep: bodies: /admin/stop-impersonating of a list",
		reason: "A body that is no object is refused on every route, before anybody asks who sent it.",
	},
];
