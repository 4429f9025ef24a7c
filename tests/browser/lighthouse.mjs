// Measures the page with Lighthouse's mobile settings, five times: node tests/browser/lighthouse.mjs ORIGIN
//
// Lighthouse is large and not among the packages of this project: `npm install --no-save lighthouse chrome-launcher` brings
// it. The tests do not run this. It fails if the median performance is below 95, or the accessibility below 100.

import assert from "node:assert/strict";
import { launch } from "chrome-launcher";
import lighthouse from "lighthouse";

const RUNS = 5;
const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"];
const scores = [];
const accessible = [];
for (let run = 0; run < RUNS; run++) {
  const chrome = await launch({ chromePath: process.env.CHROMIUM ?? "/usr/bin/chromium", chromeFlags: flags });
  const { lhr } = await lighthouse(process.argv[2], { port: chrome.port, onlyCategories: ["performance", "accessibility"] });
  await chrome.kill();
  const { performance, accessibility } = lhr.categories;
  const figures = ["first-contentful-paint", "largest-contentful-paint", "total-blocking-time", "cumulative-layout-shift", "total-byte-weight"];
  const failed = Object.values(lhr.audits).filter(({ score, id }) => score === 0 && lhr.categories.accessibility.auditRefs.some((ref) => ref.id === id && ref.weight > 0));
  console.log(performance.score * 100, accessibility.score * 100, ...figures.map((id) => Math.round(lhr.audits[id].numericValue * 100) / 100), ...failed.map(({ id }) => id));
  scores.push(performance.score * 100);
  accessible.push(accessibility.score);
}
const median = scores.toSorted((a, b) => a - b)[Math.floor(RUNS / 2)];
console.log("median performance", median);
assert.ok(median >= 95, `the median performance is ${median}`);
assert.ok(accessible.every((score) => score === 1), `accessibility: ${accessible}`);
