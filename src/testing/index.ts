/** The test kit, `stratum-graphql/testing`. */

export { createTestStratum, type TestStratum, type TestStratumOptions } from './create-test-stratum.ts';
export type { Connection } from './isolation-rules.ts';
export { startTestPostgres, type TestPostgres } from './postgres.ts';
export { assertTenantIsolation, IsolationError, type IsolationOptions, type Pool } from './tenant-isolation.ts';
export { createTree, type Shape, type Tree, type TreeTenant } from './tree.ts';
