"""Makes the pictures that are transcoded: python inputs.py FOLDER [NAME…]

Each is computed from its own number: hills of noise from coarse to fine, discs with hard edges, stripes that come close to the finest
that a grid of pixels can hold, and what a sensor adds. The same versions of the packages give the same bytes. A file that is there is
left alone; each new one is told on stdout. With names, only those are made.
"""

import os
import struct
import sys
import zlib

import numpy
from PIL import Image

Image.MAX_IMAGE_PIXELS = None
STRIP = 4_000_000


class Scene:
    """A picture that can be asked for its rows, so that the largest does not have to fit into memory as numbers."""

    def __init__(self, width, height, number, grain=4.0, texture=1.0):
        self.width, self.height, self.grain = width, height, grain
        self.random = numpy.random.Generator(numpy.random.PCG64(number))
        self.layers = []
        spacing, strength = max(width, height) / 3, 36.0
        while 3 <= spacing:
            shape = (int(height / spacing) + 3, int(width / spacing) + 3)
            strong = strength * (texture if spacing < 50 else 1.0)
            self.layers.append((spacing, (self.random.standard_normal(shape) * strong).astype(numpy.float32), None))
            spacing, strength = spacing / 2.1, strength * 0.7
        for spacing, strength in ((max(width, height) / 4, 20.0), (max(width, height) / 30, 7.0)):
            for hue in ((0.9, -0.4, 0.1), (-0.2, -0.3, 1.0)):
                shape = (int(height / spacing) + 3, int(width / spacing) + 3)
                self.layers.append((spacing, (self.random.standard_normal(shape) * strength).astype(numpy.float32), hue))
        reach = max(width, height)
        self.discs = [
            (self.random.uniform(0, width), self.random.uniform(0, height), self.random.uniform(0.005, 0.04) * reach, self.random.uniform(-70, 70, 3))
            for _ in range(100)
        ]

    def rows(self, top, bottom):
        tall = numpy.arange(top, bottom, dtype=numpy.float32)
        wide = numpy.arange(self.width, dtype=numpy.float32)
        picture = numpy.empty((bottom - top, self.width, 3), numpy.float32)
        picture[:] = (120 + 40 * (0.5 - tall / self.height))[:, None, None]
        for spacing, grid, hue in self.layers:
            layer = between(grid, tall / spacing, wide / spacing)
            for channel in range(3):
                picture[..., channel] += layer if hue is None else layer * hue[channel]
        for x, y, radius, colour in self.discs:
            first, last = int(max(top, y - radius)), int(min(bottom, y + radius + 1))
            left, right = int(max(0, x - radius)), int(min(self.width, x + radius + 1))
            if first < last and left < right:
                far = numpy.hypot(tall[first - top : last - top, None] - y, wide[None, left:right] - x)
                picture[first - top : last - top, left:right] += (far < radius)[..., None] * colour
        # Rings that grow finer outwards, up to one pixel and the next: what is resized badly shows other rings here.
        x, y, radius = self.width * 0.2, self.height * 0.3, min(self.width, self.height) * 0.13
        first, last = int(max(top, y - radius)), int(min(bottom, y + radius))
        left, right = int(max(0, x - radius)), int(min(self.width, x + radius))
        if first < last and left < right:
            square = (tall[first - top : last - top, None] - y) ** 2 + (wide[None, left:right] - x) ** 2
            rings = 45 * numpy.cos(square * (numpy.pi / 2 / radius)) * (square < radius * radius)
            picture[first - top : last - top, left:right] += rings[..., None]
        if self.grain:
            picture += self.random.standard_normal((bottom - top, self.width, 1), dtype=numpy.float32) * self.grain
            picture += self.random.standard_normal(picture.shape, dtype=numpy.float32) * (self.grain / 2)
        return (numpy.clip(picture, 0, 255) + 0.5).astype(numpy.uint8)

    def all(self):
        step = max(1, STRIP // self.width)
        return numpy.concatenate([self.rows(top, min(self.height, top + step)) for top in range(0, self.height, step)])


def between(grid, tall, wide):
    """The grid's values at these places, smoothly from one to the next."""
    above, left = tall.astype(numpy.int32), wide.astype(numpy.int32)
    down, right = tall - above, wide - left
    down, right = (part * part * (3 - 2 * part) for part in (down, right))
    first, last = int(above[0]), int(above[-1]) + 2
    part = grid[first:last]
    across = part[:, left] * (1 - right) + part[:, left + 1] * right
    above = above - first
    return across[above] * (1 - down[:, None]) + across[above + 1] * down[:, None]


def jpeg(path, pixels, mode=None, **how):
    picture = Image.fromarray(pixels, mode) if mode else Image.fromarray(pixels)
    picture.save(path, "JPEG", **how)


PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


def png(path, pixels, interlaced=False):
    """Pillow writes neither colours of 16 bits nor interlaced files."""
    pixels = pixels if pixels.ndim == 3 else pixels[..., None]
    (height, width, channels), depth = pixels.shape, 8 * pixels.dtype.itemsize
    kind = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    step = channels * depth // 8
    squeezed = zlib.compressobj(6)
    with open(path, "wb") as file:

        def chunk(name, content):
            file.write(struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content)))

        file.write(b"\x89PNG\r\n\x1a\n")
        chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, int(interlaced)))
        waiting = bytearray()
        for part in [pixels[y::down, x::across] for x, y, across, down in PASSES] if interlaced else [pixels]:
            if not part.size:
                continue
            part = part.astype(f">u{part.dtype.itemsize}")
            before = None
            for top in range(0, part.shape[0], 512):
                rows = numpy.ascontiguousarray(part[top : top + 512]).view(numpy.uint8).reshape(-1, part.shape[1] * step)
                waiting += squeezed.compress(filtered(rows, before, step).tobytes())
                before = rows[-1]
                while 1 << 16 <= len(waiting):
                    chunk(b"IDAT", bytes(waiting[: 1 << 16]))
                    del waiting[: 1 << 16]
        chunk(b"IDAT", bytes(waiting) + squeezed.flush())
        chunk(b"IEND", b"")


def filtered(rows, before, step):
    """For each row, of the differences to its left, above and the better guess of both, those that are least."""
    above = numpy.concatenate([numpy.zeros_like(rows[:1]) if before is None else before[None], rows[:-1]])
    left, corner = numpy.zeros_like(rows), numpy.zeros_like(rows)
    left[:, step:], corner[:, step:] = rows[:, :-step], above[:, :-step]
    wide = [side.astype(numpy.int16) for side in (left, above, corner)]
    guess = wide[0] + wide[1] - wide[2]
    far = [abs(guess - side) for side in wide]
    paeth = numpy.where((far[0] <= far[1]) & (far[0] <= far[2]), left, numpy.where(far[1] <= far[2], above, corner))
    ways = {1: rows - left, 2: rows - above, 4: rows - paeth}
    costs = numpy.stack([numpy.minimum(way, 0 - way).astype(numpy.uint32).sum(axis=1) for way in ways.values()])
    best = costs.argmin(axis=0)
    out = numpy.empty((rows.shape[0], rows.shape[1] + 1), numpy.uint8)
    for index, (name, way) in enumerate(ways.items()):
        chosen = best == index
        out[chosen, 0], out[chosen, 1:] = name, way[chosen]
    return out


def display_p3():
    """A profile of the colours that telephones take pictures in."""

    def fixed(number):
        return struct.pack(">i", round(number * 65536))

    def place(numbers):
        return b"XYZ " + bytes(4) + b"".join(map(fixed, numbers))

    curve = b"para" + bytes(4) + struct.pack(">HH", 3, 0) + b"".join(map(fixed, (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)))
    words = "P3 for a bench".encode("utf-16-be")
    text = b"mluc" + bytes(4) + struct.pack(">II", 1, 12) + b"enUS" + struct.pack(">II", len(words), 28) + words
    white = (0.96420, 1.0, 0.82491)
    tags = {b"desc": text, b"cprt": text, b"wtpt": place(white), b"rTRC": curve, b"gTRC": curve, b"bTRC": curve}
    tags[b"rXYZ"] = place((0.51512, 0.24120, -0.00105))
    tags[b"gXYZ"] = place((0.29198, 0.69225, 0.04189))
    tags[b"bXYZ"] = place((0.15710, 0.06657, 0.78407))
    table, body, begin = struct.pack(">I", len(tags)), b"", 132 + 12 * len(tags)
    for name, content in tags.items():
        content += bytes(-len(content) % 4)
        table += name + struct.pack(">II", begin + len(body), len(content))
        body += content
    head = struct.pack(">I4sI4s4s4s6H4s", begin + len(body), b"none", 0x04000000, b"mntr", b"RGB ", b"XYZ ", 2024, 1, 1, 0, 0, 0, b"acsp")
    head += bytes(28) + b"".join(map(fixed, white))
    return head + bytes(128 - len(head)) + table + body


def deep(pixels, number):
    """16 bits of which the lower ones say something too."""
    more = numpy.random.Generator(numpy.random.PCG64(number)).integers(0, 256, pixels.shape, dtype=numpy.uint16)
    return (pixels.astype(numpy.uint16) << 8) | more


def see_through(pixels):
    """The same, transparent towards the corners."""
    tall, wide = (numpy.linspace(-1, 1, edge, dtype=numpy.float32) for edge in pixels.shape[:2])
    alpha = numpy.clip(255 * (1.4 - numpy.hypot(tall[:, None], wide[None])), 0, 255).astype(numpy.uint8)
    return numpy.dstack([pixels, alpha])


def inks(pixels):
    black = 255 - pixels.max(axis=2)
    return numpy.dstack([255 - pixels - black[..., None], black])


def turned(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif.tobytes()


INPUTS = {
    "jpeg-12mp.jpg": lambda path: jpeg(path, Scene(4000, 3000, 1).all(), quality=95, subsampling=2),
    "jpeg-50mp.jpg": lambda path: jpeg(path, Scene(8688, 5792, 2, grain=5.0).all(), quality=96, subsampling=2),
    "jpeg-100mb.jpg": lambda path: jpeg(path, Scene(10320, 7752, 3, grain=2.7, texture=0.7).all(), quality=100, subsampling=0),
    "jpeg-progressive-24mp.jpg": lambda path: jpeg(path, Scene(6000, 4000, 4).all(), quality=93, subsampling=2, progressive=True),
    "jpeg-progressive-57mp.jpg": lambda path: jpeg(path, Scene(8720, 6536, 12).all(), quality=93, subsampling=2, progressive=True),
    "jpeg-turned-12mp.jpg": lambda path: jpeg(path, Scene(4000, 3000, 1).all(), quality=95, subsampling=2, exif=turned(6)),
    "jpeg-p3-12mp.jpg": lambda path: jpeg(path, Scene(4000, 3000, 5).all(), quality=92, icc_profile=display_p3()),
    "jpeg-cmyk-12mp.jpg": lambda path: jpeg(path, inks(Scene(4000, 3000, 6).all()), mode="CMYK", quality=90),
    "png-12mp.png": lambda path: png(path, Scene(4000, 3000, 7).all()),
    "png-100mb.png": lambda path: png(path, Scene(7952, 5304, 8, grain=10.0).all()),
    "png-16bit-12mp.png": lambda path: png(path, deep(Scene(4000, 3000, 9).all(), 90)),
    "png-alpha-12mp.png": lambda path: png(path, see_through(Scene(4000, 3000, 10, grain=1.0).all())),
    "png-interlaced-12mp.png": lambda path: png(path, Scene(4000, 3000, 11, grain=2.0).all(), interlaced=True),
}


def main(folder, *names):
    for name in names or INPUTS:
        path, make = os.path.join(folder, name), INPUTS[name]
        if not os.path.exists(path):
            # Half a file would be measured the next time.
            make(path + ".draft")
            os.rename(path + ".draft", path)
            print(f"{name}: {os.path.getsize(path) / 1e6:.1f} MB", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
