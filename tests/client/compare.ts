/** Lays two runs of the same scenarios beside each other. */

import type { Deviation } from "./deviations.ts";
import type { Exchange } from "./jar.ts";
import { facts } from "./normalise.ts";
import type { Step } from "./scenario.ts";

export interface Difference {
	scenario: string;
	step: string;
	/** `METHOD /path`, the path without `/api/auth`. */
	route: string;
	/** Which fact: `status`, `location`, `cookie NAME`, `body.user.name` … */
	fact: string;
	reference: unknown;
	subject: unknown;
	exchanges: [reference: Exchange | undefined, subject: Exchange | undefined];
}

/** All differences between the runs, step by step. Steps that only one run has are differences themselves. */
export function compare(reference: Run, subject: Run): Difference[] {
	const others = new Map(subject.steps.map((step) => [`${step.scenario}: ${step.name}`, step]));
	const names = [...new Set([...reference.steps, ...subject.steps].map((step) => `${step.scenario}: ${step.name}`))];
	const ours = new Map(reference.steps.map((step) => [`${step.scenario}: ${step.name}`, step]));
	return names.flatMap((name) => compareStep(ours.get(name), others.get(name), reference.url, subject.url));
}

export interface Run {
	url: string;
	steps: Step[];
}

function compareStep(ours: Step | undefined, theirs: Step | undefined, ourUrl: string, theirUrl: string): Difference[] {
	const { scenario, name } = (ours ?? theirs) as Step;
	const length = Math.max(ours?.exchanges.length ?? 0, theirs?.exchanges.length ?? 0);
	return Array.from({ length }, (_, index) => index).flatMap((index) => {
		const [mine, other] = [ours?.exchanges[index], theirs?.exchanges[index]];
		const [expected, found] = [mine && facts(mine, ourUrl), other && facts(other, theirUrl)];
		const route = String((expected ?? found)?.get("request"));
		const difference = (fact: string, reference: unknown, subject: unknown): Difference => ({
			scenario,
			step: name,
			route,
			fact,
			reference,
			subject,
			exchanges: [mine, other],
		});
		if (!expected || !found) return [difference("exchange", expected && "made", found && "made")];
		// After these the rest of the answer says nothing new.
		for (const fact of ["request", "status"]) {
			if (expected.get(fact) !== found.get(fact)) return [difference(fact, expected.get(fact), found.get(fact))];
		}
		return [...new Set([...expected.keys(), ...found.keys()])]
			.filter((fact) => expected.get(fact) !== found.get(fact))
			.map((fact) => difference(fact, value(expected, fact), value(found, fact)));
	});
}

/** Tells what is absent from what is null. */
function value(from: Map<string, unknown>, fact: string): unknown {
	return from.has(fact) ? from.get(fact) : "<absent>";
}

/** Splits differences into those that are listed and those that are not, and finds the listed that did not occur. */
export function judge(differences: Difference[], deviations: Deviation[]) {
	const used = new Set<Deviation>();
	const unexpected = differences.filter((difference) => {
		const deviation = deviations.find((candidate) => covers(candidate, difference));
		if (deviation) used.add(deviation);
		return !deviation;
	});
	return { unexpected, unused: deviations.filter((deviation) => !used.has(deviation)) };
}

function covers({ route, fact, step, reference, subject }: Deviation, difference: Difference): boolean {
	return (
		matches(route, difference.route) &&
		matches(fact, difference.fact) &&
		(step === undefined || matches(step, `${difference.scenario}: ${difference.step}`)) &&
		(reference === undefined || matches(reference, String(difference.reference))) &&
		(subject === undefined || matches(subject, String(difference.subject)))
	);
}

function matches(pattern: string | RegExp, text: string): boolean {
	return typeof pattern === "string" ? pattern === text : pattern.test(text);
}
