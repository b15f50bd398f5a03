/** An OpenID provider with nobody behind it: it vouches for whoever the scenario says. */

import { createHash, randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type CryptoKey, exportJWK, generateKeyPair, SignJWT } from "jose";

export const PROVIDER_ID = "example";
export const CLIENT_ID = "garboard";
export const CLIENT_SECRET = "the secret of a client";

/** Who has signed in at the provider. */
export interface Identity {
	sub: string;
	email?: string;
	email_verified?: boolean;
	name?: string;
	picture?: string;
}

interface Grant {
	identity: Identity;
	challenge: string;
	nonce: string | null;
	redirect: string;
}

export interface Provider {
	readonly issuer: string;
	/** What the browser would be sent back to after `identity` has agreed at the address `url`. */
	agree(url: string, identity: Identity, change?: { nonce?: string }): string;
	stop(): Promise<void>;
}

/** Starts the provider at `issuer`, an address of this machine. */
export async function startProvider(issuer: string): Promise<Provider> {
	const { publicKey, privateKey } = await generateKeyPair("RS256");
	const key = { ...(await exportJWK(publicKey)), kid: "only", alg: "RS256", use: "sig" };
	const codes = new Map<string, Grant>();
	const tokens = new Map<string, Identity>();

	const http = createServer(async (request, response) => {
		const { pathname } = new URL(request.url ?? "/", issuer);
		if (pathname === "/.well-known/openid-configuration") send(response, 200, discovery(issuer));
		else if (pathname === "/jwks") send(response, 200, { keys: [key] });
		else if (pathname === "/token") await exchange(request, response);
		else if (pathname === "/userinfo") userInfo(request, response);
		else send(response, 404, {});
	});

	async function exchange(request: IncomingMessage, response: ServerResponse): Promise<void> {
		const form = new URLSearchParams(await read(request));
		const code = form.get("code") ?? "";
		const grant = codes.get(code);
		codes.delete(code);
		const proof = createHash("sha256")
			.update(form.get("code_verifier") ?? "")
			.digest("base64url");
		if (!isOurClient(request, form)) return send(response, 401, { error: "invalid_client" });
		if (!grant || grant.challenge !== proof || grant.redirect !== form.get("redirect_uri")) {
			return send(response, 400, { error: "invalid_grant" });
		}
		const token = randomUUID();
		tokens.set(token, grant.identity);
		send(response, 200, {
			access_token: token,
			token_type: "Bearer",
			expires_in: 3600,
			refresh_token: randomUUID(),
			scope: "openid email profile",
			id_token: await sign(issuer, privateKey, grant),
		});
	}

	function userInfo(request: IncomingMessage, response: ServerResponse): void {
		const identity = tokens.get(request.headers.authorization?.replace(/^Bearer /, "") ?? "");
		if (identity) send(response, 200, identity);
		else send(response, 401, { error: "invalid_token" });
	}

	const { hostname, port } = new URL(issuer);
	await new Promise<void>((resolve) => http.listen(Number(port), hostname, resolve));
	return {
		issuer,
		agree(url, identity, change = {}) {
			const query = new URL(url).searchParams;
			const redirect = query.get("redirect_uri") ?? "";
			const code = randomUUID();
			const nonce = change.nonce ?? query.get("nonce");
			codes.set(code, { identity, challenge: query.get("code_challenge") ?? "", nonce, redirect });
			const back = new URL(redirect);
			back.searchParams.set("code", code);
			back.searchParams.set("state", query.get("state") ?? "");
			return back.href;
		},
		async stop() {
			http.closeAllConnections();
			await new Promise((resolve) => http.close(resolve));
		},
	};
}

function discovery(issuer: string) {
	return {
		issuer,
		authorization_endpoint: `${issuer}/authorize`,
		token_endpoint: `${issuer}/token`,
		userinfo_endpoint: `${issuer}/userinfo`,
		jwks_uri: `${issuer}/jwks`,
		response_types_supported: ["code"],
		subject_types_supported: ["public"],
		id_token_signing_alg_values_supported: ["RS256"],
		token_endpoint_auth_methods_supported: ["client_secret_basic", "client_secret_post"],
		code_challenge_methods_supported: ["S256"],
		scopes_supported: ["openid", "email", "profile"],
	};
}

function sign(issuer: string, key: CryptoKey, { identity, nonce }: Grant): Promise<string> {
	return new SignJWT({ ...identity, ...(nonce !== null && { nonce }) })
		.setProtectedHeader({ alg: "RS256", kid: "only" })
		.setIssuer(issuer)
		.setAudience(CLIENT_ID)
		.setIssuedAt()
		.setExpirationTime("5m")
		.sign(key);
}

function isOurClient(request: IncomingMessage, form: URLSearchParams): boolean {
	const [scheme, credentials = ""] = (request.headers.authorization ?? "").split(" ");
	if (scheme !== "Basic") return form.get("client_id") === CLIENT_ID && form.get("client_secret") === CLIENT_SECRET;
	const [id, secret] = Buffer.from(credentials, "base64").toString().split(":");
	return id === CLIENT_ID && decodeURIComponent((secret ?? "").replaceAll("+", " ")) === CLIENT_SECRET;
}

async function read(request: IncomingMessage): Promise<string> {
	const chunks: Buffer[] = [];
	for await (const chunk of request) chunks.push(chunk as Buffer);
	return Buffer.concat(chunks).toString();
}

function send(response: ServerResponse, status: number, body: unknown): void {
	response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
