/** Drives the server of SERVER_URL with the real client, and fails if anything is not as it should be. */

import { writeFile } from "node:fs/promises";
import { coverage } from "./coverage.ts";
import { startProvider } from "./provider.ts";
import { startReference } from "./reference.ts";
import { chosen, newTag, play, report } from "./runner.ts";
import { remoteServer } from "./server.ts";

const issuer = process.env["OIDC_ISSUER"] ?? "http://127.0.0.1:9876";
const provider = await startProvider(issuer);
// Without a server the suite proves itself on the reference.
const server = process.env["SERVER_URL"] ? remoteServer(process.env) : await startReference(issuer);
try {
	const start = Date.now();
	const steps = await play(chosen(process.env["ONLY"]), { server, provider, tag: newTag() });
	const failures = report(steps, server.url);
	const covered = coverage(steps);
	if (process.env["COVERAGE"]) await writeFile(process.env["COVERAGE"], `${JSON.stringify(covered, null, "\t")}\n`);
	const requests = steps.reduce((sum, { exchanges }) => sum + exchanges.length, 0);
	const seconds = ((Date.now() - start) / 1000).toFixed(1);
	console.log(
		`${steps.length} steps, ${failures} failed; ${requests} requests to ${covered.length} routes in ${seconds} s`,
	);
	process.exitCode = failures === 0 ? 0 : 1;
} finally {
	await server.stop();
	await provider.stop();
}
