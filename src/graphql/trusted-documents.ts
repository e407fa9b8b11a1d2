import { usePersistedOperations } from '@graphql-yoga/plugin-persisted-operations';
import { type DocumentNode, type GraphQLSchema, validate } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { z } from 'zod';
import { StratumError } from '../domain/errors.ts';
import { parseWithinLimits } from './limits.ts';

/** Documents by id: the only ones that are executed. */
export type TrustedDocuments = ReadonlyMap<string, string>;

const documentsById = z.record(z.string().min(1), z.string());

/**
 * The documents of a JSON file, as generators of clients write it: an object of texts by id. Throws when it is something else, or holds a
 * document that the schema can't execute: better than a server that starts and refuses what its own clients send.
 * @param file Names it in what is thrown.
 */
export function readTrustedDocuments(json: string, file: string, schema: GraphQLSchema): TrustedDocuments {
  const documents = new Map(Object.entries(objectOf(json, file)));
  for (const [id, text] of documents) {
    const fault = faultOf(text, schema);
    if (fault !== null) {
      throw new Error(`STRATUM_TRUSTED_DOCUMENTS: the document "${id}" in ${file} can't be executed: ${fault}`);
    }
  }
  return documents;
}

function objectOf(json: string, file: string): Record<string, string> {
  try {
    return documentsById.parse(JSON.parse(json));
  } catch (cause) {
    throw new Error(`STRATUM_TRUSTED_DOCUMENTS: ${file} must hold a JSON object of documents by id`, { cause });
  }
}

function faultOf(text: string, schema: GraphQLSchema): string | null {
  try {
    return validate(schema, parseWithinLimits(text))[0]?.message ?? null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** What the trusted texts say. They were read before. */
export function documentsOf(trusted: TrustedDocuments): DocumentNode[] {
  return [...trusted.values()].map((text) => parseWithinLimits(text));
}

/** Executes what is trusted, by its id, and refuses everything else. */
export function onlyTrusted(documents: TrustedDocuments): Plugin {
  return usePersistedOperations({
    extractPersistedOperationId: (params, { url }) => idIn(params) ?? new URL(url).searchParams.get('documentId'),
    getPersistedOperation: (id) => documents.get(id) ?? null,
    customErrors: { notFound: refusal, keyNotFound: refusal, persistedQueryOnly: refusal },
  });
}

/** The text of the trusted document that a message names; `DOCUMENT_NOT_TRUSTED` when it names none. */
export function trustedText(documents: TrustedDocuments, message: Identifying): string {
  const text = documents.get(idIn(message) ?? '');
  if (text === undefined) {
    throw refusal();
  }
  return text;
}

function refusal(): StratumError {
  return new StratumError('DOCUMENT_NOT_TRUSTED', 'Only documents that this server knows are executed, by their ids');
}

/** What may name a document. */
interface Identifying {
  readonly documentId?: unknown;
  readonly extensions?: Readonly<Record<string, unknown>> | null | undefined;
}

/** The id in a request: where persisted queries have it, or `documentId`. */
function idIn({ extensions, documentId }: Identifying): string | null {
  const persisted = extensions?.['persistedQuery'];
  const hash = typeof persisted === 'object' && persisted !== null && 'sha256Hash' in persisted && persisted.sha256Hash;
  const id = hash || documentId;
  return typeof id === 'string' ? id : null;
}
