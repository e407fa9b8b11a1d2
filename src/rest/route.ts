import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import type { DocumentNode } from 'graphql';
import type { ErrorBody } from '../domain/errors.ts';
import type { JsonSchema } from './json-schema.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** One line of the API: where it stands, which stored operation it runs, and what it answers. */
export interface Route {
  readonly method: Method;
  /** Path under `/api/v1`, with `:name` for parameters. */
  readonly path: string;
  /** The status of success; 200 unless told. */
  readonly status: number;
  readonly document: DocumentNode;
  /** Path parameters that fill another variable than the one of their name, or a field of one: `input.key`. */
  readonly bind: Readonly<Record<string, string>>;
  /** What becomes the body: the value at a path of the data, a shape made of it, or nothing. */
  readonly body: string | Shape | null;
  /** The connection whose nodes are the body, for routes that answer a bare array; or its last field, where there is `around`. */
  readonly list: string | null;
  /** What stands around the list in the body. */
  readonly around: Around | null;
  /** The short list that is the body and is paged here, since it is bounded by a tree's depth. */
  readonly sliced: boolean;
  /** Where a created thing stands from now on, filled from the body; for 201. */
  readonly location: string | null;
  /** How a refused batch answers. */
  readonly refusal: Refusal | null;
  /** Documentation only: the rule itself lives in the schema. */
  readonly scope: 'read' | 'write' | 'admin';
  readonly tag: string;
  readonly summary: string;
  /** The name generated clients give the route, where it isn't the one of its stored operation. */
  readonly operationId: string | null;
}

/** A body that is more than one value of the data: how to make it, and its schema made of the schemas of the same values. */
export interface Shape {
  readonly of: (data: never) => unknown;
  readonly schema: (at: (path: string) => JsonSchema) => JsonSchema;
}

/** An object whose last field is a list of any length. */
export interface Around extends Shape {
  /** The name of the list. */
  readonly field: string;
}

/** The body of a batch that was refused as a whole; `of` gives null when the refusal is about the request and not about its items. */
export interface Refusal {
  readonly of: (error: ErrorBody, request: unknown) => unknown;
  readonly schema: JsonSchema;
}

/** The dotted paths through the objects of a result. */
type Path<T> = T extends readonly unknown[]
  ? never
  : T extends object
    ? { [Key in keyof T & string]: Key | `${Key}.${Path<NonNullable<T[Key]>>}` }[keyof T & string]
    : never;

interface RouteRow<Data, Variables> extends Partial<Omit<Route, 'document' | 'body' | 'list' | 'around'>> {
  readonly method: Method;
  readonly path: string;
  readonly scope: Route['scope'];
  readonly tag: string;
  readonly summary: string;
  readonly document: TypedDocumentNode<Data, Variables>;
  readonly bind?: Readonly<Record<string, (keyof Variables & string) | `input.${string}`>>;
  readonly body?: Path<Data> | ShapeOf<Data>;
  readonly list?: Path<Data>;
  readonly around?: ShapeOf<Data> & Pick<Around, 'field'>;
}

/** Data whose root fields are there: where one is missing, the schema has reported why, and nothing is shaped. */
export type Present<Data> = { readonly [Field in keyof Data]: NonNullable<Data[Field]> };

interface ShapeOf<Data> {
  readonly of: (data: Present<Data>) => unknown;
  readonly schema: (at: (path: Path<Data>) => JsonSchema) => JsonSchema;
}

/** Checks one row against the types of its operation, then forgets them so that rows fit in one table. */
export function route<Data, Variables>(row: RouteRow<Data, Variables>): Route {
  const defaults = {
    status: 200,
    bind: {},
    body: null,
    list: null,
    around: null,
    sliced: false,
    location: null,
    refusal: null,
    operationId: null,
  };
  // The types of data and variables were checked by the parameter; a table holds rows of different operations.
  return { ...defaults, ...row } as Route;
}
