/** Output by which a program tries to reach beyond its screen, for `cat`. Knows no terminal. */
const esc = '\x1b';
const st = `${esc}\\`;
const base64 = Buffer.from('stolen by the program').toString('base64');

/** Each on its own; where one ends, the next begins on a usable screen. */
export const corpus: Record<string, string> = {
  titles: `${esc}]0;pwned title\x07${esc}]2;pwned title${st}${esc}]1;icon\x07${esc}[22;0t${esc}[23;0t`,
  'title report': `${esc}[21t${esc}[20t`,
  folder: `${esc}]7;file://evil.example/etc\x07`,
  'links to scripts': [
    `${esc}]8;;javascript:document.title='pwned'${st}click${esc}]8;;${st}`,
    `${esc}]8;;data:text/html,<script>1</script>${st}click${esc}]8;;${st}`,
    `${esc}]8;;https://user:pass@evil.example/${st}click${esc}]8;;${st}`,
    `${esc}]8;id=${'x'.repeat(100_000)};https://evil.example/${'y'.repeat(100_000)}${st}click${esc}]8;;${st}`,
  ].join('\r\n'),
  'clipboard write': `${esc}]52;c;${base64}\x07${esc}]52;p;${base64}${st}${esc}]52;;${base64}\x07`,
  'clipboard read': `${esc}]52;c;?\x07${esc}]52;p;?${st}`,
  vendor: `${esc}]1337;File=name=eA==;inline=1:${base64}\x07${esc}]1337;SetMark\x07${esc}]1337;CopyToClipboard=x\x07${esc}]777;notify;a;b\x07${esc}]9;note\x07`,
  colours: `${esc}]10;?\x07${esc}]11;?\x07${esc}]4;1;?\x07${esc}]12;?\x07${esc}]11;#ff0000\x07${esc}]104\x07`,
  'device queries': `${esc}[c${esc}[>c${esc}[=c${esc}[5n${esc}[6n${esc}[?6n${esc}[?15n${esc}[x${esc}Z\x05`,
  'mode queries': `${esc}[?1$p${esc}[?2004$p${esc}[4$p${esc}[?u${esc}[>0q${esc}[18t${esc}[14t${esc}[16t`,
  'setting queries': `${esc}P$qm${st}${esc}P$qr${st}${esc}P$q"p${st}${esc}P+q544e${st}${esc}P1$tx${st}`,
  'focus, mouse and paste modes': `${esc}[?1004h${esc}[?2004h${esc}[?1000h${esc}[?1003h${esc}[?1006h${esc}[?9001h${esc}[>4;2m`,
  'modes off': `${esc}[?1004l${esc}[?2004l${esc}[?1000l${esc}[?1003l${esc}[?1006l${esc}[?9001l`,
  'strings without meaning': `${esc}_application command${st}${esc}^private message${st}${esc}Xstart of string${st}`,
  'sixel bomb': `${esc}Pq"1;1;99999;99999#0;2;0;0;0${'!99999~-'.repeat(2_000)}${st}`,
  'kitty graphics': `${esc}_Ga=T,f=32,s=9999,v=9999;${'A'.repeat(50_000)}${st}`,
  repeats: `a${esc}[999999999b${esc}[999999999@${esc}[999999999P${esc}[999999999L${esc}[999999999M${esc}[999999999S${esc}[999999999T`,
  'cursor leaps': `${esc}[999999999;999999999H${esc}[999999999A${esc}[999999999B${esc}[999999999I${esc}[999999999Z${esc}[999999999X`,
  'window operations': `${esc}[8;9999999;9999999t${esc}[4;99999;99999t${esc}[1t${esc}[2t${esc}[3;0;0t${esc}[9;1t${esc}[?3h${esc}[?3l`,
  'a million parameters': `${esc}[${'1;'.repeat(1_000_000)}m`,
  'marks on marks': `e${'\u0301'.repeat(20_000)}`,
  'wide and joined': `${'👩‍👩‍👧‍👦'.repeat(2_000)}${'\u202e'.repeat(1_000)}`,
  'charsets and locks': `${esc}(0${esc})0\x0e${esc}[2h${esc}[4h${esc}[12h\x0f${esc}(B${esc}[4l${esc}[2l`,
  'alternate screens': `${esc}[?1049h${esc}[?47h${esc}[?1047h`.repeat(2_000) + `${esc}[?1049l`.repeat(3),
  markup: '<script>document.title="pwned"</script><img src=x onerror="document.title=1"><a href="javascript:1">x</a>',
  bells: '\x07'.repeat(20_000),
  'unfinished string of 10 MB': `${esc}]0;${'t'.repeat(10_000_000)}${st}`,
  'unfinished device string of 10 MB': `${esc}P+q${'d'.repeat(10_000_000)}${st}`,
};

/** Whatever came before, the screen is usable again. */
export const recovery = `${st}${esc}c`;
