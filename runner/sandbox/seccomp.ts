/**
 * The system calls that programs in the sandbox are refused, as a classic BPF program for bubblewrap's `--seccomp`. What namespaces
 * and dropped capabilities forbid already is left to them; here is what works without any of those. Pure.
 */

/** `struct sock_filter`: operation, jumps when true and false, operand. */
type Instruction = readonly [code: number, whenTrue: number, whenFalse: number, operand: number];

const load = (offset: number): Instruction => [0x20, 0, 0, offset];
const answer = (value: number): Instruction => [0x06, 0, 0, value];
const skipOneIf = (operand: number): Instruction => [0x15, 1, 0, operand];
const unless = (operand: number, skip: number): Instruction => [0x15, 0, skip, operand];
const unlessAtLeast = (operand: number, skip: number): Instruction => [0x35, 0, skip, operand];

const allow = answer(0x7fff0000);
const refuse = (errno: number): Instruction => answer(0x00050000 | errno);
const notPermitted = refuse(1);
const notImplemented = refuse(38);
const noSuchFamily = refuse(97);

/** Offsets in `struct seccomp_data`; of an argument the lower half, which is all that these calls look at. */
const at = { number: 0, architecture: 4, argument: (n: number) => 16 + 8 * n };

interface Architecture {
  id: number;
  /** Calls from here on are another ABI's; null: there is none. */
  otherAbi: number | null;
  ioctl: number;
  ptrace: number;
  socket: number;
  /** Tracing, other processes' memory and descriptors, keys, kernel programs and modules, mounts, namespaces. */
  notPermitted: readonly number[];
}

/** io_uring does file and network work behind every other filter; programs that miss it fall back. */
const ioUring = [425, 426, 427];
/** pidfd_getfd, open_tree, move_mount, fsopen, fsconfig, fsmount, fspick, mount_setattr: the same number everywhere. */
const newerCalls = [438, 428, 429, 430, 431, 432, 433, 442];

const architectures: Readonly<Record<string, Architecture>> = {
  x64: {
    ...{ id: 0xc000003e, otherAbi: 0x40000000, ioctl: 16, ptrace: 101, socket: 41 },
    // process_vm_readv and writev, kcmp, add_key, request_key, keyctl, bpf, perf_event_open, userfaultfd, kexec (2), modules (3),
    // open_by_handle_at, mount, umount2, pivot_root, setns, swapon, swapoff, reboot, syslog, acct, quotactl
    notPermitted: [310, 311, 312, 248, 249, 250, 321, 298, 323, 246, 320, 175, 313, 176]
      .concat([304, 165, 166, 155, 308, 167, 168, 169, 103, 163, 179])
      .concat(newerCalls),
  },
  arm64: {
    ...{ id: 0xc00000b7, otherAbi: null, ioctl: 29, ptrace: 117, socket: 198 },
    notPermitted: [270, 271, 272, 217, 218, 219, 280, 241, 282, 104, 294, 105, 273, 106]
      .concat([265, 40, 39, 41, 268, 224, 225, 142, 116, 89, 60])
      .concat(newerCalls),
  },
};

/** TIOCSTI types into a terminal, TIOCLINUX pastes into a console. */
const terminalInput = [0x5412, 0x541c];
/** PTRACE_ATTACH and PTRACE_SEIZE: a program may trace what it started, nothing else. */
const foreignTrace = [16, 0x4206];
/** AF_UNIX, AF_INET, AF_NETLINK, AF_INET6; others, such as vsock, know no network namespace. */
const socketFamilies = [1, 2, 16, 10];

/** Looks at one argument of one call and ends there. */
const withArgument = (call: number, argument: number, body: readonly Instruction[]): Instruction[] => [
  unless(call, body.length + 1),
  load(at.argument(argument)),
  ...body,
];

/** The program's bytes for `process.arch`; null for a processor without a table: no sandbox there. */
export function seccompProgram(arch: string): Uint8Array | null {
  const known = architectures[arch];
  if (!known) return null;
  const each = (calls: readonly number[], said: Instruction) => calls.flatMap((call) => [unless(call, 1), said]);
  return encode([
    ...[load(at.architecture), skipOneIf(known.id), notImplemented, load(at.number)],
    ...(known.otherAbi === null ? [] : [unlessAtLeast(known.otherAbi, 1), notImplemented]),
    ...each(ioUring, notImplemented),
    ...each(known.notPermitted, notPermitted),
    ...withArgument(known.ioctl, 1, [...each(terminalInput, notPermitted), allow]),
    ...withArgument(known.ptrace, 0, [...each(foreignTrace, notPermitted), allow]),
    ...withArgument(known.socket, 0, [...each(socketFamilies, allow), noSuchFamily]),
    allow,
  ]);
}

function encode(program: readonly Instruction[]): Uint8Array {
  const bytes = Buffer.alloc(8 * program.length);
  for (const [index, [code, whenTrue, whenFalse, operand]] of program.entries()) {
    bytes.writeUInt16LE(code, 8 * index);
    bytes.writeUInt8(whenTrue, 8 * index + 2);
    bytes.writeUInt8(whenFalse, 8 * index + 3);
    bytes.writeUInt32LE(operand >>> 0, 8 * index + 4);
  }
  return bytes;
}
