import { builder } from './builder.ts';

export const Node = builder.interfaceRef<{ readonly id: string }>('Node').implement({
  description: 'Anything that has an id of its own.',
  fields: (t) => ({
    id: t.id({ description: 'A UUID, unique over all kinds of things.', resolve: ({ id }) => id }),
  }),
});
