/** The typed way to the server: hooks and types, made once from the router's type. Knows no transport. */
import type { inferRouterOutputs } from '@trpc/server';
import { createTRPCContext } from '@trpc/tanstack-react-query';
import type { AppRouter } from '#server/api/index.ts';

export const { TRPCProvider, useTRPC, useTRPCClient } = createTRPCContext<AppRouter>();

type Outputs = inferRouterOutputs<AppRouter>;

/** Somebody who looks at a session now. */
export type Present = Outputs['session']['list']['present'][string][number];
/** A page of a terminal's recording. */
export type RecordingPage = Outputs['terminal']['history'];
/** An action that waits for a person, or that one has decided about. */
export type Approval = Outputs['approval']['list']['pending'][number];
/** A browser of one's own that gets pushes. */
export type SubscribedBrowser = Outputs['notify']['list'][number];
/** A provider of models, as far as people may know it. */
export type ProviderFacts = Outputs['provider']['list'][number];
