import { builder } from './builder.ts';

/** Values are the words of the wire: see docs/decisions/0001-wire-words.md. */
export const TenantStatusEnum = builder.enumType('TenantStatus', {
  description: 'Where a tenant is in its life.',
  values: {
    pending: { description: 'Its storage is being made; it becomes active by itself.' },
    active: { description: 'In use. Its parent is active too.' },
    suspended: { description: 'Out of use for a while; nothing is lost.' },
    archived: { description: 'Out of use for good, unless it is resumed.' },
  },
});

export const IsolationStrategyEnum = builder.enumType('IsolationStrategy', {
  description: "How a tenant's own data is kept apart.",
  values: {
    SHARED_RLS: { description: 'In shared tables, by row-level security.' },
    SCHEMA_PER_TENANT: { description: 'In a schema of its own.' },
    DB_PER_TENANT: { description: 'In a database of its own.' },
  },
});

export const ScopeEnum = builder.enumType('Scope', {
  description: 'What a caller may do where it is at home; each covers the ones before it.',
  values: {
    read: { description: 'See.' },
    write: { description: 'Change.' },
    admin: { description: 'Administer keys, purge, export, and see secrets on request.' },
  },
});

export const PermissionModeEnum = builder.enumType('PermissionMode', {
  description: 'What tenants below may do with a permission.',
  values: {
    LOCKED: { description: 'Nothing: it applies to all of them as it is.' },
    INHERITED: { description: 'Set another value, but not another mode.' },
    DELEGATED: { description: 'Set a policy of their own, with any mode.' },
  },
});

export const RevocationModeEnum = builder.enumType('RevocationMode', {
  description: 'What deleting a policy does below.',
  values: {
    CASCADE: { description: 'Deletes the same key in the whole subtree, permanent policies excepted.' },
    SOFT: { description: 'Deletes this policy only; those below stay.' },
    PERMANENT: { description: 'Nothing: it can not be deleted, and stays permanent.' },
  },
});

export const OutcomeEnum = builder.enumType('Outcome', {
  description: 'What became of one candidate for a key.',
  values: {
    DECIDED: { description: 'It applies.' },
    SHADOWED_BY_LOCK: { description: 'It is stored, but a lock further up beats it.' },
    OVERRIDDEN: { description: 'One further down replaced it.' },
  },
});

export const RuleEnum = builder.enumType('Rule', {
  description: 'Why a candidate decided.',
  values: {
    NEAREST: { description: 'Nothing is locked: the nearest one wins.' },
    HIGHEST_LOCK: { description: 'The highest one that is locked wins.' },
  },
});

export const ChildOrderEnum = builder.enumType('ChildOrder', {
  description: 'By what children are put in order.',
  values: {
    POSITION: { description: 'By `sortOrder`: the order that `reorderTenant` changes.' },
    NAME: { description: 'By name.' },
    OLDEST_FIRST: { description: 'By age, oldest first.' },
    NEWEST_FIRST: { description: 'By age, newest first.' },
  },
});

export const EventOrderEnum = builder.enumType('EventOrder', {
  description: 'From which end a ledger is read.',
  values: {
    OLDEST_FIRST: { description: 'By revision.' },
    NEWEST_FIRST: { description: 'By revision, backwards.' },
  },
});

export const DeliveryStatusEnum = builder.enumType('DeliveryStatus', {
  description: 'What became of a delivery.',
  values: {
    pending: { description: 'It is on its way, or waits for the next try.' },
    success: { description: 'It arrived.' },
    failed: { description: 'It was tried as often as it is tried: nothing more happens by itself.' },
  },
});

export const DiffStatusEnum = builder.enumType('DiffStatus', {
  description: 'How a tenant comes by a value.',
  values: {
    own: { description: 'It has set it itself.' },
    inherited: { description: 'A tenant above has set it.' },
    locked: { description: 'A lock decides, its own or one above.' },
  },
});

export const DriftStatusEnum = builder.enumType('DriftStatus', {
  description: 'How far a tenant has gone from another one.',
  values: {
    ok: { description: 'The same applies to both.' },
    override: { description: 'The child has a value of its own.' },
    missing: { description: 'Nothing applies to the child where something applies to the parent.' },
    conflict: { description: 'The child differs although the parent locks the key.' },
  },
});
