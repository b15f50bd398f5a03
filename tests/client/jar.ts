/** A simulated device: a cookie jar around `fetch` that remembers every exchange. */

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

	/** The `fetch` that is given to the client. */
	readonly fetch = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
		const request = new Request(input, { ...init, credentials: "omit" });
		const headers = new Headers(request.headers);
		headers.set("origin", new URL(this.#url).origin);
		const sent = typeof init?.body === "string" ? init.body : undefined;
		return await this.#send(request.url, request.method, headers, sent);
	};

	/** A request that no client makes for us. `path` begins under the server's address. */
	async request(method: string, path: string, { body, headers: extra = {} }: RequestOptions = {}): Promise<Exchange> {
		const headers = new Headers({ origin: new URL(this.#url).origin });
		if (body !== undefined) headers.set("content-type", "application/json");
		for (const [name, value] of Object.entries(extra)) {
			if (value === null) headers.delete(name);
			else headers.set(name, value);
		}
		const sent = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
		let exchange: Exchange | undefined;
		await this.#send(`${this.#url}${path}`, method, headers, sent, (done) => (exchange = done));
		return exchange as Exchange;
	}

	/** Opens a link, as from a mail. */
	async open(url: string): Promise<Exchange> {
		const { origin, pathname, search } = new URL(url);
		if (origin !== new URL(this.#url).origin) throw new Error(`${url} leads away from ${this.#url}`);
		return await this.request("GET", pathname + search, { headers: { origin: null } });
	}

	async #send(
		url: string,
		method: string,
		headers: Headers,
		body: string | undefined,
		done: (exchange: Exchange) => void = () => {},
	): Promise<Response> {
		if (this.cookies.size > 0) {
			headers.set("cookie", [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; "));
		}
		const time = new Date().toISOString();
		const response = await fetch(url, { method, headers, body, redirect: "manual" });
		const cookies = response.headers.getSetCookie().map(parseSetCookie);
		for (const { name, value, attributes } of cookies) {
			if (attributes["max-age"] === "0") this.cookies.delete(name);
			else this.cookies.set(name, value);
		}
		const text = await response.clone().text();
		const exchange: Exchange = {
			time,
			method,
			path: url.slice(new URL(url).origin.length),
			sent: body,
			status: response.status,
			body: parseBody(text),
			contentType: response.headers.get("content-type"),
			location: response.headers.get("location"),
			cookies,
		};
		this.#seen(exchange);
		done(exchange);
		return response;
	}
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
