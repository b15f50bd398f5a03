/** Signing in by the button of a provider. */

import assert from "node:assert/strict";
import type { Exchange } from "./jar.ts";
import { type Identity, PROVIDER_ID } from "./provider.ts";
import type { Device, Run } from "./scenario.ts";

/** Where one goes on afterwards. */
export const PAGES = { callbackURL: "/home", newUserCallbackURL: "/welcome", errorCallbackURL: "/sorry" };

/** From the button to the page after it, with the provider vouching for `identity` in between. */
export async function signIn(
	run: Run,
	device: Device,
	identity: Identity,
	change?: { nonce?: string },
): Promise<Exchange> {
	const { data, error } = await device.client.signIn.social({ provider: PROVIDER_ID, ...PAGES });
	assert.equal(error, null);
	return await device.open(run.provider.agree(data?.url ?? "", identity, change));
}

/** Where a redirect leads: its path, and the error that it carries. */
export function target(run: Run, { status, location }: Exchange): [path: string, error: string | null] {
	assert.equal(status, 302);
	const url = new URL(location ?? "", run.server.url);
	return [url.pathname, url.searchParams.get("error")];
}
