/**
 * What an action would touch: facts, not verdicts. Made where the files are, carried by `action.requested`, judged by the
 * server, printed by `policy check`.
 */
import * as z from 'zod';

/** Longest word, path or URL in facts, in characters; what is longer makes the action unclear. */
const maxFactText = 32_768;

const text = z.string().max(maxFactText);

/** Of a command: what running it does, by the worst that its program, subcommand and options can do. */
export const commandEffects = ['read', 'write', 'execute', 'network', 'unknown'] as const;
export type CommandEffect = (typeof commandEffects)[number];
/** Of a path: what happens to it. */
export const pathEffects = ['list', 'read', 'write', 'delete', 'execute'] as const;
export type PathEffect = (typeof pathEffects)[number];

export const commandFactSchema = z.object({
  /** Base name of the program; '' where it is not known before it runs. */
  program: text,
  /** Decoded words, the program as it is spelled first. A word that is not known stands as its source text. */
  argv: z.array(text).max(4_096),
  /** Indexes into `argv` of words that are not known before it runs, in ascending order. */
  unknown: z.array(z.number().int().min(0)).max(4_096),
  effect: z.enum(commandEffects),
  /** Where it would run, absolute; null: not known. */
  cwd: text.nullable(),
  /** The commands that run it, outermost first: `["nohup", "bash"]`. Each is a fact of its own, too. */
  via: z.array(text).max(32),
});
export type CommandFact = z.infer<typeof commandFactSchema>;

export const pathFactSchema = z.object({
  /** As it is spelled, decoded. */
  path: text,
  /** Absolute, with links resolved as far as the path exists; null: not known before it runs. */
  real: text.nullable(),
  effect: z.enum(pathEffects),
  /** It is a restricted path, lies below one, or may be one: by name, by link, by inode. */
  restricted: z.boolean(),
  /** It lies in the folder that agents work in. False where it is not known. */
  isInBase: z.boolean(),
  /** The shell opens it for a redirection; no command names it. */
  isRedirect: z.boolean().optional(),
  /** Something is there before it happens. Absent where it is not known. */
  exists: z.boolean().optional(),
});
export type PathFact = z.infer<typeof pathFactSchema>;

const requestFactSchema = z.object({
  /** Upper case; null: not known. */
  method: z.string().max(40).nullable(),
  url: text,
});

/** What the header of a request says against its address and method. */
export const headerFactSchema = z.object({
  /** Methods that it asks the server to take it for; upper case. */
  methods: z.array(z.string().max(40)).max(20),
  /** Hosts that it asks for, perhaps with a port. */
  hosts: z.array(z.string().max(300)).max(20),
  /** It holds what looks like a key. */
  holdsSecret: z.boolean(),
  /** It names another path than the address. */
  isElsewhere: z.boolean(),
  /** It holds characters that no header has. */
  isBroken: z.boolean(),
});
export type HeaderFact = z.infer<typeof headerFactSchema>;

const connectionFactSchema = z.object({
  /** Every address that the name stands for; null: it was not looked up. */
  addresses: z.array(z.string().max(100)).max(100).nullable(),
  header: headerFactSchema,
});

export const actionFactsSchema = z.object({
  /** Every simple command that would run, in the order of the text, those run by others behind them. */
  commands: z.array(commandFactSchema).max(1_000),
  paths: z.array(pathFactSchema).max(10_000),
  /** Hosts that would be spoken to: lower case, without port; `*` stands for one that is not known. */
  hosts: z.array(z.string().max(300)).max(1_000),
  requests: z.array(requestFactSchema).max(1_000),
  /** What is not understood, one phrase each. Nothing with such a phrase may be allowed without a person. */
  unclear: z.array(z.string().max(400)).max(100),
  /** Packages that would be installed, as they are named; `*` stands for what the project names. Absent: none. */
  installs: z.array(z.string().max(300)).max(200).optional(),
  /**
   * It is nothing but the first of `requests`, about to be sent; of one with the method CONNECT the address says host and port
   * alone. Those behind the first are where it is sent on to. Absent: it is something else.
   */
  connection: connectionFactSchema.optional(),
});
export type ActionFacts = z.infer<typeof actionFactsSchema>;

/** Nothing is touched. */
export const noFacts: ActionFacts = { commands: [], paths: [], hosts: [], requests: [], unclear: [] };
