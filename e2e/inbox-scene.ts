/** Agents that ask: a workspace file under which every change waits for a person, and a model that asks for commands. */
import { expect, type Page } from '@playwright/test';
import type { ModelServer } from './model/server.ts';

export const rules = `version: "2026.1"
workspace: { name: sample, allow_network_access: true }
policies:
  security_guardrails:
    forbidden_commands: ["env"]
    restricted_paths: ["secrets.json"]
`;

/** Each prompt makes the agent run the command in it, and say what became of it. */
export const play = (model: ModelServer, commands: readonly string[]) =>
  model.play({
    rules: commands
      .flatMap((command, n) => [
        { match: { contains: `step-${n};`, hasToolResult: true }, steps: [{ text: `Step ${n} is over.` }] },
        { match: { contains: `step-${n};`, hasToolResult: false }, steps: [{ shell: command }] },
      ])
      .reverse(),
  });

/** Until the question that is shown can be decided: one that has just come cannot, by buttons or by keys. */
export const isDecidable = (page: Page) =>
  expect(page.getByRole('button', { name: 'Approve', exact: true })).toBeEnabled();
