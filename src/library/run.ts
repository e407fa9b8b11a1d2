import type { Route } from '../rest/route.ts';
import type { RequestParts } from '../rest/variables.ts';
import type { Actor } from './actor.ts';

/** What a method gives a route: what a request would have in its path, its query and its body. */
export type Given = Partial<RequestParts>;

/**
 * Answers a route of REST within this process, by its line in the table (`POST /tenants`), or one that only programs have. `Result` is what
 * the route answers; tests hold the two against each other.
 */
export type Run = <Result>(route: string | Route, given: Given, actor?: Actor) => Promise<Result>;
