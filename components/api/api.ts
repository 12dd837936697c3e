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
/** An action that waits for a person, or that one has decided about, as lists have it. */
export type Approval = Outputs['approval']['list']['pending'][number];
/** A browser of one's own that gets pushes. */
export type SubscribedBrowser = Outputs['notify']['list'][number];
/** The same with what it would touch. */
export type ApprovalDetail = Outputs['approval']['get'];
/** What waits, and what was decided last. */
export type ApprovalLists = Outputs['approval']['list'];
/** What an allowance for the session would have allowed so far. */
export type Radius = Outputs['approval']['radius'];
/** A provider of models, as far as people may know it. */
export type ProviderFacts = Outputs['provider']['list'][number];
/** A secret that agents use, as far as people may know it. */
export type SecretFacts = Outputs['secret']['list'][number];
