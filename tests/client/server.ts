/** The servers under test, seen the same way: Garboard and the reference. */

import { exec } from "node:child_process";
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

export interface Server {
	/** Without a slash at its end. */
	readonly url: string;
	/** The folder in which each message is one JSON file. */
	readonly outbox: string;
	/** Whether this is Better Auth itself. */
	readonly isReference: boolean;
	/** Makes a user an administrator, behind the protocol. */
	grantAdmin(email: string): Promise<void>;
	/** Makes the sessions of a user two days older, behind the protocol; undefined where that cannot be done. */
	ageSessions?: (email: string) => Promise<void>;
	stop(): Promise<void>;
}

export type MailKind =
	| "verify-email"
	| "reset-password"
	| "change-email"
	| "verify-new-email"
	| "delete-account"
	| "magic-link"
	| "invitation"
	| "existing-account";

export interface Mail {
	to: string;
	subject: string;
	text: string;
	html: string;
	kind: MailKind;
	url: string;
}

/** The pages whose addresses may be redirected to, and from whose origin requests may come, beside the server's own. */
export const TRUSTED_ORIGINS = ["http://app.example.com", "https://one.apps.example.com"];

/** The server of SERVER_URL, driven from outside. */
export function remoteServer(env: NodeJS.ProcessEnv): Server {
	const url = setting(env, "SERVER_URL").replace(/\/$/, "");
	const command = setting(env, "GRANT_ADMIN");
	const behind = env["BEHIND"];
	return {
		url,
		outbox: setting(env, "OUTBOX"),
		isReference: false,
		async grantAdmin(email) {
			await promisify(exec)(`${command} '${email}'`);
		},
		...(behind && { ageSessions: (email: string) => ask(join(behind, `age-sessions ${email}`)) }),
		async stop() {},
	};
}

/** A wish to whoever started us, who grants it by removing the folder. */
async function ask(wish: string): Promise<void> {
	await mkdir(wish, { recursive: true });
	await until(`${wish} is granted`, async () => ((await exists(wish)) ? undefined : true));
}

async function exists(path: string): Promise<boolean> {
	return await readdir(path).then(
		() => true,
		() => false,
	);
}

function setting(env: NodeJS.ProcessEnv, name: string): string {
	const value = env[name];
	if (!value) throw new Error(`${name} is not set: see README.md`);
	return value;
}

/** Waits for the newest message of this kind to this address, and takes it out of the outbox. */
export async function takeMail(server: Server, to: string, kind: MailKind): Promise<Mail> {
	return await until(`a mail ${kind} to ${to}`, async () => {
		for (const path of (await messages(server)).reverse()) {
			const mail = await readMail(path);
			if (mail?.to.toLowerCase() === to.toLowerCase() && mail.kind === kind) {
				await rm(path);
				return mail;
			}
		}
		return undefined;
	});
}

/** What is in the outbox for this address, by kind. */
export async function pendingMails(server: Server, to: string): Promise<MailKind[]> {
	const mails = await Promise.all((await messages(server)).map(readMail));
	return mails.filter((mail) => mail?.to === to).map((mail) => (mail as Mail).kind);
}

/** The files of the outbox, oldest first. Those that are being written begin with a dot. */
async function messages({ outbox }: Server): Promise<string[]> {
	const names = await readdir(outbox).catch((): string[] => []);
	return names
		.filter((name) => /^[^.].*\.json$/.test(name))
		.sort()
		.map((name) => join(outbox, name));
}

/** Undefined if it has gone. */
async function readMail(path: string): Promise<Mail | undefined> {
	try {
		return JSON.parse(await readFile(path, "utf8")) as Mail;
	} catch {
		return undefined;
	}
}

async function until<T>(what: string, attempt: () => Promise<T | undefined>): Promise<T> {
	const end = Date.now() + 10_000;
	for (;;) {
		const found = await attempt();
		if (found !== undefined) return found;
		if (Date.now() > end) throw new Error(`${what}: not within 10 seconds`);
		await sleep(25);
	}
}
