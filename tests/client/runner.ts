/** Runs scenarios and says what failed. */

import { randomBytes } from "node:crypto";
import type { Exchange } from "./jar.ts";
import type { Provider } from "./provider.ts";
import { Run, type Scenario, type Step } from "./scenario.ts";
import { SCENARIOS } from "./scenarios/index.ts";
import type { Server } from "./server.ts";

/** The scenarios that `ONLY=core,admin` leaves; all of them without it. */
export function chosen(only: string | undefined): Scenario[] {
	if (!only) return SCENARIOS;
	const groups = only.split(",");
	return SCENARIOS.filter(({ name }) => groups.some((group) => name === group || name.startsWith(`${group}:`)));
}

/** Part of every address and name of one run. */
export function newTag(): string {
	return randomBytes(4).toString("hex");
}

export async function play(
	scenarios: Scenario[],
	world: { server: Server; provider: Provider; tag: string },
): Promise<Step[]> {
	const steps: Step[] = [];
	for (const scenario of scenarios) steps.push(...(await new Run(scenario.name, world).play(scenario)));
	return steps;
}

/** Prints each failed step with its exchanges, and gives their number. */
export function report(steps: Step[], who: string): number {
	const failed = steps.filter(({ failure }) => failure !== undefined);
	for (const { scenario, name, failure, exchanges } of failed) {
		console.log(`FAILED ${scenario}: ${name} (${who}): ${failure?.replaceAll("\n", " ")}`);
		for (const exchange of exchanges) console.log(`    ${show(exchange)}`);
	}
	return failed.length;
}

export function show({ time, method, path, sent, status, body, location, cookies }: Exchange): string {
	const shown = JSON.stringify(body) ?? "";
	const set = cookies.map(({ name, value, attributes }) => `${name}=${value && "…"} ${JSON.stringify(attributes)}`);
	return [
		`${time} ${method} ${path}`,
		sent && `sent ${sent}`,
		`got ${status} ${shown.length > 600 ? `${shown.slice(0, 600)}…` : shown}`,
		location !== null && `location ${location}`,
		set.length > 0 && `set-cookie ${set.join("; ")}`,
	]
		.filter(Boolean)
		.join(" | ");
}
