/** What only this server may read: how it is sealed, under which key, and the secrets that agents use without seeing them. */
export { SecretBox } from './box.ts';
export { parseSecretKey } from './key.ts';
export { Rotation, type SealedColumn } from './rotation.ts';
export { type SecretRoute, Secrets, sealedSecrets } from './secrets.ts';
