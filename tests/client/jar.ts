/** A simulated device: a cookie jar around `fetch` that remembers every exchange. */

import { request } from "node:http";

/** One `Set-Cookie` header. */
export interface SetCookie {
	name: string;
	/** As sent, still percent-encoded. */
	value: string;
	/** Attributes by name in lower case; those without a value are `true`. */
	attributes: Record<string, string | true>;
}

/** A request and what the server answered. */
export interface Exchange {
	time: string;
	method: string;
	/** Path and query, without the server's address. */
	path: string;
	sent: string | undefined;
	status: number;
	/** Parsed JSON, the text of anything else, or undefined for an empty body. */
	body: unknown;
	contentType: string | null;
	location: string | null;
	cookies: SetCookie[];
}

export interface RequestOptions {
	/** Sent as JSON unless it is a string. */
	body?: unknown;
	/** Added to the usual headers; null removes one of them. */
	headers?: Record<string, string | null>;
}

/** Keeps the cookies of one device and sends them back, as a browser on the page `origin` would. */
export class Jar {
	readonly cookies = new Map<string, string>();
	readonly #url: string;
	readonly #seen: (exchange: Exchange) => void;

	constructor(url: string, seen: (exchange: Exchange) => void) {
		this.#url = url;
		this.#seen = seen;
	}

	/** The `fetch` that is given to the client: a browser's, as far as a server can tell. */
	readonly fetch = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
		const request = new Request(input, { ...init, credentials: "omit" });
		const headers = { ...Object.fromEntries(request.headers), "sec-fetch-mode": "cors", ...this.#usual() };
		const body = typeof init?.body === "string" ? init.body : undefined;
		const { status, text, raw } = await this.#send(request.url, request.method, headers, body);
		return new Response(text === "" ? null : text, { status, headers: raw });
	};

	/** A request that no client makes for us. `path` begins under the server's address and is sent as it stands. */
	async request(method: string, path: string, { body, headers: extra = {} }: RequestOptions = {}): Promise<Exchange> {
		const type = body === undefined ? {} : { "content-type": "application/json" };
		const headers = Object.entries({ ...type, ...this.#usual(), ...extra }).filter(([, value]) => value !== null);
		const text = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
		const { exchange } = await this.#send(
			`${this.#url}${path}`,
			method,
			Object.fromEntries(headers) as Record<string, string>,
			text,
		);
		return exchange;
	}

	/** Opens a link, as from a mail. */
	async open(url: string): Promise<Exchange> {
		const { origin, pathname, search } = new URL(url);
		if (origin !== new URL(this.#url).origin) throw new Error(`${url} leads away from ${this.#url}`);
		return await this.request("GET", pathname + search, { headers: { origin: null } });
	}

	#usual(): Record<string, string> {
		const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
		return { origin: new URL(this.#url).origin, "user-agent": "node", ...(cookie && { cookie }) };
	}

	async #send(url: string, method: string, headers: Record<string, string>, body: string | undefined) {
		const time = new Date().toISOString();
		const { status, text, raw } = await send(url, method, headers, body);
		const cookies = raw.getSetCookie().map(parseSetCookie);
		for (const { name, value, attributes } of cookies) {
			if (attributes["max-age"] === "0") this.cookies.delete(name);
			else this.cookies.set(name, value);
		}
		const exchange: Exchange = {
			time,
			method,
			path: url.slice(new URL(url).origin.length),
			sent: body,
			status,
			body: parseBody(text),
			contentType: raw.get("content-type"),
			location: raw.get("location"),
			cookies,
		};
		this.#seen(exchange);
		return { exchange, status, text, raw };
	}
}

/** Sends exactly these headers, which `fetch` would not, and follows no redirect. */
async function send(url: string, method: string, headers: Record<string, string>, body: string | undefined) {
	const { origin } = new URL(url);
	return await new Promise<{ status: number; text: string; raw: Headers }>((resolve, reject) => {
		const length = body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) };
		const path = url.slice(origin.length);
		const outgoing = request(origin, { path, method, headers: { ...headers, ...length } }, async (answer) => {
			const chunks: Buffer[] = [];
			for await (const chunk of answer) chunks.push(chunk as Buffer);
			const raw = new Headers();
			for (let at = 0; at + 1 < answer.rawHeaders.length; at += 2) {
				raw.append(answer.rawHeaders[at] as string, answer.rawHeaders[at + 1] as string);
			}
			resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(chunks).toString(), raw });
		});
		outgoing.on("error", reject).end(body);
	});
}

function parseSetCookie(header: string): SetCookie {
	const [pair = "", ...rest] = header.split(";").map((part) => part.trim());
	const [name, value] = split(pair);
	const attributes = rest.map(split).map(([key, text]) => [key.toLowerCase(), text ?? true] as const);
	return { name, value: value ?? "", attributes: Object.fromEntries(attributes) };
}

/** The parts before and after the first `=`. */
function split(pair: string): [string, string | undefined] {
	const at = pair.indexOf("=");
	return at < 0 ? [pair, undefined] : [pair.slice(0, at), pair.slice(at + 1)];
}

function parseBody(text: string): unknown {
	if (text === "") return undefined;
	try {
		return JSON.parse(text);
	} catch {
		return text;
	}
}
