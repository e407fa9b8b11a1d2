import { builder } from './builder.ts';
import { TenantStatusEnum } from './enums.ts';

/** The page a caller wants of a list. */
export const pageArgs = builder.args((t) => ({
  first: t.int({ required: false, description: 'How many items at most: 1 to 100; 50 unless told.' }),
  after: t.string({ required: false, description: 'The cursor of the item behind which the page begins.' }),
}));

/** Which tenants a list shows. */
export const statusesArg = builder.args((t) => ({
  statuses: t.field({
    type: [TenantStatusEnum],
    defaultValue: ['pending', 'active', 'suspended'],
    description: 'Only tenants of these statuses; all but the archived unless told.',
  }),
}));

/** The optimistic lock of everything that changes an existing thing. */
export const ifRevisionArg = builder.args((t) => ({
  ifRevision: t.field({
    type: 'Revision',
    required: false,
    description:
      'Refuse with `REVISION_MISMATCH` if the thing changed after this revision of its tree, such as the `treeRevision` it was read with.',
  }),
}));

/** Which keys an answer is about. */
export const selectionArgs = builder.args((t) => ({
  keys: t.stringList({ required: false, description: 'Only these keys.' }),
  prefix: t.string({ required: false, description: 'Only keys that begin with this text.' }),
}));

export const revealArg = builder.args((t) => ({
  revealSensitive: t.boolean({
    defaultValue: false,
    description: 'Show sensitive values in clear: to callers at home in the tenant, and to administrators.',
  }),
}));

/** Which events an answer is about. */
export const eventArgs = builder.args((t) => ({
  tenantId: t.id({
    required: false,
    description: 'The id of the tenant; without one, what belongs to the whole installation, for callers who do too.',
  }),
  subtree: t.boolean({
    defaultValue: false,
    description: 'Add what happens to everything that is below it at the time.',
  }),
  types: t.stringList({ required: false, description: 'Only events of these types, such as `config.updated`.' }),
}));
