import { type DeletedEntry, deleteConfig } from '../domain/config/delete.ts';
import { writtenEntry } from '../domain/config/own.ts';
import { setConfig, setConfigs } from '../domain/config/set.ts';
import { ifRevisionArg } from './arguments.ts';
import { builder } from './builder.ts';
import { ConfigEntry } from './config.ts';
import { changing } from './context.ts';

const SetConfigInput = builder.inputType('SetConfigInput', {
  description: 'A key and what to set it to.',
  fields: (t) => ({
    key: t.string({ description: 'Any text of 1 to 255 characters.' }),
    value: t.field({
      type: 'JSON',
      required: false,
      description: 'Any JSON of at most 64 KiB. It must be given: null is a value.',
    }),
    locked: t.boolean({ defaultValue: false, description: 'Whether tenants below may not override it.' }),
    sensitive: t.boolean({
      required: false,
      description:
        'Whether it is a secret. Left out, it stays what it was; below a sensitive key it is one whatever is said.',
    }),
  }),
});

const DeletedConfig = builder.objectRef<DeletedEntry>('DeletedConfig').implement({
  description: 'What is left of an entry that was deleted.',
  fields: (t) => ({
    tenantId: t.exposeID('tenantId', { description: 'The tenant it was set on.' }),
    key: t.exposeString('key', { description: 'Its key.' }),
    revision: t.expose('revision', { type: 'Revision', description: 'The revision of the tree at which it went.' }),
  }),
});

const target = builder.args((t) => ({ tenantId: t.id({ description: 'The id of the tenant.' }), ...ifRevisionArg }));

builder.mutationFields((t) => ({
  setConfig: t.field({
    type: ConfigEntry,
    nullable: true,
    description: 'Sets a key of an active tenant. `CONFIG_LOCKED` when a tenant above has locked it.',
    authScopes: { write: true },
    args: { ...target, input: t.arg({ type: SetConfigInput, description: 'The entry.' }) },
    resolve: changing(async (call, args) => writtenEntry(await setConfig(call, args))),
  }),
  setConfigs: t.field({
    type: [ConfigEntry],
    nullable: true,
    description: 'Sets up to 200 keys of an active tenant, all or none.',
    authScopes: { write: true },
    args: { ...target, entries: t.arg({ type: [SetConfigInput], description: 'The entries.' }) },
    resolve: changing(async (call, args) => (await setConfigs(call, args)).map(writtenEntry)),
  }),
  deleteConfig: t.field({
    type: DeletedConfig,
    nullable: true,
    description: 'Removes an own entry of a tenant in any state: what is inherited applies again.',
    authScopes: { write: true },
    args: { ...target, key: t.arg.string({ description: 'The key.' }) },
    resolve: changing(deleteConfig),
  }),
}));
