/** Runs the same scenarios on Better Auth and on the server of SERVER_URL, and fails where their answers differ. */

import { compare, type Difference, judge } from "./compare.ts";
import { DEVIATIONS } from "./deviations.ts";
import { startProvider } from "./provider.ts";
import { startReference } from "./reference.ts";
import { chosen, newTag, play, report, show } from "./runner.ts";
import { remoteServer } from "./server.ts";

const issuer = process.env["OIDC_ISSUER"] ?? "http://127.0.0.1:9876";
const provider = await startProvider(issuer);
const reference = await startReference(issuer);
// Without a server the reference is compared with itself: that must be clean, or the comparison is worth nothing.
const itself = !process.env["SERVER_URL"];
const subject = itself ? await startReference(issuer) : remoteServer(process.env);
try {
	const start = Date.now();
	const tag = newTag();
	const scenarios = chosen(process.env["ONLY"]);
	const expected = await play(scenarios, { server: reference, provider, tag });
	const found = await play(scenarios, { server: subject, provider, tag });
	const failures = report(expected, "Better Auth") + report(found, "the server");

	const differences = compare({ url: reference.url, steps: expected }, { url: subject.url, steps: found });
	const { unexpected, unused } = judge(differences, itself ? [] : DEVIATIONS);
	unexpected.forEach(print);
	// A part of the scenarios shows a part of the deviations.
	const stale = itself || process.env["ONLY"] ? [] : unused;
	for (const { route, fact, reason } of stale) console.log(`NO LONGER A DEVIATION ${route} ${fact}: ${reason}`);

	const answers = expected.reduce((sum, { exchanges }) => sum + exchanges.length, 0);
	const seconds = ((Date.now() - start) / 1000).toFixed(1);
	console.log(
		`${answers} answers compared, ${differences.length} differences, ${unexpected.length} of them not listed; ` +
			`${stale.length} deviations that no longer occur; ${failures} steps failed; ${seconds} s`,
	);
	process.exitCode = unexpected.length + stale.length + failures === 0 ? 0 : 1;
} finally {
	await subject.stop();
	await reference.stop();
	await provider.stop();
}

function print({ scenario, step, route, fact, reference, subject, exchanges }: Difference): void {
	console.log(
		`DIFFERS ${scenario}: ${step}: ${route} ${fact}: Better Auth ${brief(reference)}, the server ${brief(subject)}`,
	);
	if (fact !== "status" && fact !== "request") return;
	for (const exchange of exchanges) if (exchange) console.log(`    ${show(exchange)}`);
}

/** A page of HTML tells nobody what differs. */
function brief(fact: unknown): string {
	const text = JSON.stringify(fact) ?? "undefined";
	return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}
