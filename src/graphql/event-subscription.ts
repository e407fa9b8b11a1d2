import { type FollowedEvent, followEvents } from '../domain/ledger/follow.ts';
import { eventTypeList } from '../domain/ledger/types.ts';
import { parse } from '../domain/validation.ts';
import { eventArgs } from './arguments.ts';
import { builder } from './builder.ts';
import { Event } from './event.ts';
import { follow, passOn } from './followed.ts';

const FollowedEventType = builder.objectRef<FollowedEvent>('FollowedEvent').implement({
  description: 'An event as it is followed.',
  fields: (t) => ({
    cursor: t.exposeString('cursor', {
      description:
        'Where to go on behind it: good as `after` of the same subscription, and of the query `events` for the same tenant.',
    }),
    event: t.expose('event', { type: Event, description: 'The event.' }),
  }),
});

builder.subscriptionField('events', (t) =>
  t.field({
    type: FollowedEventType,
    nullable: true,
    description:
      'What happens to a tenant, in the order of its ledger: first what was missed since `after`, then everything as it is committed, without gap or repeat.',
    authScopes: { read: true },
    args: {
      ...eventArgs,
      after: t.arg.string({
        required: false,
        description: 'The cursor of the last event that is known already. Without one it begins now.',
      }),
    },
    subscribe: (_root, { tenantId, subtree, types, after }, { call }) =>
      follow(call, () =>
        followEvents(call, {
          tenantId: tenantId ?? null,
          subtree,
          types: types ? parse(eventTypeList, types, ['types']) : null,
          after,
        }),
      ),
    resolve: (item, _args, context) => passOn(item, context),
  }),
);
