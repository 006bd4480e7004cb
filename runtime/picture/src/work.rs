//! What a sample is while a picture is made smaller: a byte as it is shown, or light as it is measured.

use fast_image_resize::images::Image;
use fast_image_resize::pixels::{InnerPixel, U8, U8x3, U16, U16x3};
use fast_image_resize::{MappingError, PixelTrait, PixelType, create_srgb_mapper};

use super::{Refusal, TranscodeError};

/// Fills rows of bytes.
pub(super) type Read<'a> = &'a mut dyn FnMut(&mut [u8]) -> Result<(), TranscodeError>;

/// A kind of pixel that rows are resized as.
pub(super) trait Work: PixelTrait + InnerPixel {
    /// What it takes to come from bytes to these pixels, and back.
    type Way;

    fn way() -> Result<Self::Way, TranscodeError>;

    /// Fills `rows` by way of the bytes that `read` gives.
    fn load(way: &mut Self::Way, rows: &mut [Self], read: Read<'_>) -> Result<(), TranscodeError>;

    /// The rows as bytes.
    fn bytes<'a>(way: &'a mut Self::Way, rows: &'a [Self]) -> &'a [u8];
}

/// Bytes are resized as they are.
macro_rules! as_shown {
    ($($pixel:ty),*) => {$(
        impl Work for $pixel {
            type Way = ();

            fn way() -> Result<(), TranscodeError> {
                Ok(())
            }

            fn load((): &mut (), rows: &mut [Self], read: Read<'_>) -> Result<(), TranscodeError> {
                read(Self::components_mut(rows))
            }

            fn bytes<'a>((): &'a mut (), rows: &'a [Self]) -> &'a [u8] {
                Self::components(rows)
            }
        }
    )*};
}

as_shown!(U8, U8x3);

/// The way between bytes of sRGB and 16 bits of light: bytes of light would lose the dark tones.
pub(super) struct Light {
    /// Light, by its byte.
    forth: Vec<u16>,
    /// Bytes, by their light.
    back: Vec<u8>,
    shown: Vec<u8>,
}

impl Light {
    fn new() -> Result<Self, MappingError> {
        let mapper = create_srgb_mapper();
        // Every value once, through the resizer's own mapping.
        let mut bytes = Image::new(1 << 8, 1, PixelType::U8);
        bytes.buffer_mut().iter_mut().zip(0..=u8::MAX).for_each(|(byte, value)| *byte = value);
        let mut light = Image::new(1 << 8, 1, PixelType::U16);
        mapper.forward_map(&bytes, &mut light)?;
        let mut lights = Image::new(1 << 16, 1, PixelType::U16);
        lights.buffer_mut().as_chunks_mut::<2>().0.iter_mut().zip(0..=u16::MAX).for_each(|(pair, value)| *pair = value.to_ne_bytes());
        let mut shown = Image::new(1 << 16, 1, PixelType::U8);
        mapper.backward_map(&lights, &mut shown)?;
        let forth = light.buffer().as_chunks::<2>().0.iter().map(|&pair| u16::from_ne_bytes(pair)).collect();
        Ok(Self { forth, back: shown.buffer().to_vec(), shown: Vec::new() })
    }
}

macro_rules! as_light {
    ($($pixel:ty),*) => {$(
        impl Work for $pixel {
            type Way = Light;

            fn way() -> Result<Light, TranscodeError> {
                Ok(Light::new().map_err(Refusal::failed)?)
            }

            fn load(way: &mut Light, rows: &mut [Self], read: Read<'_>) -> Result<(), TranscodeError> {
                let rows = Self::components_mut(rows);
                way.shown.resize(rows.len(), 0);
                read(&mut way.shown)?;
                for (light, &byte) in rows.iter_mut().zip(&way.shown) {
                    *light = way.forth[usize::from(byte)];
                }
                Ok(())
            }

            fn bytes<'a>(way: &'a mut Light, rows: &'a [Self]) -> &'a [u8] {
                way.shown.clear();
                way.shown.extend(Self::components(rows).iter().map(|&light| way.back[usize::from(light)]));
                &way.shown
            }
        }
    )*};
}

as_light!(U16, U16x3);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_back_from_light_as_they_went() {
        let light = Light::new().unwrap();

        let there_and_back: Vec<_> = light.forth.iter().map(|&light_of| light.back[usize::from(light_of)]).collect();

        assert_eq!(there_and_back, (0..=255).collect::<Vec<u8>>(), "a picture that is not made smaller would change");
        assert_eq!(light.forth[188], 32_957, "half the light is byte 188, not byte 128");
    }
}
