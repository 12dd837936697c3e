/** Every command there is, in the order of the help. */
import { approveCommand, denyCommand, inboxCommand } from './approval/approval.ts';
import { attachCommand } from './attach/attach.ts';
import { exportAudit, verifyAudit } from './audit/audit.ts';
import type { AnyCommand } from './command.ts';
import { doctorCommand } from './doctor/doctor.ts';
import { installHarness, listHarnesses } from './harness/harness.ts';
import { linkCommand } from './person/link.ts';
import { checkPolicy } from './policy/check.ts';
import { explainPolicy, lintPolicy } from './policy/explain.ts';
import { replayPolicy } from './policy/replay.ts';
import { processListCommand } from './process-list.ts';
import { sandboxExec } from './sandbox/exec.ts';
import { sandboxTest } from './sandbox/test.ts';
import { listSecrets, removeSecret, rotateSecrets, setSecret } from './secret/secret.ts';
import { listEvents } from './session/events.ts';
import { endSession, pauseSession, resumeSession, stopSession } from './session/life.ts';
import { listSessions, showSession } from './session/list.ts';
import { newSession } from './session/new.ts';
import { listTerminals } from './terminal/list.ts';
import { closeTerminal, openTerminal } from './terminal/open.ts';
import { resizeTerminal, showScreen } from './terminal/screen.ts';
import { giveTerminal, takeTerminal } from './terminal/wheel.ts';
import { runPrompt } from './turn/run.ts';
import { interruptTurn, sendPrompt } from './turn/send.ts';
import { showDiff, showUsage } from './turn/usage.ts';
import { versionCommand } from './version.ts';

export const commands: readonly AnyCommand[] = [
  versionCommand,
  doctorCommand,
  linkCommand,
  processListCommand,
  runPrompt,
  newSession,
  listSessions,
  showSession,
  listEvents,
  pauseSession,
  resumeSession,
  stopSession,
  endSession,
  sendPrompt,
  interruptTurn,
  showDiff,
  showUsage,
  listHarnesses,
  installHarness,
  attachCommand,
  openTerminal,
  listTerminals,
  showScreen,
  resizeTerminal,
  takeTerminal,
  giveTerminal,
  closeTerminal,
  inboxCommand,
  approveCommand,
  denyCommand,
  checkPolicy,
  explainPolicy,
  lintPolicy,
  replayPolicy,
  sandboxExec,
  sandboxTest,
  setSecret,
  listSecrets,
  removeSecret,
  rotateSecrets,
  verifyAudit,
  exportAudit,
];
