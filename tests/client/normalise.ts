/** Takes out of an exchange what differs between any two servers, and keeps all that a client could notice. */

import { routeOf } from "./coverage.ts";
import type { Exchange, SetCookie } from "./jar.ts";

/** One fact about an answer: where it is, and what it says. */
export type Facts = Map<string, unknown>;

const DATE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const ID = /^([A-Za-z0-9]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;
/** Query parameters that are random. */
const RANDOM = ["token", "state", "code_challenge", "nonce", "code"];
/** Members that hold an id whatever it looks like: identifiers of people at other providers are nobody's choice here. */
const SECRETS = ["token"];

/** All facts about an answer. Dots lead into its body, brackets into lists. */
export function facts(exchange: Exchange, server: string): Facts {
	const found: Facts = new Map();
	found.set("request", `${exchange.method} ${routeOf(exchange.path)}`);
	found.set("status", exchange.status);
	found.set("content-type", exchange.contentType);
	found.set("location", exchange.location === null ? null : withoutRandom(exchange.location, server));
	const ids = new Map<string, string>();
	collect(found, "body", exchange.body, (key, text) => {
		if (SECRETS.includes(key)) return "<token>";
		if (DATE.test(text)) return "<date>";
		if (ID.test(text)) {
			if (!ids.has(text)) ids.set(text, `<id ${ids.size + 1}>`);
			return ids.get(text) as string;
		}
		return /^https?:/.test(text) || text.startsWith(server) ? withoutRandom(text, server) : text;
	});
	// The last of several headers for one cookie is what counts.
	const cookies = new Map(exchange.cookies.map((cookie) => [cookie.name, cookie]));
	for (const [name, cookie] of [...cookies].sort(([a], [b]) => (a < b ? -1 : 1))) {
		found.set(`cookie ${name}`, describeCookie(cookie));
	}
	return found;
}

/** Adds one fact for each leaf of `value`. Members in the order of their names, so that ids are numbered alike. */
function collect(found: Facts, path: string, value: unknown, text: (key: string, text: string) => string): void {
	if (Array.isArray(value)) {
		found.set(`${path}.length`, value.length);
		value.forEach((item, index) => collect(found, `${path}[${index}]`, item, text));
	} else if (typeof value === "object" && value !== null) {
		const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
		if (members.length === 0) found.set(path, "{}");
		for (const [key, member] of members) collect(found, `${path}.${key}`, member, text);
	} else {
		const key = path.slice(path.lastIndexOf(".") + 1);
		found.set(path, typeof value === "string" ? text(key, value) : value);
	}
}

/** An address with `<server>` for the server's own, and without what is random in its query. */
function withoutRandom(address: string, server: string): string {
	const [start = "", query] = address
		.replaceAll(encodeURIComponent(server), "<server>")
		.replaceAll(server, "<server>")
		.split("?");
	// An origin without a path and one with an empty path are one address.
	const written = start.replace(/^(https?:\/\/[^/]+)$/, "$1/");
	if (query === undefined) return written;
	const parts = query.split("&").map((part) => {
		const [name = "", value] = part.split("=");
		return RANDOM.includes(name) && value ? `${name}=<random>` : part;
	});
	return `${written}?${parts.sort().join("&")}`;
}

function describeCookie({ value, attributes }: SetCookie): string {
	const plain = decodeURIComponent(value);
	const shape = value === "" ? "empty" : /\.[A-Za-z0-9+/]{43}=$/.test(plain) ? "signed" : "unsigned";
	const listed = Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1));
	return [shape, ...listed.map(([name, text]) => (text === true ? name : `${name}=${text}`))].join("; ");
}
