import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
import type { DocumentNode } from 'graphql';
import type * as operations from '../operations/generated/graphql.ts';

type Operations = typeof operations;
type NoVariables = Record<string, never>;

/** A stored operation that asks or changes, as a function. */
export type NamedCall<Data, Variables, Options> = NoVariables extends Variables
  ? (variables?: Variables, options?: Options) => Promise<Data>
  : (variables: Variables, options?: Options) => Promise<Data>;

/** A stored operation that follows, as a function. */
export type NamedSubscription<Data, Variables, Options> = NoVariables extends Variables
  ? (variables?: Variables, options?: Options) => AsyncIterableIterator<Data>
  : (variables: Variables, options?: Options) => AsyncIterableIterator<Data>;

/** The stored operations by their names: `GetTenant` is `getTenant`. Subscriptions are those that begin with `Follow`. */
export type NamedOperations<CallOptions, SubscribeOptions> = {
  readonly [Name in keyof Operations as Name extends `${infer Operation}Document`
    ? Uncapitalize<Operation>
    : never]: Operations[Name] extends DocumentTypeDecoration<infer Data, infer Variables>
    ? Name extends `Follow${string}`
      ? NamedSubscription<Data, Variables, SubscribeOptions>
      : NamedCall<Data, Variables, CallOptions>
    : never;
};

/** The documents among what was generated, by the names of their functions. */
export function namedDocuments(generated: Readonly<Record<string, unknown>>): [name: string, document: DocumentNode][] {
  return Object.entries(generated)
    .filter(([name]) => name.endsWith('Document'))
    .map(([name, document]) => [
      name.charAt(0).toLowerCase() + name.slice(1, -'Document'.length),
      document as DocumentNode, // that is what is generated under such a name
    ]);
}
