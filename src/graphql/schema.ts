import './scalars.ts';
import './tenant.ts';
import './tenant-lists.ts';
import './tenant-changes.ts';
import './config.ts';
import './config-changes.ts';
import './config-comparison.ts';
import './permission.ts';
import './permission-changes.ts';
import './role.ts';
import './role-changes.ts';
import './api-key.ts';
import './api-key-changes.ts';
import './viewer.ts';
import './event.ts';
import './tenant-export.ts';
import './node-queries.ts';
import { assertEveryFieldHasRule } from './access.ts';
import { builder } from './builder.ts';
import { checkArguments } from './check-arguments.ts';
import { weighRootFields } from './limits.ts';

/** The schema that every door runs. It isn't made when a field can be reached without a rule. */
export const schema = builder.toSchema();
assertEveryFieldHasRule(schema);
checkArguments(schema);
weighRootFields(schema);
