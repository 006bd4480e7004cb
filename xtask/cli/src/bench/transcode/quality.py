"""Says how near JPEGs are to what their source looks like at their size: python quality.py SOURCE JPEG…

What they are held against is the source decoded in full, upright, on white where it is transparent, in sRGB, made smaller in floating point
with Lanczos and never rounded. For each, one line of JSON on stdout: width, height, those of the source, bytes, the structural similarity of its luma
(SSIM, Gauss of 1.5 pixels) and the peak signal-to-noise ratio of its colours, in decibels.
"""

import io
import json
import os
import sys

import numpy
from PIL import Image, ImageCms, ImageOps

Image.MAX_IMAGE_PIXELS = None
LUMA = numpy.array([0.299, 0.587, 0.114], numpy.float32)


def whole(path):
    picture = Image.open(path)
    profile = picture.info.get("icc_profile")
    picture = ImageOps.exif_transpose(picture)
    if picture.mode in ("RGBA", "LA") or "transparency" in picture.info:
        samples = numpy.asarray(picture.convert("RGBA"), numpy.float32)
        alpha = samples[..., 3:] / 255
        return samples[..., :3] * alpha + 255 * (1 - alpha)
    if picture.mode == "RGB" and profile:
        to = ImageCms.createProfile("sRGB")
        picture = ImageCms.profileToProfile(picture, ImageCms.ImageCmsProfile(io.BytesIO(profile)), to)
    return numpy.asarray(picture.convert("RGB"))


def smaller(samples, size):
    channels = [Image.fromarray(samples[..., channel].astype(numpy.float32)) for channel in range(3)]
    made = [numpy.asarray(channel.resize(size, Image.Resampling.LANCZOS)) for channel in channels]
    return numpy.clip(numpy.stack(made, axis=2), 0, 255)


def blurred(plane):
    reach = numpy.arange(-5, 6)
    weights = numpy.exp(-(reach**2) / (2 * 1.5**2)).astype(numpy.float32)
    weights /= weights.sum()
    for axis in (0, 1):
        room = [(5, 5) if side == axis else (0, 0) for side in (0, 1)]
        padded = numpy.pad(plane, room, mode="edge")
        length = plane.shape[axis]
        plane = sum(weight * numpy.take(padded, range(at, at + length), axis=axis) for at, weight in enumerate(weights))
    return plane


def similarity(one, other):
    first, second = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    mean_one, mean_other = blurred(one), blurred(other)
    spread_one, spread_other = blurred(one * one) - mean_one**2, blurred(other * other) - mean_other**2
    together = blurred(one * other) - mean_one * mean_other
    above = (2 * mean_one * mean_other + first) * (2 * together + second)
    below = (mean_one**2 + mean_other**2 + first) * (spread_one + spread_other + second)
    return float((above / below).mean())


def main(source, *results):
    samples, references = whole(source), {}
    for path in results:
        picture = Image.open(path)
        if picture.size not in references:
            references[picture.size] = smaller(samples, picture.size)
        reference, made = references[picture.size], numpy.asarray(picture.convert("RGB"), numpy.float32)
        error = float(((made - reference) ** 2).mean())
        noise = 10 * numpy.log10(255**2 / error) if error else 99.0
        said = {"width": picture.size[0], "height": picture.size[1], "bytes": os.path.getsize(path)}
        said.update(source_width=samples.shape[1], source_height=samples.shape[0])
        said.update(ssim=similarity(made @ LUMA, reference @ LUMA), psnr=float(noise))
        print(json.dumps(said), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
