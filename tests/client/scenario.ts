/** What scenarios are made of: devices, and named steps that judge for themselves whether they succeeded. */

import assert from "node:assert/strict";
import { createAuthClient } from "better-auth/client";
import { adminClient, magicLinkClient, organizationClient, usernameClient } from "better-auth/client/plugins";
import { type Exchange, Jar, type RequestOptions } from "./jar.ts";
import type { Provider } from "./provider.ts";
import { type Mail, type MailKind, pendingMails, type Server, takeMail } from "./server.ts";

/** What happened in one step. */
export interface Step {
	scenario: string;
	name: string;
	exchanges: Exchange[];
	/** Why it failed; undefined if it did as it should. */
	failure?: string;
}

/** A script against any server. Its steps are the same on all of them. */
export interface Scenario {
	/** `group: what it is about`; a run can be limited to groups. */
	name: string;
	run(run: Run): Promise<void>;
}

/** Where a scenario runs. */
export interface World {
	server: Server;
	provider: Provider;
	/** Makes addresses and names unlike those of other runs, and is the same for servers that are compared. */
	tag: string;
}

/** What the client answers. */
interface Result<T> {
	data: T;
	error: unknown;
}

/** A step has failed on whose result the rest of its scenario builds. */
class Abandoned extends Error {}

/** An id that nothing has. */
export const NOBODY = "00000000-0000-7000-8000-000000000000";

export const PASSWORD = "correct horse battery";

/** One run of one scenario. */
export class Run {
	readonly steps: Step[] = [];
	readonly server: Server;
	readonly provider: Provider;
	readonly #scenario: string;
	readonly #tag: string;
	#current: Exchange[] = [];

	constructor(scenario: string, { server, provider, tag }: World) {
		this.server = server;
		this.provider = provider;
		this.#scenario = scenario;
		this.#tag = tag;
	}

	/** A name that no other run has used. */
	unique(name: string): string {
		return `${name}-${this.#tag}`;
	}

	email(name: string): string {
		return `${this.unique(name)}@example.com`;
	}

	device(): Device {
		return new Device(this.server, (exchange) => this.#current.push(exchange));
	}

	/** A step whose failure leaves the others standing. */
	async step(name: string, work: () => Promise<unknown>): Promise<void> {
		await this.#perform(name, work);
	}

	/** A step whose result the others need. */
	async need<T>(name: string, work: () => Promise<T>): Promise<T> {
		const result = await this.#perform(name, work);
		if (result === undefined) throw new Abandoned();
		return result.value;
	}

	/** The client's call succeeds, and `check` likes what it gives. */
	async ok<T>(
		name: string,
		call: () => Promise<Result<T>>,
		check: (data: NonNullable<T>) => void = () => {},
	): Promise<NonNullable<T>> {
		return await this.need(name, async () => {
			const { data, error } = await call();
			assert.equal(error, null, `refused: ${JSON.stringify(error)}`);
			assert.ok(data !== null && data !== undefined, "an answer without data");
			check(data);
			return data;
		});
	}

	/** The client's call is refused with this status and code; null for a refusal without a code. */
	async refused(
		name: string,
		status: number,
		code: string | null,
		call: () => Promise<Result<unknown>>,
	): Promise<void> {
		await this.step(name, async () => {
			const { data, error } = await call();
			assert.ok(error, `accepted: ${JSON.stringify(data)}`);
			const refusal = error as { status?: number; code?: string };
			assert.deepEqual([refusal.status, refusal.code ?? null], [status, code]);
		});
	}

	/** Both servers are right though they differ: what each must answer is said here, and why in `deviations.ts`. */
	async differs(
		name: string,
		expected: { reference: Outcome; garboard: Outcome },
		call: () => Promise<Result<unknown>>,
	): Promise<void> {
		const outcome = this.server.isReference ? expected.reference : expected.garboard;
		if (outcome === "ok") {
			await this.step(name, async () => {
				const { error } = await call();
				assert.equal(error, null, `refused: ${JSON.stringify(error)}`);
			});
		} else await this.refused(name, ...outcome, call);
	}

	/** Runs the whole scenario. */
	async play(scenario: Scenario): Promise<Step[]> {
		try {
			await scenario.run(this);
		} catch (error) {
			if (!(error instanceof Abandoned)) {
				this.steps.push({
					scenario: this.#scenario,
					name: "between the steps",
					exchanges: this.#take(),
					failure: describe(error),
				});
			}
		}
		return this.steps;
	}

	async mail(to: string, kind: MailKind): Promise<Mail> {
		return await takeMail(this.server, to, kind);
	}

	async pendingMails(to: string): Promise<MailKind[]> {
		return await pendingMails(this.server, to);
	}

	/** Somebody new, signed in on a device of their own. */
	async person(name: string): Promise<Person> {
		const device = this.device();
		const email = this.email(name);
		const data = await this.ok(`${name} signs up`, () =>
			device.client.signUp.email({ name, email, password: PASSWORD }),
		);
		return { device, client: device.client, email, name, id: data.user.id };
	}

	/** Somebody new whose address is verified. */
	async verified(name: string): Promise<Person> {
		const person = await this.person(name);
		await this.need(`${name} verifies`, async () => {
			const link = await this.mail(person.email, "verify-email");
			const { status } = await person.device.open(link.url);
			assert.equal(status, 302);
		});
		return person;
	}

	/** Somebody new who is an administrator. */
	async admin(name: string): Promise<Person> {
		const person = await this.verified(name);
		await this.need(`${name} becomes an administrator`, async () => {
			await this.server.grantAdmin(person.email);
			const { data } = await person.client.getSession();
			assert.equal(data?.user.role, "admin");
		});
		return person;
	}

	async #perform<T>(name: string, work: () => Promise<T>): Promise<{ value: T } | undefined> {
		// Servers are compared step by step, by name, so that must be the step's own.
		const before = this.steps.filter((step) => step.name.replace(/ \(\d+\)$/, "") === name).length;
		const step: Step = { scenario: this.#scenario, name: before ? `${name} (${before + 1})` : name, exchanges: [] };
		this.#current = step.exchanges;
		this.steps.push(step);
		try {
			return { value: await work() };
		} catch (error) {
			step.failure = describe(error);
			return undefined;
		}
	}

	#take(): Exchange[] {
		const taken = this.#current;
		this.#current = [];
		return taken;
	}
}

export type Outcome = "ok" | readonly [status: number, code: string | null];

export interface Person {
	device: Device;
	client: Client;
	name: string;
	email: string;
	id: string;
}

export type Client = ReturnType<typeof makeClient>;

/** A browser: the real client over a jar of its own. */
export class Device {
	readonly jar: Jar;
	readonly client: Client;

	constructor(server: Server, seen: (exchange: Exchange) => void) {
		this.jar = new Jar(server.url, seen);
		this.client = makeClient(server.url, this.jar);
	}

	/** A request that the client has no method for; `path` is the part after `/api/auth`. */
	async request(method: string, path: string, options: RequestOptions = {}): Promise<Exchange> {
		return await this.jar.request(method, `/api/auth${path}`, options);
	}

	async open(url: string): Promise<Exchange> {
		return await this.jar.open(url);
	}
}

function makeClient(baseURL: string, jar: Jar) {
	return createAuthClient({
		baseURL,
		plugins: [usernameClient(), adminClient(), organizationClient(), magicLinkClient()],
		fetchOptions: { customFetchImpl: jar.fetch },
	});
}

/** The exchange was refused with this status and code. */
export function assertRefused(exchange: Exchange, status: number, code: string | null): void {
	const body = exchange.body as { code?: string } | undefined;
	assert.deepEqual([exchange.status, body?.code ?? null], [status, code], JSON.stringify(exchange.body));
}

/** The exchange leads to `location`; what is random in the query is left out of it. */
export function assertRedirect(exchange: Exchange, location: string): void {
	assert.deepEqual([exchange.status, exchange.location], [302, location]);
}

/** The names of the cookies that an exchange sets, and of those that it takes away with a minus. */
export function cookieNames(exchange: Exchange | undefined): string[] {
	const names = (exchange?.cookies ?? []).map(
		({ name, attributes }) =>
			(attributes["max-age"] === "0" ? "-" : "") + name.replace(/^(__Secure-)?better-auth\./, ""),
	);
	return [...new Set(names)].sort();
}

function describe(error: unknown): string {
	return error instanceof Error ? error.message : String(error);
}
