import { formatFigure } from './format.mjs';

// One drawing for light and dark pages: no background, and colours that are legible on both.
const TEXT = '#768390';
const OURS = '#2f81f7';
const PEER = '#8b949e';

const WIDTH = 420;
const COLUMN_GAP = 28;
const ROW = 16;
const PANEL_HEAD = 24;
const PANEL_GAP = 22;
const TOP = 34;

/** Bars lie between these, on a logarithmic scale of multiples of the control. */
const BARS = { left: 164, right: WIDTH - 52, from: 0.2, to: 32 };
const TICKS = [0.25, 0.5, 1, 2, 4, 8, 16];

/** Draws the times as bars, one panel per figure, with the other figures as text below. */
export function chart(results) {
  const panels = panelsOf(results.filter(({ unit }) => !unit));
  const columns = inTwoColumns(panels);
  const others = results.filter(({ unit }) => unit).map(describe);
  const notesTop = TOP + heightOf(columns[0]) + 12;
  const bottom = Math.max(notesTop + others.length * ROW, TOP + heightOf(columns[1]));
  const width = WIDTH * 2 + COLUMN_GAP;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${bottom}"`,
    `  role="img" font-family="system-ui, sans-serif" font-size="11" fill="${TEXT}">`,
    '<title>simple-ipc and other libraries, relative to raw node:child_process</title>',
    text(
      0,
      12,
      'Time relative to raw node:child_process (1 ×): shorter is better.',
      'font-size="12"',
    ),
    ...columns.flatMap((column, index) => drawColumn(column, index * (WIDTH + COLUMN_GAP))),
    ...others.map((line, index) => text(0, notesTop + index * ROW, line)),
    '</svg>',
    '',
  ].join('\n');
}

/** The rows of each figure under one title. */
function panelsOf(results) {
  const panels = new Map();
  for (const result of results) {
    const { work, name } = result;
    const title = `${work}${name === 'time' ? '' : `: ${name}`}`;
    panels.set(title, [...(panels.get(title) ?? []), result]);
  }
  return [...panels].map(([title, rows]) => ({ title, rows }));
}

function inTwoColumns(panels) {
  const half = heightOf(panels) / 2;
  const first = panels.filter((_, index) => heightOf(panels.slice(0, index + 1)) <= half + ROW * 2);
  return [first, panels.slice(first.length)];
}

function heightOf(panels) {
  return panels.reduce((sum, { rows }) => sum + PANEL_HEAD + rows.length * ROW + PANEL_GAP, 0);
}

function drawColumn(panels, left) {
  let top = TOP;
  return panels.flatMap((panel) => {
    const drawn = drawPanel(panel, left, top);
    top += heightOf([panel]);
    return drawn;
  });
}

function drawPanel({ title, rows }, left, top) {
  const first = top + PANEL_HEAD;
  const bottom = first + rows.length * ROW;
  return [
    text(left, top + 12, title, 'font-weight="600" font-size="12"'),
    ...TICKS.flatMap((tick) => [
      rect(left + xOf(tick), first, 1, rows.length * ROW, TEXT, tick === 1 ? 0.9 : 0.2),
      text(left + xOf(tick), bottom + 10, String(tick), 'text-anchor="middle" font-size="9"'),
    ]),
    ...rows.flatMap((row, index) => drawRow(row, left, first + index * ROW)),
  ];
}

function drawRow(row, left, top) {
  const isOurs = row.goal !== undefined;
  const baseline = top + 12;
  const label = text(
    left + BARS.left - 8,
    baseline,
    row.side,
    `text-anchor="end"${isOurs ? ' font-weight="600"' : ''}`,
  );
  if (row.failure)
    return [label, text(left + xOf(1) + 6, baseline, row.failure, 'font-style="italic"')];
  const [from, to] = [xOf(1), xOf(row.median)].toSorted((a, b) => a - b);
  return [
    label,
    rect(
      left + from,
      top + 3,
      Math.max(to - from, 1),
      ROW - 5,
      isOurs ? OURS : PEER,
      isOurs ? 1 : 0.6,
    ),
    text(left + WIDTH, baseline, formatFigure(row), 'text-anchor="end"'),
  ];
}

/** Where a multiple of the control lies. */
function xOf(ratio) {
  const { left, right, from, to } = BARS;
  const share = Math.log(Math.min(Math.max(ratio, from), to) / from) / Math.log(to / from);
  return Math.round(left + share * (right - left));
}

function describe(result) {
  const { work, name, failure } = result;
  return `${work}, ${name}: ${failure ?? formatFigure(result)}`;
}

function text(x, y, content, attributes = '') {
  return `<text x="${x}" y="${y}" ${attributes}>${escape(content)}</text>`.replace(' >', '>');
}

function rect(x, y, width, height, fill, opacity = 1) {
  const faint = opacity === 1 ? '' : ` fill-opacity="${opacity}"`;
  return `<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="${fill}"${faint}/>`;
}

function escape(content) {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
