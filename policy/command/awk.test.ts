/** Which programs of awk reach no file and no program. */
import { expect, it } from 'vitest';
import { isPlainAwk } from './awk.ts';

it('[POL26] a program of awk that counts, compares and prints is understood, and no other', () => {
  const plain = [
    ...['{print $1}', 'NR>=10 && NR<=20', '$3 > 100 {print $1}', '{sum+=$1} END {print sum/NR}', '!seen[$0]++'],
    ...['/foo|bar/ {print ($2 > 5 ? "a" : "b")}', 'length($0) > 80', 'NR % 2 == 0 || /x/', '{ if ($1 > 2) print $1 }'],
    ...['{a[$1]++} END {for (k in a) print k, a[k]}', '$2 ~ /[a-z]+\\/x/ {n++} END{print n}', '/"/ {print}'],
    ...['{ x = $1 > 2; print x }', '# one\nNR == 1 # two "\n{ print }', '{printf "%s\\n", $1}', '{print $1 / 2}'],
  ];
  expect(plain.filter((program) => !isPlainAwk(program))).toEqual([]);
  const reaching = [
    ...['{print > "f"}', '{print $1 >> "f"}', '{print | "sh"}', 'BEGIN{system("env")}', '{"env" | getline x}'],
    ...['{while ((getline line < "f") > 0) print line}', 'BEGIN{for (k in ENVIRON) print k}', '@load "filefuncs"'],
    ...[
      '{print (1) > "f"}',
      '{print 1,\n2 > "f"}',
      '{ x++ / 1; print "x" > "f"; y = 2 / 3 }',
      '{ if (/}/) print > "f" }',
    ],
    ...[
      '{print "a" |& "sh"}',
      'BEGIN{f="sys" "tem"; @f("env")}',
      '/"/ {print > "f"} /"/',
      '{print "\\" > "f"}',
      '/[/]/ {print > "f"}',
    ],
    ...[
      '{ if (x) /"/; print 1 > "f"; y = "/" }',
      'BEGIN { printf "a" > "f" }',
      '{print a \\\n > "f"}',
      'BEGIN{print SYMTAB["x"]}',
    ],
  ];
  expect(reaching.filter(isPlainAwk)).toEqual([]);
});
