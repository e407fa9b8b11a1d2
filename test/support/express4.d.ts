/** Version 4 has no types of its own here; for what tests ask of it, those of version 5 fit. */
declare module 'express4' {
  export { default } from 'express';
}
