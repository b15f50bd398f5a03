/** Better Auth itself, set up as Garboard is, in this process and in memory. */

import { createHash } from "node:crypto";
import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BetterAuthOptions, betterAuth } from "better-auth";
import { memoryAdapter } from "better-auth/adapters/memory";
import { toNodeHandler } from "better-auth/node";
import { adminAc, userAc } from "better-auth/plugins/admin/access";
import { admin, genericOAuth, magicLink, organization, username } from "better-auth/plugins";
import { CLIENT_ID, CLIENT_SECRET, PROVIDER_ID } from "./provider.ts";
import { type MailKind, type Server, TRUSTED_ORIGINS } from "./server.ts";

const TABLES = ["user", "session", "account", "verification", "organization", "member", "invitation"] as const;

/** The columns that a database answers with null where nothing was written. */
const NULLABLE: Record<string, string[]> = {
	user: ["image", "username", "displayUsername", "banReason", "banExpires", "locale"],
	session: ["impersonatedBy", "activeOrganizationId"],
	organization: ["logo", "metadata"],
};

type Row = Record<string, unknown>;
type Database = Record<(typeof TABLES)[number], Row[]>;
type Adapter = ReturnType<ReturnType<typeof memoryAdapter>>;

/** Starts the reference. `issuer` is the OpenID provider that people may sign in with. */
export async function startReference(issuer: string): Promise<Server> {
	const outbox = await mkdtemp(join(tmpdir(), "outbox-"));
	let handler: RequestListener = (_, response) => void response.writeHead(503).end();
	const http = createServer((request, response) => void handler(request, response));
	await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
	const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;

	const db = Object.fromEntries(TABLES.map((table) => [table, []])) as unknown as Database;
	const auth = betterAuth(options(url, issuer, db, outbox, false));
	const confirming = betterAuth(options(url, issuer, db, outbox, true));
	const [plain, withMail] = [toNodeHandler(auth), toNodeHandler(confirming)];
	handler = async (request, response) => {
		// Garboard asks by mail before it deletes an account only where the session proves too little; Better Auth
		// asks always or never.
		const deletes = request.url === "/api/auth/delete-user" && request.headers.cookie !== undefined;
		const session =
			deletes && (await auth.api.getSession({ headers: new Headers({ cookie: request.headers.cookie ?? "" }) }));
		const stale = session && Date.now() - session.session.createdAt.getTime() > 24 * 3600 * 1000;
		// It knows its callers by this header alone.
		request.headers["x-forwarded-for"] = request.socket.remoteAddress;
		await (stale ? withMail : plain)(request, response);
	};

	const userOf = (email: string): Row => {
		const user = db.user.find((row) => row["email"] === email);
		if (!user) throw new Error(`there is no user ${email}`);
		return user;
	};
	return {
		url,
		outbox,
		isReference: true,
		async grantAdmin(email) {
			userOf(email)["role"] = "admin";
		},
		async ageSessions(email) {
			const { id } = userOf(email);
			for (const session of db.session.filter((row) => row["userId"] === id)) {
				session["createdAt"] = new Date((session["createdAt"] as Date).getTime() - 2 * 24 * 3600 * 1000);
			}
		},
		async stop() {
			http.closeAllConnections();
			await new Promise((resolve) => http.close(resolve));
			await rm(outbox, { recursive: true });
		},
	};
}

function options(url: string, issuer: string, db: Database, outbox: string, confirmDeletion: boolean) {
	const mail = (kind: MailKind, to: string, link: string) => writeMail(outbox, kind, to, link);
	return {
		baseURL: url,
		basePath: "/api/auth",
		secret: "a secret of the reference, forty characters",
		trustedOrigins: TRUSTED_ORIGINS,
		database: (settings: BetterAuthOptions) => withNulls(memoryAdapter(db)(settings)),
		logger: { disabled: true },
		telemetry: { enabled: false },
		rateLimit: { enabled: false },
		// Explicit, because a test environment would switch them off.
		advanced: { disableOriginCheck: false, disableCSRFCheck: false },
		emailAndPassword: {
			enabled: true,
			autoSignIn: true,
			// What is stored is not compared, and scrypt would cost most of the time of a run.
			password: {
				hash: async (password) => digest(password),
				verify: async ({ hash, password }) => hash === digest(password),
			},
			sendResetPassword: async ({ user, url }) => await mail("reset-password", user.email, url),
			revokeSessionsOnPasswordReset: true,
		},
		emailVerification: {
			sendOnSignUp: true,
			autoSignInAfterVerification: true,
			sendVerificationEmail: async ({ user, url, token }) =>
				await mail(changesEmail(token) ? "verify-new-email" : "verify-email", user.email, url),
		},
		user: {
			additionalFields: {
				// As the plugin declares it.
				twoFactorEnabled: { type: "boolean", defaultValue: false, required: false, input: false },
				locale: { type: "string", required: false },
				onboardingComplete: { type: "boolean", defaultValue: false, required: false },
			},
			changeEmail: {
				enabled: true,
				sendChangeEmailConfirmation: async ({ user, url }) => await mail("change-email", user.email, url),
			},
			deleteUser: {
				enabled: true,
				...(confirmDeletion && {
					sendDeleteAccountVerification: async ({ user, url }: { user: { email: string }; url: string }) =>
						await mail("delete-account", user.email, url),
				}),
			},
		},
		plugins: [
			username(),
			admin({ roles: { admin: adminAc, user: userAc } }),
			organization({
				requireEmailVerificationOnInvitation: true,
				sendInvitationEmail: async ({ email, id }) => await mail("invitation", email, `${url}/accept-invitation/${id}`),
			}),
			magicLink({ sendMagicLink: async ({ email, url }) => await mail("magic-link", email, url) }),
			genericOAuth({
				config: [
					{
						providerId: PROVIDER_ID,
						discoveryUrl: `${issuer}/.well-known/openid-configuration`,
						clientId: CLIENT_ID,
						clientSecret: CLIENT_SECRET,
						scopes: ["openid", "email", "profile"],
					},
				],
			}),
		],
	} satisfies BetterAuthOptions;
}

/** The adapter, storing null for what was left out, as a database with columns does. */
function withNulls<T extends Pick<Adapter, "create">>(inner: T): T {
	const create: Adapter["create"] = ({ data, ...rest }) => {
		const absent = (NULLABLE[rest.model] ?? []).map((column) => [column, null]);
		const present = Object.entries(data).filter(([, value]) => value !== undefined);
		return inner.create({ ...rest, data: Object.fromEntries([...absent, ...present]) as typeof data });
	};
	if (!("transaction" in inner)) return { ...inner, create };
	const { transaction } = inner as unknown as Adapter;
	return {
		...inner,
		create,
		transaction: (work: Parameters<typeof transaction>[0]) => transaction((inside) => work(withNulls(inside))),
	};
}

let sent = 0;

async function writeMail(outbox: string, kind: MailKind, to: string, url: string): Promise<void> {
	const name = `${String(sent++).padStart(6, "0")}.json`;
	await writeFile(join(outbox, `.${name}`), JSON.stringify({ to, subject: kind, text: url, html: url, kind, url }));
	await rename(join(outbox, `.${name}`), join(outbox, name));
}

/** Whether the token of a link leads to another address than the one that it was made for. */
function changesEmail(token: string): boolean {
	const payload = token.split(".")[1] ?? "";
	return "updateTo" in (JSON.parse(Buffer.from(payload, "base64url").toString()) as object);
}

function digest(password: string): string {
	return createHash("sha256").update(password).digest("hex");
}
