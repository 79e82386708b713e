// Copies the third-party files we serve into static/vendor and describes them in vendor.json.
// A vendored file has its version in its name, so its URL never changes meaning.
import { execFileSync } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import zlib from 'node:zlib';

const root = path.resolve(import.meta.dirname, '..');
const manifestPath = path.join(root, 'static/vendor/vendor.json');

// {version} is filled in from the installed package.
const copies = [
  { package: 'htmx.org', from: 'dist/htmx.min.js', to: 'static/vendor/htmx-{version}.min.js' },
  { package: 'htmx.org', from: 'dist/ext/hx-sse.min.js', to: 'static/vendor/htmx-sse-{version}.min.js' },
  { package: '@fontsource-variable/geist', from: 'files/geist-latin-wght-normal.woff2', to: 'static/vendor/geist-latin-{version}.woff2' },
  { package: '@fontsource-variable/geist', from: 'files/geist-latin-ext-wght-normal.woff2', to: 'static/vendor/geist-latin-ext-{version}.woff2' },
  { package: 'axe-core', from: 'axe.min.js', to: 'e2e/testdata/axe-{version}.min.js' },
];

// Scalar's package pulls in 170 others that its finished browser file does not need: it is fetched alone, checked
// against the integrity hash of the registry, and kept only compressed.
const scalar = {
  package: '@scalar/api-reference',
  version: '1.72.1',
  integrity: 'sha512-XpEJ0rfc/cXbCrR+iC4kK0o/WwX2dTtGQbT049OlPKAHD6IMIFdTeGz2r+M27P2EDWKyUITRm/NzlP8z2pw/Ow==',
  from: 'dist/browser/standalone.js',
  to: 'static/vendor/scalar-{version}.js',
};

const named = (to, version) => to.replace('{version}', version);
const sha384 = (bytes) => crypto.createHash('sha384').update(bytes).digest('base64');
function describe(entry, bytes, version, licence) {
  return { file: named(entry.to, version), package: entry.package, version, licence, sha384: sha384(bytes) };
}

function copy(entry) {
  const dir = path.join(import.meta.dirname, 'node_modules', entry.package);
  const { version, license } = JSON.parse(fs.readFileSync(path.join(dir, 'package.json'), 'utf8'));
  const bytes = fs.readFileSync(path.join(dir, entry.from));
  const target = path.join(root, named(entry.to, version));
  fs.mkdirSync(path.dirname(target), { recursive: true });
  fs.writeFileSync(target, bytes);
  return describe(entry, bytes, version, license);
}

// The committed files stay while their content is right: another zlib may pack the same bytes differently.
function scalarIsCurrent(old) {
  const target = path.join(root, named(scalar.to, scalar.version));
  if (!old || !fs.existsSync(target + '.br') || !fs.existsSync(target + '.gz')) return false;
  return [zlib.brotliDecompressSync(fs.readFileSync(target + '.br')), zlib.gunzipSync(fs.readFileSync(target + '.gz'))]
    .every((bytes) => sha384(bytes) === old.sha384);
}

function fetchScalar() {
  const tmp = fs.mkdtempSync(path.join(os.tmpdir(), 'payaid-scalar-'));
  try {
    const name = execFileSync('npm', ['pack', '--silent', `${scalar.package}@${scalar.version}`], { cwd: tmp, encoding: 'utf8' }).trim();
    const tarball = fs.readFileSync(path.join(tmp, name));
    const integrity = 'sha512-' + crypto.createHash('sha512').update(tarball).digest('base64');
    if (integrity !== scalar.integrity) throw new Error(`${scalar.package}@${scalar.version}: the package is not the one we pinned (${integrity})`);
    execFileSync('tar', ['-xzf', name], { cwd: tmp });
    const dir = path.join(tmp, 'package');
    const bytes = fs.readFileSync(path.join(dir, scalar.from));
    const target = path.join(root, named(scalar.to, scalar.version));
    fs.writeFileSync(target + '.br', zlib.brotliCompressSync(bytes, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 11, [zlib.constants.BROTLI_PARAM_LGWIN]: 24, [zlib.constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } }));
    fs.writeFileSync(target + '.gz', zlib.gzipSync(bytes, { level: 9 }));
    return describe(scalar, bytes, scalar.version, 'MIT');
  } finally {
    fs.rmSync(tmp, { recursive: true, force: true });
  }
}

// The licences ask that their text goes with the files. The browser file of Scalar comes without one, so ours stands in licences/.
function writeNotices() {
  const packages = ['htmx.org', '@fontsource-variable/geist', 'lucide-static'];
  const notices = packages.map((name) => [name, path.join(import.meta.dirname, 'node_modules', name, 'LICENSE')]);
  notices.push([scalar.package, path.join(import.meta.dirname, 'licences/scalar.txt')]);
  const text = notices.map(([name, file]) => `== ${name} ==\n\n${fs.readFileSync(file, 'utf8').trim()}\n`).join('\n');
  fs.writeFileSync(path.join(root, 'static/vendor/NOTICES.txt'), text);
}

function removeStale(entries) {
  const keep = new Set(['vendor.json', 'NOTICES.txt']);
  for (const { file } of entries) for (const suffix of ['', '.br', '.gz']) keep.add(path.basename(file) + suffix);
  for (const name of fs.readdirSync(path.join(root, 'static/vendor'))) {
    if (!keep.has(name)) fs.rmSync(path.join(root, 'static/vendor', name));
  }
}

const previous = fs.existsSync(manifestPath) ? JSON.parse(fs.readFileSync(manifestPath, 'utf8')) : [];
const old = previous.find((entry) => entry.file === named(scalar.to, scalar.version));
const entries = [...copies.map(copy), scalarIsCurrent(old) ? old : fetchScalar()];
fs.writeFileSync(manifestPath, JSON.stringify(entries, null, 2) + '\n');
writeNotices();
removeStale(entries);
