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
];
