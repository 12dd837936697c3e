/** All tables, one file for each noun. */
export { events } from './event.ts';
export { modelCalls } from './model-call.ts';
export { apiTokens, browserSessions, people, signInLinks } from './person.ts';
export { providers } from './provider.ts';
export { pushKeys, pushNotices, pushSubscriptions } from './push.ts';
export { type RecordingKind, recordings } from './recording.ts';
export { runners } from './runner.ts';
export { searchItems, searchMarks } from './search.ts';
export { secrets } from './secret.ts';
export { sessions } from './session.ts';
