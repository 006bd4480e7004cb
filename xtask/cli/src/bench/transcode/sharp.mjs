// What our picture pipeline is measured beside: sharp, in the ways that its documentation shows.
//
//   node sharp.mjs clone FILE PREFIX       one input, clone() for each size, both at once
//   node sharp.mjs cascade FILE PREFIX     the smaller proxy made from the pixels of the larger one
//   node sharp.mjs many FILE THREADS TIMES the cascade over and over in a warm process; says files a second
import sharp from 'sharp';

const [way, file, third, fourth] = process.argv.slice(2);
const box = (edge) => ({ width: edge, height: edge, fit: 'inside', withoutEnlargement: true });
const quality = { quality: 80 };
const white = { background: '#ffffff' };
sharp.cache(false);

async function clones(large, small) {
  const picture = sharp(file).autoOrient().flatten(white);
  await Promise.all([
    picture.clone().resize(box(2048)).jpeg(quality).toFile(large),
    picture.clone().resize(box(1024)).jpeg(quality).toFile(small),
  ]);
}

async function cascade(write) {
  const { data, info } = await sharp(file).autoOrient().resize(box(2048)).flatten(white).toColourspace('srgb').raw()
    .toBuffer({ resolveWithObject: true });
  const raw = { raw: { width: info.width, height: info.height, channels: info.channels } };
  await write(2048, sharp(data, raw).jpeg(quality));
  await write(1024, sharp(data, raw).resize(box(1024)).jpeg(quality));
}

const name = (edge) => `${third}-${edge}.jpg`;
if (way === 'clone') {
  await clones(name(2048), name(1024));
} else if (way === 'cascade') {
  await cascade((edge, picture) => picture.toFile(name(edge)));
} else {
  const [threads, times] = [Number(third), Number(fourth)];
  sharp.concurrency(1);
  let left = times;
  const work = async () => {
    while (0 < left--) await cascade((_, picture) => picture.toBuffer());
  };
  await cascade((_, picture) => picture.toBuffer());
  const began = performance.now();
  await Promise.all(Array.from({ length: threads }, work));
  console.log(JSON.stringify({ files_per_second: (1000 * times) / (performance.now() - began) }));
}
