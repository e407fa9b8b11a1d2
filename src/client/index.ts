/** The typed client, `stratum-graphql/client`: for browsers and Node. */

export * from '../operations/generated/graphql.ts';
export {
  type Calls,
  type Client,
  type ClientOptions,
  createClient,
  type MutateOptions,
  type QueryOptions,
  type SubscribeOptions,
} from './create-client.ts';
export type { Credential, Credentials } from './credentials.ts';
export type { Document } from './documents.ts';
export { ApiError, type ApiIssue, CancelledError, TimeoutError, UnreachableError } from './errors.ts';
export type { SubscriptionStatus } from './follow.ts';
export type { NamedOperations } from './named-operations.ts';
export type { WebSocketConstructor } from './socket.ts';
