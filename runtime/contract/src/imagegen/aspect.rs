//! The shapes that pictures are asked for in.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Width to height. The nine that Stability's models know; models that want pixels get the nearest size that they have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Aspect {
    /// As wide as high.
    #[default]
    #[serde(rename = "1:1")]
    Square,
    /// A television's.
    #[serde(rename = "16:9")]
    Wide,
    /// A telephone's, upright.
    #[serde(rename = "9:16")]
    Tall,
    /// A cinema's.
    #[serde(rename = "21:9")]
    Panorama,
    /// A cinema's, upright.
    #[serde(rename = "9:21")]
    Banner,
    /// A photograph's.
    #[serde(rename = "3:2")]
    Landscape,
    /// A photograph's, upright.
    #[serde(rename = "2:3")]
    Portrait,
    /// A sheet's, across.
    #[serde(rename = "5:4")]
    Sheet,
    /// A sheet's, upright.
    #[serde(rename = "4:5")]
    Page,
}

impl Aspect {
    /// All of them, as their words.
    pub const WORDS: &'static [&'static str] = &["1:1", "16:9", "9:16", "21:9", "9:21", "3:2", "2:3", "5:4", "4:5"];

    /// The word in requests and settings.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Square => "1:1",
            Self::Wide => "16:9",
            Self::Tall => "9:16",
            Self::Panorama => "21:9",
            Self::Banner => "9:21",
            Self::Landscape => "3:2",
            Self::Portrait => "2:3",
            Self::Sheet => "5:4",
            Self::Page => "4:5",
        }
    }

    /// The one of that word.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        let all =
            [Self::Square, Self::Wide, Self::Tall, Self::Panorama, Self::Banner, Self::Landscape, Self::Portrait, Self::Sheet, Self::Page];
        all.into_iter().find(|aspect| aspect.as_str() == word)
    }

    /// Width and height in pixels, for models that want them: about a megapixel, from the sizes that Titan Image Generator's
    /// documentation lists; each edge is a multiple of 16, as Nova Canvas wants it. 21:9 is the widest of them, 11:5.
    #[must_use]
    pub fn pixels(self) -> (u32, u32) {
        match self {
            Self::Square => (1_024, 1_024),
            Self::Wide => (1_408, 768),
            Self::Tall => (768, 1_408),
            Self::Panorama => (1_408, 640),
            Self::Banner => (640, 1_408),
            Self::Landscape => (1_152, 768),
            Self::Portrait => (768, 1_152),
            Self::Sheet => (1_152, 896),
            Self::Page => (896, 1_152),
        }
    }
}

impl fmt::Display for Aspect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_read_as_it_is_written() {
        for word in Aspect::WORDS {
            let aspect = Aspect::of(word).unwrap();

            assert_eq!(serde_json::to_value(aspect).unwrap(), *word, "the front door would write what the function cannot read");
        }
        assert_eq!(Aspect::of("4:3"), None);
    }

    #[test]
    fn pixels_are_about_as_wide_as_their_aspect_says() {
        for word in Aspect::WORDS {
            let (width, height) = word.split_once(':').unwrap();
            let asked = width.parse::<f64>().unwrap() / height.parse::<f64>().unwrap();

            let (width, height) = Aspect::of(word).unwrap().pixels();

            let drawn = f64::from(width) / f64::from(height);
            assert!((drawn / asked - 1.0).abs() < 0.07, "{word} would be drawn as {width}×{height}");
            assert_eq!((width % 16, height % 16), (0, 0), "{word}: Nova Canvas would refuse {width}×{height}");
        }
    }
}
