/** Which routes a run has exercised. */

import type { Exchange } from "./jar.ts";
import type { Step } from "./scenario.ts";

export interface Covered {
	method: string;
	path: string;
	successes: number;
	/** Codes of refusals, or their status where there is no code. */
	errors: string[];
}

export function coverage(steps: Step[]): Covered[] {
	const routes = new Map<string, Covered>();
	for (const exchange of steps.flatMap(({ exchanges }) => exchanges)) {
		const { method } = exchange;
		// What says nothing at all is no route.
		if (exchange.status === 404 && exchange.body === undefined) continue;
		const path = routeOf(exchange.path);
		const route = routes.get(`${path} ${method}`) ?? { method, path, successes: 0, errors: [] };
		routes.set(`${path} ${method}`, route);
		const error = errorOf(exchange);
		if (error === undefined) route.successes++;
		else if (!route.errors.includes(error)) route.errors = [...route.errors, error].sort();
	}
	return [...routes].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, route]) => route);
}

/** The pattern of the route that a path is served by. */
export function routeOf(path: string): string {
	return (path.split("?")[0] ?? "")
		.replace(/^\/api\/auth/, "")
		.replace(/^\/reset-password\/.+/, "/reset-password/:token")
		.replace(/^\/callback\/.+/, "/callback/:id");
}

function errorOf({ status, body, location }: Exchange): string | undefined {
	if (status >= 400) return (body as { code?: string } | undefined)?.code ?? String(status);
	if (status >= 300 && location !== null)
		return new URL(location, "http://localhost").searchParams.get("error") ?? undefined;
	return undefined;
}
