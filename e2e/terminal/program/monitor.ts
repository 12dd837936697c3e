/** What is done in a process monitor and a terminal multiplexer while they are recorded. */
import type { Performance } from './performance.ts';

const up = '\x1b[A';
const down = '\x1b[B';

export const htop: Performance = {
  start: () => ({
    command: [
      'sh',
      '-c',
      'for n in 1 2 3 4 5 6; do sleep 6$n & done; (while :; do :; done) & yes > /dev/null & exec htop -d 3',
    ],
    ...{ cols: 110, rows: 32 },
  }),
  async play(it) {
    await it.until(/sleep 66/);
    // It draws anew all the time, so what a key does is awaited by a pause that is shorter than that.
    const keys = [down, down, down, up, 't', '+', ' ', 'H', 'K', 'P', 'M', 'T', 'I', 'l', 'q'];
    for (const key of keys) {
      it.press(key);
      await it.quiet(120);
    }
    it.resize(70, 18);
    await it.quiet(250);
    for (const key of ['/', 'sleep', '\r', '\x1b', '\\', 'yes', '\r', '\x1bOR', '\x1b', 'u', '\r']) {
      it.press(key);
      await it.quiet(120);
    }
    it.resize(150, 44);
    await it.quiet(250);
    for (const key of ['S', down, '\x1b[C', '\r', '\x1b', 'x', 'q', 'h', 'x', '\x1b[<0;10;9M\x1b[<0;10;9m', 'q']) {
      it.press(key);
      await it.quiet(120);
    }
    await it.quiet();
  },
};

const profile = 'set -g default-command "exec sh"\nset -g mouse on\nset -g history-limit 500\nset -g escape-time 0\n';

export const tmux: Performance = {
  start: () => ({
    command: ['tmux', '-f', '.tmux.conf', 'new-session', '-s', 'demo'],
    files: { '.tmux.conf': profile },
    ...{ cols: 100, rows: 30 },
  }),
  async play(it) {
    await it.until(/\$ /);
    await it.do('seq 200\r', 'printf "\\033[1;31mred\\033[0m 漢字 naïve 😀\\n"\r', '\x02%', '\x02"', '\x02o');
    await it.do('for i in 1 2 3 4 5 6 7; do printf "\\033[4%dm %d \\033[m" $i $i; done; echo\r');
    await it.do('printf "%s\\n" "$(seq -s " " 400)"\r', '\x02z', 'ls -la\r', '\x02z', '\x02 ', '\x02 ');
    it.resize(64, 20);
    await it.do('\x02[', '\x1b[5~', '\x1b[5~', '\x13200\r', 'q', '\x02c', 'vim -u NONE\r', 'ihello\x1b');
    it.resize(142, 41);
    await it.do(':q!\r', '\x02n', '\x02w', '\x1b[B', 'q', '\x02t', 'q', '\x02s', 'q', '\x02?', 'q', '\x02,', 'x\r');
    await it.do('\x02!', '\x02{', '\x02d');
    await it.quiet();
  },
};

/** Sections of vttest that need nobody to look: cursor, screen, character sets, reports, VT102 and colours. */
const sections = ['1', '2', '3', '4', '6', '7', '8'];

export const vttest: Performance = {
  start: () => ({ command: ['vttest', '24x80.132'], cols: 80, rows: 24 }),
  async play(it) {
    const isMenu = () => /Choose test type/.test(it.screen);
    for (const section of sections) {
      await it.until(/Choose test type/);
      await it.do(`${section}\r`);
      for (let page = 0; page < 40 && !isMenu(); page++) {
        const choice = /Enter choice number \(0 - (\d+)\)/.exec(it.screen);
        await it.do(choice && page < Number(choice[1]) ? `${page + 1}\r` : '\r');
      }
    }
    it.resize(110, 34);
    await it.do('11\r', '6\r', '2\r', '\r', '\r', '3\r', '\r', '\r', '4\r', '\r', '\r', '0\r', '0\r', '0\r');
    await it.quiet();
  },
};
