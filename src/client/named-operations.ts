import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
import type * as operations from '../operations/generated/graphql.ts';
import type { texts } from '../operations/generated/texts.ts';

type Operations = typeof operations;
type Texts = typeof texts;
type NoVariables = Record<string, never>;

/** A stored operation that asks or changes, as a function. */
export type NamedCall<Data, Variables, Options> = NoVariables extends Variables
  ? (variables?: Variables, options?: Options) => Promise<Data>
  : (variables: Variables, options?: Options) => Promise<Data>;

/** A stored operation that follows, as a function. */
export type NamedSubscription<Data, Variables, Options> = NoVariables extends Variables
  ? (variables?: Variables, options?: Options) => AsyncIterableIterator<Data>
  : (variables: Variables, options?: Options) => AsyncIterableIterator<Data>;

/** The stored operations by their names: `GetTenant` is `getTenant`. */
export type NamedOperations<CallOptions, SubscribeOptions> = {
  readonly [Name in keyof Texts]: Operations[`${Capitalize<Name>}Document`] extends DocumentTypeDecoration<
    infer Data,
    infer Variables
  >
    ? Texts[Name][0] extends 'subscription'
      ? NamedSubscription<Data, Variables, SubscribeOptions>
      : NamedCall<Data, Variables, CallOptions>
    : never;
};
