//! JPEG in and out.

mod cmyk;
mod header;
mod scan;

use contract::images::Limits;
use jpeg_decoder::{ColorTransform, Error, PixelFormat};
use jpeg_encoder::{ChromaSubsamplingMethod, ColorType, Encoder, SamplingFactor};

use super::{
    Reason, Refusal,
    pixels::{Channels, Decoded, Pixels, check_size},
};
use header::{Header, Model};

/// Decodes a file whose header is within limits.
pub(super) fn decode(file: &[u8], limits: &Limits) -> Result<Decoded, Refusal> {
    let header = Header::read(file)?;
    check_size(header.width.into(), header.height.into(), header.decoded_bytes(), limits)?;
    header.check_decodable()?;

    let mut decoder = jpeg_decoder::Decoder::new(file);
    // Decided by ourselves, as most viewers do: the decoder would take component numbers for more reliable than Adobe's own mark.
    decoder.set_color_transform(match header.model {
        Model::Grey => ColorTransform::Grayscale,
        Model::YCbCr => ColorTransform::YCbCr,
        Model::Rgb => ColorTransform::RGB,
        Model::Cmyk => ColorTransform::CMYK,
        Model::Ycck => ColorTransform::YCCK,
    });
    let mut samples = decoder.decode().map_err(refusal)?;
    let info = decoder.info().ok_or_else(|| Refusal::corrupt("the JPEG has no picture"))?;
    if (info.width, info.height) != (header.width, header.height) {
        return Err(Refusal::corrupt("the JPEG has two different sizes"));
    }
    let mut icc_profile = decoder.icc_profile();
    let channels = match info.pixel_format {
        PixelFormat::L8 => Channels::Grey,
        PixelFormat::RGB24 => Channels::Rgb,
        PixelFormat::CMYK32 => {
            cmyk::convert_to_rgb(&mut samples, header.has_adobe_mark);
            // It describes inks, and these are gone.
            icc_profile = None;
            Channels::Rgb
        }
        PixelFormat::L16 => return Err(Refusal::unsupported("the JPEG has 16 bits a sample, 8 are supported")),
    };
    let pixels = Pixels { width: header.width.into(), height: header.height.into(), channels, samples };
    Ok(Decoded { pixels, orientation: header.orientation, icc_profile })
}

fn refusal(error: Error) -> Refusal {
    match error {
        Error::Io(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            Refusal::truncated("the JPEG ends before its picture does")
        }
        Error::Unsupported(feature) => Refusal::unsupported(format!("the JPEG uses {feature:?}")),
        error @ (Error::Format(_) | Error::Io(_) | Error::Internal(_)) => Refusal::corrupt(format!("the JPEG is damaged: {error}")),
    }
}

/// Encodes a proxy: baseline in one interleaved scan, which every viewer reads, and nothing in it but the picture.
pub(super) fn encode(pixels: &Pixels, quality: u8) -> Result<Vec<u8>, Refusal> {
    let failed = |detail: String| Refusal::new(Reason::DecoderFailed, detail);
    let edge = |edge: u32| u16::try_from(edge).map_err(|_| failed(format!("a proxy of {edge} pixels is too long for a JPEG")));
    let kind = match pixels.channels {
        Channels::Grey => ColorType::Luma,
        Channels::Rgb => ColorType::Rgb,
    };
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, quality);
    encoder.set_sampling_factor(SamplingFactor::F_2_2);
    // The usual method would take one chroma sample of four, which shows at sharp coloured edges.
    encoder.set_chroma_subsampling_method(ChromaSubsamplingMethod::Average);
    encoder
        .encode(&pixels.samples, edge(pixels.width)?, edge(pixels.height)?, kind)
        .map_err(|error| failed(format!("encoding failed: {error}")))?;
    Ok(file)
}
