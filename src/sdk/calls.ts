import type { Client, Document } from '../client/index.ts';
import { named } from './errors.ts';

/** What the SDK asks and changes, with errors in the classes that programs look for. */
export interface Calls {
  query<Data, Variables>(document: Document<Data, Variables>, variables: Variables): Promise<Data>;
  mutate<Data, Variables>(document: Document<Data, Variables>, variables: Variables): Promise<Data>;
}

export function callsOf({ query, mutate }: Pick<Client, 'query' | 'mutate'>): Calls {
  return {
    query: (document, variables) => query(document, variables).catch(rethrow),
    // With a key of its own a change is made once, and so it can be tried again.
    mutate: (document, variables) =>
      mutate(document, variables, { idempotencyKey: crypto.randomUUID() }).catch(rethrow),
  };
}

function rethrow(error: unknown): never {
  throw named(error);
}
