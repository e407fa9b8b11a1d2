import { initContextCache } from '@pothos/core';
import type { Call } from '../domain/call.ts';
import { Loaders } from './loaders.ts';

/** What resolvers see: who asks, and what has been loaded for this request. */
export interface Context {
  readonly call: Call;
  readonly loaders: Loaders;
}

export function createContext(call: Call): Context {
  return { ...initContextCache(), call, loaders: new Loaders(call) };
}

/** Forgets what was loaded: after a change, or for another event, the world is a different one, and so may the caller be. */
export function renew(context: Context, call = context.call): Context {
  return Object.assign(context, initContextCache(), { call, loaders: new Loaders(call) });
}

/** A context like another, for another reading of the same question. */
export function again({ call }: Context): Context {
  return createContext({ ...call, view: { torn: false } });
}

/** Makes the resolver of a mutation: what was loaded before the change is forgotten. */
export function changing<Args, Result>(
  change: (call: Call, args: Args) => Promise<Result>,
): (root: unknown, args: Args, context: Context) => Promise<Result> {
  return (_root, args, context) => change(renew(context).call, args);
}
