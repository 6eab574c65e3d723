"""An uploaded picture becomes a small WebP without metadata, or it is refused."""

import io

import pytest
from PIL import Image

from chat.services.custom_emoji import pictures
from tests.chat.helpers import assert_refused

pytestmark = pytest.mark.no_database


def save(*frames, form="PNG", **options):
    content = io.BytesIO()
    more = {"save_all": True, "append_images": frames[1:]} if len(frames) > 1 else {}
    frames[0].save(content, form, **more, **options)
    return content.getvalue()


def plain(size=(300, 200), colour="teal"):
    return Image.new("RGB", size, colour)


def noise(size, seed):
    return Image.effect_noise(size, 90 + seed).convert("RGB")


def read(webp):
    return Image.open(io.BytesIO(webp))


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "GIF"])
def test_each_format_becomes_a_small_webp(form):
    image = read(pictures.make_picture(save(plain(), form=form)))
    assert image.format == "WEBP" and image.size == (128, 85) and getattr(image, "n_frames", 1) == 1


def test_a_small_picture_keeps_its_size_and_its_transparency():
    image = read(pictures.make_picture(save(Image.new("RGBA", (20, 30), (0, 0, 0, 0)))))
    assert image.size == (20, 30) and image.convert("RGBA").getpixel((5, 5))[3] == 0


def test_metadata_is_dropped():
    exif = Image.Exif()
    exif[0x010E] = "secret place"
    webp = pictures.make_picture(save(plain(), form="JPEG", exif=exif))
    assert b"secret" not in webp


@pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG"])
def test_an_animation_still_moves_and_ends(form):
    frames = [plain(colour=colour) for colour in ("red", "green", "blue")]
    image = read(pictures.make_picture(save(*frames, form=form, duration=200)))
    assert image.n_frames == 3 and image.info["loop"] == pictures.PLAY_MS // 600


def test_an_animation_is_encoded_smaller_until_it_fits(monkeypatch):
    monkeypatch.setattr(pictures, "MAX_BYTES", 20_000)
    content = save(*(noise((128, 128), seed) for seed in range(6)), form="GIF")
    webp = pictures.make_picture(content)
    assert len(webp) <= 20_000 and read(webp).size == (64, 64)
    monkeypatch.setattr(pictures, "MAX_BYTES", 500)
    assert_refused("too_large", pictures.make_picture, content)


def test_a_large_file_a_bomb_and_a_long_animation_are_refused(monkeypatch):
    assert_refused("too_large", pictures.make_picture, b"x" * (pictures.MAX_UPLOAD + 1))
    assert_refused("too_large", pictures.make_picture, save(plain((6000, 6000))))
    monkeypatch.setattr(pictures, "MAX_FRAMES", 2)
    frames = [plain(colour=colour) for colour in ("red", "green", "blue")]
    assert_refused("too_large", pictures.make_picture, save(*frames, form="GIF"))


@pytest.mark.parametrize("content", [b"", b"<svg/>", save(plain())[:60], b"GIF89a", b"RIFF\0\0\0\0WEBP"])
def test_another_file_is_refused(content):
    assert_refused("invalid_field", pictures.make_picture, content)
