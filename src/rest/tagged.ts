import { type DocumentNode, Kind } from 'graphql';
import type { Route } from './route.ts';

/** Fragments that are selected for the `ETag` header and never reach a body. */
export const tagFragments = ['ReadTag', 'WriteTag'];

/** Whether the route's answer carries an entity tag. */
export function isTagged({ document }: Route): boolean {
  return tagFragments.some((name) => hasFragment(document, name));
}

/** Whether a later read can name the tag to learn that nothing changed. */
export function isTaggedRead({ method, document }: Route): boolean {
  return method === 'GET' && hasFragment(document, 'ReadTag');
}

function hasFragment({ definitions }: DocumentNode, name: string): boolean {
  return definitions.some((one) => one.kind === Kind.FRAGMENT_DEFINITION && one.name.value === name);
}
