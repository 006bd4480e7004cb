"""Makes ten uploads, the last of them broken: python batch.py FOLDER

Photographs and screenshots in turn, each of its own size and larger than the largest proxy. What is broken is the worst kind: a JPEG that begins as it
should and ends in the middle. A file that is there is left alone.
"""

import os
import sys

from inputs import Scene, jpeg, png


def cut(path):
    jpeg(path, Scene(2700, 1800, 30).all(), quality=90)
    os.truncate(path, os.path.getsize(path) // 2)


def picture(path, number):
    pixels = Scene(2100 + 60 * number, 1500, 20 + number).all()
    if path.endswith(".png.draft"):
        png(path, pixels)
    else:
        jpeg(path, pixels, quality=90)


def main(folder):
    for number in range(10):
        broken = number == 9
        path = os.path.join(folder, "broken.jpg" if broken else f"{number}.{('jpg', 'png')[number % 2]}")
        if not os.path.exists(path):
            # Half a file would be sent the next time.
            cut(path + ".draft") if broken else picture(path + ".draft", number)
            os.rename(path + ".draft", path)


if __name__ == "__main__":
    main(*sys.argv[1:])
