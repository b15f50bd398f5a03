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
];
