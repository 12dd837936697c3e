/** The composer's draft, who it is for, and its calls. Drafts outlive a reload; a failed call keeps them. */
import { useMutation } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { useTRPC } from '#components/api/api.ts';
import { type Failure, failureOf } from '#components/api/failure.ts';
import { newId } from '#protocol/id.ts';
import { addressed, anotherName, usualAgent } from './draft.ts';
import { readAttempt, readDraft, readUnsent, writeAttempt, writeDraft, writeUnsent } from './draft-store.ts';
import { type SessionView, takesPrompts } from './session-facts.ts';

/** A harness that becomes an agent with the first prompt. */
export interface NewAgent {
  harness: string;
  title: string;
  /** Types of the same family, its own among them. */
  family: readonly string[];
}

export interface Composer {
  draft: string;
  write: (text: string) => void;
  /** Who the draft is for; null: nobody yet, or a new one. */
  agent: string | null;
  newAgent: NewAgent | null;
  choose: (agent: string) => void;
  add: (agent: NewAgent) => void;
  /** What the next prompt's agent is to use; null: its harness's own. */
  model: string | null;
  useModel: (model: string | null) => void;
  canSend: boolean;
  send: () => void;
  steer: () => void;
  failure: Failure | null;
  /** Why the session's first prompt, which is the draft, was not sent; '': it was, or there was none. */
  unsent: string;
}

const ids = { now: () => Date.now(), random: (bytes: Uint8Array) => void crypto.getRandomValues(bytes) };

/** The draft of one session; `clear` leaves what was written meanwhile. */
function useDraft(session: string) {
  const [draft, setDraft] = useState('');
  const [unsent, setUnsent] = useState('');
  useEffect(() => {
    setDraft(readDraft(session));
    setUnsent(readUnsent(session));
  }, [session]);
  const forgive = () => {
    setUnsent('');
    writeUnsent(session, '');
  };
  const write = (text: string) => {
    if (text === '') forgive();
    setDraft(text);
    writeDraft(session, text);
  };
  const clear = (sent: string) => {
    if (readDraft(session) === sent) writeDraft(session, '');
    setDraft((text) => (text === sent ? '' : text));
    forgive();
  };
  return { draft, unsent, write, clear };
}

/** Who a draft is for: whom it names, else a new agent that was chosen, else the usual one. */
function useRecipient({ turns }: SessionView, draft: string) {
  const [chosen, setChosen] = useState<string | null>(null);
  const [newAgent, setNewAgent] = useState<NewAgent | null>(null);
  const [model, setModel] = useState<{ of: string; model: string | null } | null>(null);
  const named = addressed(draft, turns.agents);
  const usual = turns.agents.some(({ name }) => name === chosen) ? chosen : usualAgent(turns);
  const agent = named.agent ?? (newAgent ? null : usual);
  const key = agent ?? newAgent?.harness ?? '';
  const override = model?.of === key ? { model: model.model } : {};
  const current = turns.agents.find(({ name }) => name === agent)?.model ?? null;
  const wish =
    agent === null && newAgent
      ? { agent: anotherName(turns.agents, newAgent.family), harness: newAgent.harness }
      : { agent: agent ?? undefined };
  return {
    ...{ agent, newAgent, prompt: named.prompt, model: current, ...override },
    /** What the call is told of it. */
    wish: { ...wish, ...override },
    useModel: (wanted: string | null) => setModel({ of: key, model: wanted }),
    choose(name: string) {
      setNewAgent(null);
      setChosen(name);
    },
    add: setNewAgent,
    settle() {
      setNewAgent(null);
      setModel(null);
    },
  };
}

export function useComposer(view: SessionView, isOffline: boolean): Composer {
  const trpc = useTRPC();
  const { draft, unsent, write, clear } = useDraft(view.id);
  const { prompt, wish, settle, choose, add, ...whom } = useRecipient(view, draft);
  const { agent, newAgent } = whom;
  /** The draft that is on its way. */
  const sent = useRef('');
  // Called also when the page is left before the answer: what was sent is no draft any more.
  const onSuccess = () => {
    writeAttempt(view.id, null);
    clear(sent.current);
    settle();
  };
  const onError = (cause: unknown) => {
    if (failureOf(cause).code === 'session.conflict') writeAttempt(view.id, null);
  };
  const send = useMutation(trpc.turn.send.mutationOptions({ onSuccess, onError }));
  const steer = useMutation(trpc.turn.steer.mutationOptions({ onSuccess }));
  const error = send.error ?? steer.error;
  const isReady = prompt.trim() !== '' && !isOffline && !send.isPending && !steer.isPending;
  const canSend = isReady && takesPrompts(view) && (agent !== null || newAgent !== null);
  const reset = () => {
    send.reset();
    steer.reset();
  };
  return {
    ...{ ...whom, draft, unsent, write, canSend },
    choose(name) {
      choose(name);
      if (addressed(draft, view.turns.agents).agent !== null) write(prompt);
    },
    add(wanted) {
      add(wanted);
      write(addressed(draft, view.turns.agents).prompt);
    },
    send() {
      if (!canSend) return;
      reset();
      const input = { session: view.id, prompt: prompt.trim(), ...wish };
      // The same prompt again is the same turn: an answer that was lost does not make it two.
      const key = JSON.stringify(input);
      const earlier = readAttempt(view.id);
      const turnId = earlier?.key === key ? earlier.turnId : newId('turn', ids);
      writeAttempt(view.id, { key, turnId });
      sent.current = draft;
      send.mutate({ ...input, turnId });
    },
    steer() {
      if (!isReady) return;
      reset();
      sent.current = draft;
      steer.mutate({ session: view.id, text: prompt.trim() });
    },
    failure: error ? failureOf(error) : null,
  };
}
