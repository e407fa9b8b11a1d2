import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
import { type DocumentNode, Kind, type OperationTypeNode, print } from 'graphql';

/**
 * One GraphQL operation, typed by its data and variables, as the client preset of GraphQL Code Generator makes it: an object (`TypedDocumentNode`) or a
 * text (`TypedDocumentString`). A plain text works too, without types.
 */
export type Document<Data, Variables> = DocumentTypeDecoration<Data, Variables> | string;

const texts = new WeakMap<object, string>();

/** The text to send. Documents are few and sent often: each is printed once. */
export function textOf(document: object | string): string {
  if (!isNode(document)) {
    return String(document);
  }
  const text = texts.get(document) ?? print(document);
  texts.set(document, text);
  return text;
}

/** Whether it asks, changes or follows. */
export function kindOf(document: DocumentNode): OperationTypeNode | undefined {
  return document.definitions.find((definition) => definition.kind === Kind.OPERATION_DEFINITION)?.operation;
}

/** The variable by which a subscription is told where to go on: the one that its argument `after` is given. */
export function cursorVariableOf(text: string): string | undefined {
  return /\bafter\s*:\s*\$(\w+)/.exec(text)?.[1];
}

function isNode(document: object | string): document is DocumentNode {
  return typeof document === 'object' && 'kind' in document;
}
